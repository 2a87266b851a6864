"""The adaptive choice: among several candidates the one that has probably done best, and sometimes another.

Thompson sampling (W. R. Thompson, Biometrika 25, 1933; for rewards between 0 and 1: S. Agrawal and N. Goyal,
Analysis of Thompson Sampling for the Multi-armed Bandit Problem, COLT 2012). Each candidate has

    rho   = answered / asked * (0.4 + 0.3 * accuracy + 0.15 * speed + 0.15 * thrift)
    theta ~ Beta(1 + n * rho, 1 + n * (1 - rho)),   n = min(asked, 200)

and the greatest drawn theta wins. accuracy = (right + 1) / (settled + 2), so 1/2 where nothing is settled;
speed is the least mean latency of all candidates over its own, a millisecond added to each, and thrift the
same of costs, a tenth of a cent added, so that free ones do not make all others worthless. Who was never
asked draws from Beta(1, 1), the same for every value: that, and the width of the other draws, is the
exploration. n is bounded so that a candidate which changes can be found out.

The dice are seeded by the SHA-256 of the question's id and the candidates are taken by name, so whoever has
the id and the figures, which are kept with the question, can make the choice again.
"""

import hashlib
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from core.domain.routing import ArmFigures

MOST_REMEMBERED = 200
_ANSWER, _ACCURACY, _SPEED, _THRIFT = 0.4, 0.3, 0.15, 0.15
_TENTH_OF_A_CENT = Decimal("0.001")


class Drawn(NamedTuple):
    """Who was drawn, and its reward so far (0 to 1, None where it was never asked)."""

    name: str
    reward: float | None


def draw(figures: Sequence[ArmFigures], question: str) -> Drawn:
    """Return whom the question with this id goes to; equal ids and figures give the same.

    Raises:
        ValueError: there are no figures.
    """
    seed = int.from_bytes(hashlib.sha256(question.encode()).digest())
    dice = random.Random(seed)  # noqa: S311 - a choice that anybody can make again
    drawn: list[tuple[float, Drawn]] = []
    for one in sorted(figures, key=lambda arm: arm.name):
        reward = reward_of(one, figures)
        tries = min(one.asked, MOST_REMEMBERED)
        gained = tries * (reward or 0.0)
        drawn.append((dice.betavariate(1 + gained, 1 + tries - gained), Drawn(one.name, reward)))
    return max(drawn, key=lambda each: each[0])[1]


def reward_of(arm: ArmFigures, among: Sequence[ArmFigures]) -> float | None:
    """Return rho of the module's text for one candidate, or None where it was never asked."""
    if not arm.asked:
        return None
    accuracy = (arm.right + 1) / (arm.settled + 2)
    latencies = [one.latency_ms for one in among if one.latency_ms is not None]
    costs = [one.cost_usd for one in among if one.cost_usd is not None]
    speed = _share(min(latencies, default=None), arm.latency_ms, Decimal(1))
    thrift = _share(min(costs, default=None), arm.cost_usd, _TENTH_OF_A_CENT)
    worth = _ANSWER + _ACCURACY * accuracy + _SPEED * speed + _THRIFT * thrift
    return arm.answered / arm.asked * worth


def _share(least: Decimal | None, own: Decimal | None, floor: Decimal) -> float:
    return 0.0 if least is None or own is None else float((least + floor) / (own + floor))
