"""What is told of keys and routes, found in the notes on them. Pure.

Each alert is named after when its trouble began, so that it is told once however long that lasts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from core.domain.alert import Alert, AlertKind
from core.domain.provider_health import KeyCondition, KeyState, RouteState

FOR_ADMINS = frozenset({AlertKind.KEY})


def key_alerts(notes: Iterable[KeyState], shown: Mapping[tuple[str, str], str]) -> list[Alert]:
    """Return one alert for each key that is out, the first note of several models of a day counting.

    `shown` has, by provider and key, how each configured key is shown; others are nobody's concern.
    """
    found: dict[str, Alert] = {}
    for note in sorted(notes, key=lambda one: (one.since, one.model)):
        name = shown.get((note.provider, note.key))
        if name is None or note.condition not in {KeyCondition.REFUSED, KeyCondition.NO_CREDIT}:
            continue
        poor = note.condition is KeyCondition.NO_CREDIT
        # That there is no credit is noted for each model; for people it is one event of that day.
        began = note.since.date().isoformat() if poor else _name(note.since)
        place = "" if poor else note.model
        key = f"alert:{AlertKind.KEY}:{note.provider}:{note.key}:{note.condition}:{place}:{began}"
        alert = Alert(
            key=key,
            kind=AlertKind.KEY,
            at=note.since,
            subject=f"{name} of {note.provider}",
            happened="no_credit" if poor else "refused",
            reason=note.reason,
        )
        found.setdefault(key, alert)
    return list(found.values())


def route_alerts(notes: Iterable[RouteState], routed: Mapping[str, Sequence[str]]) -> list[Alert]:
    """Return one alert for each route that is down, or is back after it was.

    `routed` has, by route, the members that take it; a route that nobody takes is nobody's concern.
    """
    found = []
    for note in notes:
        route = f"{note.provider}:{note.model}"
        began = note.since if note.down else note.was_down_since
        if began is None or not routed.get(route):
            continue
        happened: Literal["down", "back"] = "down" if note.down else "back"
        found.append(
            Alert(
                key=f"alert:{AlertKind.ROUTE}:{route}:{happened}:{_name(began)}",
                kind=AlertKind.ROUTE,
                at=note.since,
                members=tuple(routed[route]),
                subject=route,
                happened=happened,
                reason=note.reason if note.down else None,
                since=None if note.down else began,
            )
        )
    return found


def _name(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%S")
