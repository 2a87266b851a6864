"""How the service is, in figures for programs and in lines for people."""

from collections.abc import Mapping
from typing import Any

from core.domain.health import Health
from core.domain.subscription import Due


def health_facts(health: Health, platforms: Mapping[str, str]) -> dict[str, Any]:
    """Return the health as a document for programs; times are ISO 8601 with offset, lag is in seconds."""
    return {
        "at": health.at.isoformat(),
        "platforms": dict(platforms),
        "runs": health.runs,
        "books_until": health.session.isoformat() if health.session else None,
        "lag_s": round(health.lag_s, 1),
        "upcoming": [_slot(due) for due in health.upcoming],
        "ended": [_slot(due) for due in health.ended],
    }


def _slot(due: Due) -> dict[str, Any]:
    slot = due.slot
    facts: dict[str, Any] = {
        "subscription": due.subscription.number,
        "topic": due.subscription.wanted.topic,
        "chat": due.subscription.chat_id,
        "at": slot.at.isoformat(),
        "due_at": slot.due_at.isoformat(),
        "state": slot.state,
    }
    if slot.ended_at:
        facts |= {"ended_at": slot.ended_at.isoformat(), "late": slot.late, "missed": slot.missed}
        facts["note"] = slot.note
    return facts
