"""How steadily members decide, in words."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cards import ModelsCard
from bot.present import numbers, words
from core.app.stabilitywork import StabilityPlan
from core.domain.stability import Stability
from core.domain.usage import NOTHING_SPENT


def steadiness(found: Stability, zone: ZoneInfo | None = None) -> str:
    """Say it in a line: `same action 4 of 5 times with shuffled evidence, GOOG, 2025-11-12`.

    Behind it stands when the member was asked since and cast no ballot.
    """
    told = f"{_same(found)} with shuffled evidence, {found.ticker}, {_day(found.as_of, zone)}"
    return (
        told if found.silent_at is None else f"{told}; no ballot when asked on {_day(found.silent_at, zone)}"
    )


def _day(at: datetime, zone: ZoneInfo | None) -> str:
    return numbers.day(at.astimezone(zone) if zone else at)


def plan_sentence(plan: StabilityPlan) -> str:
    """Say what is about to be asked, and what it will cost."""
    models = numbers.counted(len(plan.members), "model")
    each = " each" if len(plan.members) > 1 else ""
    cost = "nobody knows what it costs" if plan.usd is None else f"about {numbers.cost(plan.usd)}"
    return f"Asking {models} {plan.times} times{each} about {plan.evidence.ticker}: {cost}."


def stability_card(found: Sequence[Stability], zone: ZoneInfo) -> ModelsCard:
    """Return what one check has found, member by member."""
    first = found[0]
    spend = sum((one.spend for one in found), NOTHING_SPENT)
    return ModelsCard(
        title=f"Stability on {first.ticker}",
        lines=tuple((one.member, ": ".join(filter(None, (_same(one), _counts(one))))) for one in found),
        footer=f"The same evidence with its sections shuffled · as of {numbers.moment(first.as_of, zone)} · "
        f"{first.preset} · seed {first.seed} · {words.cost_of(spend)} · {words.PAPER}",
    )


def _same(found: Stability) -> str:
    if not found.counts:
        return f"no ballot in {len(found.actions)} times"
    without = len(found.actions) - found.cast
    missing = f", {without} without a ballot" if without else ""
    return f"same action {found.same} of {found.cast} times{missing}"


def _counts(found: Stability) -> str:
    return ", ".join(f"{count} {action}" for action, count in found.counts)
