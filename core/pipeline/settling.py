"""Ballots are settled: once the prices of a horizon's last session are known, so is what they were worth."""

from collections.abc import Mapping
from datetime import datetime
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


class Known(NamedTuple):
    """What became of a run's ticker, and when that was known (UTC)."""

    span: Span
    at: datetime


async def settle_ballots(books: LockedBooks, history: History, session: Session, benchmark: str) -> None:
    """Settle every ballot whose horizon ended at or before the close of `session`, at each horizon."""
    for horizon in HORIZONS:
        over = _over(history, horizon, session)
        if not over:
            continue
        runs = await books.sessions.unsettled(horizon, session.closes - SETTLED_WITHIN, max(over.values()))
        found = {
            run[0]: (run, known) for run in runs if (known := _known(history, run, horizon, session, over))
        }
        if not found:
            continue
        # Of the runs of one moment and market the benchmark did the same.
        times = {(known.span.opens, known.span.closes): known.span for _, known in found.values()}
        beside = {time: same_time(history, benchmark, one) for time, one in times.items()}
        outcomes = []
        for run_id, ballot in await books.sessions.ballots(list(found)):
            run, known = found[run_id]
            benchmark_return = beside[known.span.opens, known.span.closes]
            outcomes.append(_outcome(books.season, run, known, ballot, horizon, benchmark_return))
        await books.sessions.settle(outcomes)


def _over(history: History, horizon: int, session: Session) -> dict[Sessions, datetime]:
    """Return by market the open before which a ballot must be cast for its horizon to be over (UTC)."""
    markets = {history.sessions(ticker) for ticker in history.sources}
    return {
        market: market.back(market.last_closed(session.closes).day, horizon - 1).opens for market in markets
    }


def _known(
    history: History, run: Run, horizon: int, session: Session, over: Mapping[Sessions, datetime]
) -> Known | None:
    """Return what became of a run's ticker, or None while that is not known."""
    _, ticker, as_of = run
    sessions = history.sessions(ticker)
    if sessions not in over or as_of >= over[sessions]:
        return None
    decided = sessions.last_opened(as_of).day
    last = sessions.after(decided, horizon).day
    found = span(history, ticker, decided, horizon)
    if found is None or found.exit_session == last:
        return found and Known(found, found.closes)
    # The last close is missing: the vendor may be late with it, unless it has later ones.
    silent = len(sessions.between(last, session.day)) < _WAITED_SESSIONS
    return None if silent and not history.first_after(ticker, last) else Known(found, session.closes)


def _outcome(
    season: Season, run: Run, known: Known, ballot: Ballot, horizon: int, benchmark_return: Decimal | None
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
        entry_session=known.span.entry_session,
        exit_session=known.span.exit_session,
        entry_price=known.span.entry_price,
        exit_price=known.span.exit_price,
        return_ratio=known.span.return_ratio,
        benchmark_return=benchmark_return,
        settled_at=known.at,
    )
