"""Members, and what must be known to read their figures, as JSON documents."""

from collections.abc import Sequence
from typing import Any

from core.domain.books import Standing, Statement
from core.domain.member import Member

Document = dict[str, Any]


def members_document(members: Sequence[Member]) -> list[Document]:
    """Return who sits on the committee."""
    return [
        {
            "member": member.name,
            "kind": member.kind.value,
            "route": list(member.route),
            "weight": float(member.weight),
            "enabled": member.enabled,
            "removed_at": member.removed_at.isoformat() if member.removed_at else None,
        }
        for member in members
    ]


def asides(of: Standing | Statement) -> Document:
    """Return when a member left, and when its portfolio began again, from what value in USD."""
    return {
        "left_on": of.left_on.isoformat() if of.left_on else None,
        "reset_on": of.reset_on.isoformat() if of.reset_on else None,
        "reset_was_usd": None if of.reset_was_usd is None else f"{of.reset_was_usd:f}",
    }
