"""Ballots are settled: once the prices of a horizon's last session are known, so is what they were worth."""

from datetime import date, datetime

from core.domain.ballot import Ballot
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.season import Season
from core.market.calendar import Session, Sessions
from core.pipeline.history import History
from core.pipeline.outcomes import Span, same_span, span
from core.store.locked_books import LockedBooks
from core.store.season_rows import SETTLED_WITHIN

Run = tuple[str, str, datetime]
"""A run's id, ticker and as_of."""


async def settle_ballots(books: LockedBooks, history: History, session: Session, benchmark: str) -> None:
    """Settle every ballot whose horizon ended at or before this session's close, at each horizon."""
    for horizon in HORIZONS:
        runs = await books.sessions.unsettled(horizon, session.closes - SETTLED_WITHIN)
        spans = {
            run: found
            for run in runs
            if (found := _due(history, run, horizon, session)) and found.closes <= session.closes
        }
        if not spans:
            continue
        by_id = {run[0]: run for run in spans}
        ballots = await books.sessions.ballots(list(by_id))
        outcomes = [
            _outcome(books.season, by_id[run_id], ballot, horizon, spans[by_id[run_id]], history, benchmark)
            for run_id, ballot in ballots
        ]
        await books.sessions.settle(outcomes)


def _due(history: History, run: Run, horizon: int, session: Session) -> Span | None:
    _, ticker, as_of = run
    decided = last_opened(history.sessions(ticker), as_of)
    last = decided
    for _ in range(horizon):
        last = history.sessions(ticker).after(last).day
    if history.sessions(ticker).closing(last) > session.closes:
        return None
    return span(history, ticker, decided, horizon)


def last_opened(sessions: Sessions, at: datetime) -> date:
    """Return the last session that had opened at `at`."""
    day = sessions.last_closed(at).day
    while (following := sessions.after(day)).opens <= at:
        day = following.day
    return day


def _outcome(
    season: Season, run: Run, ballot: Ballot, horizon: int, found: Span, history: History, benchmark: str
) -> Outcome:
    run_id, ticker, as_of = run
    return Outcome(
        season=season,
        run_id=run_id,
        member=ballot.member,
        ticker=ticker,
        horizon=horizon,
        action=ballot.action,
        confidence=ballot.confidence,
        decided_at=as_of,
        entry_session=found.entry_session,
        exit_session=found.exit_session,
        entry_price=found.entry_price,
        exit_price=found.exit_price,
        return_ratio=found.return_ratio,
        benchmark_return=same_span(history, benchmark, found.entry_session, found.exit_session),
        settled_at=found.closes,
    )
