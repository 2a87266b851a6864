"""What holdings are worth at their marks, and how members rank."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.domain.bars import Mark
from core.domain.books import Account, Holding, Leaderboard, Portfolio, Position, Standing
from core.domain.season import Season
from core.domain.values import to_cents, to_ratio
from core.ledger.places import in_order


def holdings(
    portfolio: Portfolio, marks: Mapping[str, Mark], oldest: date | None = None
) -> tuple[Holding, ...]:
    """Value each position at its mark, to the cent.

    A position without a mark, or with one from before `oldest`, has no value and says why: never 0.
    """
    valued = []
    for position in portfolio.positions:
        mark = marks.get(position.ticker)
        reason = _unpriced(position, mark, oldest)
        value = None if reason or mark is None else to_cents(position.shares * mark.price)
        valued.append(Holding(position=position, mark=mark, value_usd=value, unpriced=reason))
    return tuple(valued)


def _unpriced(position: Position, mark: Mark | None, oldest: date | None) -> str | None:
    """Say why a position has no value, or None where its mark gives it one."""
    if mark is None:
        return f"{position.ticker} cannot be priced"
    if oldest is not None and mark.at.date() < oldest:
        return f"{position.ticker} cannot be priced since {mark.at.date().isoformat()}"
    return None


def equity(portfolio: Portfolio, valued: Sequence[Holding]) -> Decimal | None:
    """Return cash plus the value of all holdings in USD, or None when one of them has no price."""
    total = portfolio.cash_usd
    for holding in valued:
        if holding.value_usd is None:
            return None
        total += holding.value_usd
    return total


class Worth(NamedTuple):
    """What a portfolio is worth in USD, None with the reasons where it cannot be valued.

    `marked` are the days of the marks that there are.
    """

    value_usd: Decimal | None
    unpriced: tuple[str, ...]
    marked: frozenset[date]


def worth(portfolio: Portfolio, marks: Mapping[str, Mark], oldest: date | None = None) -> Worth:
    """Return what `equity` makes of `holdings`, without the holdings: a ranking has thousands of them."""
    total, reasons = portfolio.cash_usd, []
    marked = set()
    for position in portfolio.positions:
        mark = marks.get(position.ticker)
        reason = _unpriced(position, mark, oldest)
        if mark is not None:
            marked.add(mark.at.date())
        if reason is not None:
            reasons.append(reason)
        elif mark is not None:
            total += to_cents(position.shares * mark.price)
    return Worth(None if reasons else total, tuple(reasons), frozenset(marked))


def leaderboard(
    season: Season,
    initial_cash_usd: Decimal,
    accounts: Sequence[Account],
    marks: Mapping[str, Mark],
    token_costs: Mapping[str, Decimal],
    *,
    oldest: date | None = None,
    caveat: str | None = None,
) -> Leaderboard:
    """Rank accounts by value at the marks; `core.ledger.ranking` ranks them by anything else.

    Members that cannot be valued come last, unranked.
    """
    standings = []
    used: set[date] = set()
    for account in accounts:
        value, unpriced, marked = worth(account.portfolio, marks, oldest)
        used |= marked
        pnl = None if value is None else value - account.deposits_usd
        standings.append(
            Standing(
                rank=0,
                medal="",
                member=account.member,
                kind=account.kind,
                value_usd=value,
                pnl_usd=pnl,
                return_ratio=None if pnl is None else to_ratio(pnl / account.deposits_usd),
                trades=account.trades,
                win_rate=to_ratio(Decimal(account.wins) / account.closed_trades)
                if account.closed_trades
                else None,
                closed_trades=account.closed_trades,
                cash_usd=account.portfolio.cash_usd,
                token_cost_usd=token_costs.get(account.member, Decimal(0)),
                unpriced=unpriced,
            )
        )
    traded = {account.member for account in accounts if account.trades}
    return Leaderboard(
        season=season,
        initial_cash_usd=initial_cash_usd,
        standings=in_order(standings, {one.member: one.value_usd for one in standings}, traded),
        marks_from=min(used, default=None),
        marks_to=max(used, default=None),
        caveat=caveat,
    )
