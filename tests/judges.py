"""A made-up market and judges with a known skill, for tests of what is learned from settled ballots.

Each week every judge casts one ballot on each ticker, at the close of Friday; it is settled at the close of
the next Friday. Nothing overlaps, and every direction is as likely as the other.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from core.domain.ballot import Action, Ballot, Rating, RiskLevel
from core.domain.outcomes import Outcome
from core.domain.season import Season

FIRST = date(2024, 1, 5)
CLOSE = time(21, 0, tzinfo=UTC)
RATING = {Action.BUY: Rating.BUY, Action.SELL: Rating.SELL, Action.HOLD: Rating.HOLD}

Skill = Callable[[int], float]
"""How likely a judge is right, by the number of ballots that it has cast before."""


@dataclass(frozen=True)
class Judge:
    name: str
    skill: Skill
    says: Callable[[random.Random], str] = lambda _: "0.70"


def outcome(**changes: Any) -> Outcome:
    """A BUY of NVDA after Friday's close that was right, settled a week later."""
    week = changes.pop("week", 0)
    right = changes.pop("right", True)
    decided = FIRST + timedelta(weeks=week)
    action = changes.get("action", Action.BUY)
    rise = Decimal("0.02") if right == (action is not Action.SELL) else Decimal("-0.02")
    horizon = changes.get("horizon", 5)
    entry = decided + timedelta(days=3)
    facts: dict[str, Any] = {
        "season": Season.LIVE,
        "run_id": f"run{week:05d}",
        "member": "alpha",
        "ticker": "NVDA",
        "horizon": horizon,
        "action": action,
        "confidence": Decimal("0.70"),
        "decided_at": datetime.combine(decided, CLOSE),
        "entry_session": entry,
        "exit_session": decided + timedelta(weeks=1),
        "entry_price": Decimal(100),
        "exit_price": 100 * (1 + rise),
        "return_ratio": rise,
        "settled_at": datetime.combine(decided + timedelta(weeks=1), CLOSE),
    }
    return Outcome.model_validate(facts | changes)


def ballot_of(settled: Outcome) -> Ballot:
    """The ballot that the outcome settles."""
    return Ballot(
        member=settled.member,
        action=settled.action,
        rating=RATING[settled.action],
        confidence=settled.confidence,
        risk_level=RiskLevel.MEDIUM,
        reasoning="The figures say so.",
    )


def weeks(judges: Sequence[Judge], count: int, tickers: int, seed: int) -> Iterator[tuple[Outcome, ...]]:
    """Tell week by week the outcomes of all judges' ballots, ticker by ticker."""
    dice = random.Random(seed)
    cast = dict.fromkeys((judge.name for judge in judges), 0)
    for week in range(count):
        settled = []
        for ticker in range(tickers):
            up = dice.random() < 0.5
            for judge in judges:
                right = dice.random() < judge.skill(cast[judge.name])
                cast[judge.name] += 1
                action = Action.BUY if up == right else Action.SELL
                settled.append(
                    outcome(
                        week=week,
                        right=right,
                        run_id=f"w{week:03d}t{ticker:02d}",
                        member=judge.name,
                        ticker=f"T{ticker}",
                        action=action,
                        confidence=Decimal(judge.says(dice)),
                    )
                )
        yield tuple(settled)
