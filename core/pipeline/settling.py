"""Ballots are settled: once the prices of a horizon's last session are known, so is what they were worth."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from core.domain.ballot import Ballot
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.season import Season
from core.market.calendar import Session, Sessions
from core.pipeline.history import History
from core.pipeline.outcomes import Span, same_time, span
from core.store.locked_books import LockedBooks
from core.store.season_rows import SETTLED_WITHIN

_WAITED_SESSIONS = 5
"""Sessions of an instrument after which a close that is still missing is taken for one that never was."""

Run = tuple[str, str, datetime]
"""A run's id, ticker and as_of."""


class Due(NamedTuple):
    """What became of a run's ticker, and when that was known (UTC)."""

    span: Span
    known_at: datetime


Ends = dict[tuple[Sessions, datetime], tuple[date, date]]
"""By market and moment: the last session that had opened then, and the last one of the horizon."""


async def settle_ballots(books: LockedBooks, history: History, session: Session, benchmark: str) -> None:
    """Settle every ballot whose horizon ended at or before the close of `session`, at each horizon."""
    for horizon in HORIZONS:
        runs = await books.sessions.unsettled(horizon, session.closes - SETTLED_WITHIN)
        ends: Ends = {}
        found = {run[0]: (run, due) for run in runs if (due := _due(history, run, horizon, session, ends))}
        if not found:
            continue
        # Of the runs of one ticker and moment the benchmark did the same.
        beside = {due.span: same_time(history, benchmark, due.span) for _, due in found.values()}
        outcomes = [
            _outcome(books.season, *found[run_id], ballot, horizon, beside[found[run_id][1].span])
            for run_id, ballot in await books.sessions.ballots(list(found))
        ]
        await books.sessions.settle(outcomes)


def _due(history: History, run: Run, horizon: int, session: Session, ends: Ends) -> Due | None:
    """Return what became of a run's ticker, or None while that is not known."""
    _, ticker, as_of = run
    sessions = history.sessions(ticker)
    if (sessions, as_of) not in ends:
        last = decided = sessions.last_opened(as_of).day
        for _ in range(horizon):
            last = sessions.after(last).day
        ends[sessions, as_of] = decided, last
    decided, last = ends[sessions, as_of]
    if sessions.closing(last) > session.closes:
        return None
    found = span(history, ticker, decided, horizon)
    if found is None or found.exit_session == last:
        return found and Due(found, found.closes)
    # The last close is missing: the vendor may be late with it, unless it has later ones.
    silent = len(sessions.between(last, session.day)) < _WAITED_SESSIONS
    return None if silent and not history.first_after(ticker, last) else Due(found, session.closes)


def _outcome(
    season: Season, run: Run, due: Due, ballot: Ballot, horizon: int, benchmark_return: Decimal | None
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
        entry_session=due.span.entry_session,
        exit_session=due.span.exit_session,
        entry_price=due.span.entry_price,
        exit_price=due.span.exit_price,
        return_ratio=due.span.return_ratio,
        benchmark_return=benchmark_return,
        settled_at=due.known_at,
    )
