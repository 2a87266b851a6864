"""Which prices of a session may still come, so that the books wait for them. Pure.

A bar that is missing may mean two things: the vendor has not got it yet, or there was no trade. The vendor is
taken for late while it has no bar of that session for any other instrument of the same exchange either; and
not for ever: an instrument that has been without prices for more than `PATIENCE_SESSIONS` holds up nobody.
"""

from datetime import date, timedelta

from core.market.calendar import Session
from core.pipeline.history import History
from core.store.season_rows import SeasonState

PATIENCE_SESSIONS = 3
"""How many sessions the books lag behind at most for prices that do not come."""


def late_tickers(state: SeasonState, history: History, step: Session) -> frozenset[str]:
    """Return the tickers whose price of `step` may still come: held, ordered, or the benchmark."""
    newest = {ticker: moves[-1].bar.date for ticker, moves in history.bars.items() if moves}
    marked = {ticker: history.sessions(ticker).last_closed(at).day for ticker, at in state.marked.items()}
    known = marked | newest
    if state.last and state.last.benchmark is not None:
        known.setdefault(state.benchmark, state.last.session)
    concerned = (state.held | state.waiting | {state.benchmark}) & history.sources.keys() & known.keys()
    return frozenset(
        ticker
        for ticker in concerned
        if _may_come(ticker, known[ticker], step, history)
        and (ticker in history.failed or not _others_have(ticker, step, history, newest))
    )


def _may_come(ticker: str, newest: date, step: Session, history: History) -> bool:
    sessions = history.sessions(ticker)
    wanted = sessions.last_closed(step.closes).day
    return 1 <= len(sessions.between(newest + timedelta(days=1), wanted)) <= PATIENCE_SESSIONS


def _others_have(ticker: str, step: Session, history: History, newest: dict[str, date]) -> bool:
    """Say whether the ticker's vendor has bars of this session for others of the same exchange."""
    sessions = history.sessions(ticker)
    wanted = sessions.last_closed(step.closes).day
    return any(
        day >= wanted
        for other, day in newest.items()
        if other != ticker
        and history.sources[other] == history.sources[ticker]
        and history.sessions(other) is sessions
    )
