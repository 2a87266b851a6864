"""Which prices of a session may still come, so that the books wait for them. Pure.

A bar that is missing may mean two things: the vendor has not got it yet, or there was no trade. The vendor is
taken for late while it has no bar of that session for any other instrument of the same exchange either; and
not for ever: an instrument that has been without prices for more than `PATIENCE_SESSIONS` holds up nobody.
"""

from collections.abc import Mapping
from datetime import date, datetime

from core.market.calendar import Session
from core.pipeline.history import History
from core.store.season_rows import SeasonState

PATIENCE_SESSIONS = 3
"""How many sessions the books lag behind at most for prices that do not come."""


def late_tickers(state: SeasonState, history: History, step: Session) -> frozenset[str]:
    """Return the tickers whose price of `step` may still come: held, ordered, or the benchmark."""
    newest = {ticker: moves.newest for ticker, moves in history.bars.items() if moves}
    known = _known(state, history) | newest
    if state.benchmark in history.failed and (state.last is None or state.last.benchmark is not None):
        since = state.last.closed_at if state.last else state.opened_at
        known.setdefault(state.benchmark, history.sessions(state.benchmark).last_closed(since).day)
    concerned = (state.held | state.waiting | {state.benchmark}) & history.sources.keys() & known.keys()
    return frozenset(
        ticker
        for ticker in concerned
        if 1 <= _missed(ticker, known[ticker], step.closes, history) <= PATIENCE_SESSIONS
        and (ticker in history.failed or not _others_have(ticker, step, history, newest))
    )


def failed_lately(state: SeasonState, history: History, moment: datetime) -> frozenset[str]:
    """Return what the books hold or have ordered, and whose vendor failed, but has not done so for long."""
    known = _known(state, history)
    concerned = (state.held | state.waiting) & history.failed & known.keys()
    return frozenset(
        ticker for ticker in concerned if _missed(ticker, known[ticker], moment, history) <= PATIENCE_SESSIONS
    )


def _known(state: SeasonState, history: History) -> dict[str, date]:
    """Return the newest session of each ticker whose close is known to the books."""
    return {ticker: history.sessions(ticker).last_closed(at).day for ticker, at in state.marked.items()}


def _missed(ticker: str, newest: date, moment: datetime, history: History) -> int:
    """Return how many of a ticker's sessions later than `newest` had closed at `moment`."""
    return history.sessions(ticker).age(newest, moment)


def _others_have(ticker: str, step: Session, history: History, newest: Mapping[str, date]) -> bool:
    """Say whether the ticker's vendor has bars of `step` for others of the same exchange."""
    sessions = history.sessions(ticker)
    wanted = sessions.last_closed(step.closes).day
    return any(
        day >= wanted
        for other, day in newest.items()
        if other != ticker
        and history.sources[other] == history.sources[ticker]
        and history.sessions(other) is sessions
    )
