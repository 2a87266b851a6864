"""Members, and what must be known to read their figures, as JSON documents."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.plain_money import plain_money
from core.domain.books import Standing, Statement
from core.domain.member import Member
from core.domain.stability import Stability
from core.domain.trade_log import Imported

Document = dict[str, Any]


def members_document(
    members: Sequence[Member], stabilities: Mapping[str, Stability] | None = None
) -> list[Document]:
    """Return who sits on the committee, with how steadily each decided when it was last checked."""
    found = stabilities or {}
    return [
        {
            "member": member.name,
            "kind": member.kind.value,
            "route": list(member.route),
            "stages": {stage: list(route) for stage, route in member.stages.items()},
            "weight": float(member.weight),
            "enabled": member.enabled,
            "removed_at": member.removed_at.isoformat() if member.removed_at else None,
            "stability": stability_document(found.get(member.name)),
        }
        for member in members
    ]


def stability_document(found: Stability | None) -> Document | None:
    """Return what a check of stability has found on one member, or null without any."""
    if found is None:
        return None
    return {
        **found.model_dump(mode="json", exclude={"spend"}),
        "same": found.same,
        "times": len(found.actions),
        "stable": found.is_stable,
        "cost_usd": f"{found.spend.cost_usd:f}",
    }


def asides(of: Standing | Statement) -> Document:
    """Return when a member left, and when its portfolio began again, from what value in USD."""
    return {
        "left_on": of.left_on.isoformat() if of.left_on else None,
        "reset_on": of.reset_on.isoformat() if of.reset_on else None,
        "reset_was_usd": None if of.reset_was_usd is None else f"{of.reset_was_usd:f}",
    }


def imported_document(done: Imported) -> Document:
    """Return what an import has done."""
    return {
        "season": str(done.season),
        "member": done.member,
        "rows": done.rows,
        "trades": done.trades,
        "without_trade": done.without_trade,
        "outside_range": done.outside_range,
        "first_outside": done.first_outside,
        "sessions": done.sessions,
        "first": done.first.isoformat(),
        "last": done.last.isoformat(),
        "value_usd": plain_money(done.value_usd),
    }
