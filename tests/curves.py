"""Daily values for tests: made from amounts, one session a calendar day."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from core.config.settings import Scores
from core.domain.scores import BallotTotals, DailyValue, Scorecard, TradeTotals
from core.domain.season import Season
from core.ledger.scores.curve import Closes, Curve
from core.ledger.scores.scorecard import scorecard

FIRST = date(2024, 1, 2)
CASH = Decimal("10000.00")
NO_TRADES, NO_BALLOTS = TradeTotals(), BallotTotals()
EAGER = Scores(min_days=2, min_trades=1, min_settled=1)
"""Rules under which a figure shows as soon as its formula has a meaning."""


def day(number: int) -> date:
    """The session by its number; 0 is the first."""
    return FIRST + timedelta(days=number)


def daily(number: int, value: Decimal | int | str | None, **more: Decimal | int | str) -> DailyValue:
    amounts = {
        name: Decimal(more.get(name, 0))
        for name in ("cash_usd", "long_usd", "short_usd", "traded_usd", "token_cost_usd")
    }
    return DailyValue(day(number), None if value is None else Decimal(value), **amounts)


def values_of(amounts: Sequence[Decimal | int | str | None]) -> list[DailyValue]:
    return [daily(number, amount) for number, amount in enumerate(amounts)]


def curve_of(*amounts: Decimal | int | str | None, cash: Decimal | int | str = CASH) -> Curve:
    return Curve.of(values_of(amounts), Decimal(cash))


def closes_of(amounts: Sequence[Decimal | int | str], begin: int = -1) -> Closes:
    """A benchmark's closes; the first stands on the day before the first session."""
    return Closes.of({day(begin + number): Decimal(amount) for number, amount in enumerate(amounts)})


def card_of(
    curve: Curve,
    *,
    trades: TradeTotals = NO_TRADES,
    ballots: BallotTotals = NO_BALLOTS,
    benchmark: Closes | None = None,
    rules: Scores = EAGER,
    first: date | None = None,
) -> Scorecard:
    return scorecard(Season.LIVE, "claude", "llm", curve, trades, ballots, benchmark, rules, first=first)
