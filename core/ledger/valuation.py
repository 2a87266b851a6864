"""What holdings are worth at their marks, and how members rank."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from core.domain.bars import Mark
from core.domain.books import Account, Holding, Leaderboard, Portfolio, Standing
from core.domain.season import Season
from core.domain.values import to_cents, to_ratio

MEDALS = {1: "🥇", 2: "🥈", 3: "🥉"}


def holdings(
    portfolio: Portfolio, marks: Mapping[str, Mark], oldest: date | None = None
) -> tuple[Holding, ...]:
    """Value each position at its mark, to the cent.

    A position without a mark, or with one from before `oldest`, has no value and says why: never 0.
    """
    valued = []
    for position in portfolio.positions:
        mark = marks.get(position.ticker)
        if mark is None:
            valued.append(Holding(position=position, unpriced=f"{position.ticker} cannot be priced"))
        elif oldest is not None and mark.at.date() < oldest:
            reason = f"{position.ticker} cannot be priced since {mark.at.date().isoformat()}"
            valued.append(Holding(position=position, mark=mark, unpriced=reason))
        else:
            value = to_cents(position.shares * mark.price)
            valued.append(Holding(position=position, mark=mark, value_usd=value))
    return tuple(valued)


def equity(portfolio: Portfolio, valued: Sequence[Holding]) -> Decimal | None:
    """Return cash plus the value of all holdings in USD, or None when one of them has no price."""
    total = portfolio.cash_usd
    for holding in valued:
        if holding.value_usd is None:
            return None
        total += holding.value_usd
    return total


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
    """Rank accounts by value; equal values share a rank.

    Members that cannot be valued come last, unranked. Medals go to members that have traded: who never did
    has won nothing.
    """
    rows = []
    used: list[date] = []
    for account in accounts:
        valued = holdings(account.portfolio, marks, oldest)
        used += [holding.mark.at.date() for holding in valued if holding.mark]
        rows.append((account, equity(account.portfolio, valued), valued))
    rows.sort(key=lambda row: (row[1] is None, -(row[1] or 0), row[0].member))
    values = [row[1] for row in rows]
    standings = []
    for account, value, valued in rows:
        rank = 1 + sum(1 for other in values if other is not None and value is not None and other > value)
        pnl = None if value is None else value - account.deposits_usd
        standings.append(
            Standing(
                rank=rank if value is not None else 0,
                medal=MEDALS.get(rank, "") if value is not None and account.trades else "",
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
                unpriced=tuple(holding.unpriced for holding in valued if holding.unpriced),
            )
        )
    return Leaderboard(
        season=season,
        initial_cash_usd=initial_cash_usd,
        standings=tuple(standings),
        marks_from=min(used, default=None),
        marks_to=max(used, default=None),
        caveat=caveat,
    )
