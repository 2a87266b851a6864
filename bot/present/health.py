"""How the service is, in figures for programs and in lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.connections import NO_CONNECTIONS, Connections
from bot.digest_cards import HealthCard, Lines
from bot.present import numbers
from bot.present.providers import provider_lines
from core.domain.health import Health
from core.domain.provider_health import Condition
from core.domain.subscription import Due, SlotState

LATE_S = 300.0
"""From so many seconds of lag on the service does not count as well."""
SHUT_SHOWN = 10


def served(platforms: Mapping[str, str]) -> tuple[str, ...]:
    """Return the platforms that this process serves, or would, as addresses name them."""
    return tuple(name.lower() for name in platforms)


def well(health: Health, platforms: Mapping[str, str]) -> bool:
    """Say whether what is due is being worked on and all platforms are there."""
    return health.lag_s < LATE_S and all(state == "connected" for state in platforms.values())


def health_card(
    health: Health,
    platforms: Mapping[str, str],
    zone: ZoneInfo,
    *,
    here: str,
    all_chats: bool,
    connections: Connections = NO_CONNECTIONS,
) -> HealthCard:
    """Return the health for people. `here` is the chat that asks; others are named if `all_chats`."""

    def told(due: Due, what: str) -> str:
        chat = due.subscription.chat_id
        return f"{what} · {'here' if chat == here else chat if all_chats else 'another chat'}"

    books = f"Books: carried through {numbers.day(health.session)}" if health.session else "Books: none yet"
    lag = "nothing is overdue" if not health.lag_s else f"the oldest is overdue by {_length(health.lag_s)}"
    now = [
        *(line for name, state in platforms.items() for line in _platform(name, state, connections, zone)),
        f"Runs: {health.runs or 'none'} going on",
        books,
        f"Subscriptions: {lag}",
    ]
    upcoming = [told(due, _upcoming(due, zone)) for due in health.upcoming]
    ended = [
        told(due, _ended(due, zone, noted=all_chats or due.subscription.chat_id == here))
        for due in health.ended
    ]
    return HealthCard(
        title=_title(health, platforms),
        subtitle=numbers.moment(health.at, zone),
        sections=(
            Lines(title="Now", lines=tuple(now)),
            *provider_lines(health.providers, zone, keys=all_chats),
            Lines(title="Due next", lines=tuple(upcoming) or ("nothing",)),
            Lines(title="Last", lines=tuple(ended) or ("nothing yet",)),
            *([_shut(health)] if health.shut and all_chats else []),
        ),
        footer="/subscriptions shows what comes to this chat.",
    )


def _title(health: Health, platforms: Mapping[str, str]) -> str:
    if not well(health, platforms):
        return "Not all is well"
    sound = all(one.condition is Condition.HEALTHY for one in health.providers)
    return "All is well" if sound else "The service is well, but not every model"


def _platform(name: str, state: str, connections: Connections, zone: ZoneInfo) -> Iterator[str]:
    yield f"{name}: {state}"
    for one in connections[name]() if name in connections else ():
        yield f"{name} {one.name}: {one.state} since {numbers.moment(one.since, zone)}"


def _shut(health: Health) -> Lines:
    """Name the chats in which nothing may be posted; of many the last ones."""
    lines = [
        f"{' '.join(filter(None, (chat.title, chat.chat_id)))}: {chat.state}. {chat.reason or ''}".rstrip()
        for chat in health.shut[:SHUT_SHOWN]
    ]
    return Lines(title="Closed to us", lines=tuple(lines), more=max(len(health.shut) - SHUT_SHOWN, 0))


def _upcoming(due: Due, zone: ZoneInfo) -> str:
    return f"{numbers.moment(due.slot.due_at, zone)} · {due.subscription.wanted.topic}"


def _ended(due: Due, zone: ZoneInfo, *, noted: bool) -> str:
    """Tell what became of a slot; a note may name its chat, so it is for those who may know of that."""
    slot = due.slot
    sign = "✓" if slot.state is SlotState.DELIVERED else "✗"
    note = f" ({slot.note})" if slot.note and noted else ""
    return f"{sign} {numbers.moment(slot.at, zone)} · {due.subscription.wanted.topic} {slot.state}{note}"


def _length(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def health_facts(
    health: Health, platforms: Mapping[str, str], connections: Connections = NO_CONNECTIONS
) -> dict[str, Any]:
    """Return the health as a document for programs; times are ISO 8601 with offset, lag is in seconds."""
    return {
        "at": health.at.isoformat(),
        "platforms": dict(platforms),
        "connections": {
            name: [{"name": one.name, "state": one.state, "since": one.since.isoformat()} for one in found]
            for name, ask in connections.items()
            if (found := ask())
        },
        "runs": health.runs,
        "books_until": health.session.isoformat() if health.session else None,
        "lag_s": round(health.lag_s, 1),
        "upcoming": [_slot(due) for due in health.upcoming],
        "ended": [_slot(due) for due in health.ended],
        "providers": [one.model_dump(mode="json") for one in health.providers],
        "shut": [{"chat": chat.chat_id, "state": chat.state, "reason": chat.reason} for chat in health.shut],
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
