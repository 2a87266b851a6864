"""What must be said of a post that does not come when it was meant to."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.present.prose import in_words
from core.domain.subscription import Slot


def schedule_note(slot: Slot, now: datetime, zone: ZoneInfo) -> str | None:
    """Say that a post comes late or was held back, and how many before it were missed; None if neither.

    Times are those of `zone`, with the day where it is not today's.
    """
    told = []
    if slot.late:
        told.append(f"Due {_at(slot.due_at, now, zone)}, delivered {_at(now, now, zone)}.")
    elif slot.due_at > slot.at:
        told.append(f"Meant for {_at(slot.at, now, zone).removeprefix('at ')}, held back by quiet hours.")
    if slot.missed:
        ones, was = ("one", "was") if slot.missed == 1 else ("ones", "were")
        told.append(f"{in_words(slot.missed).capitalize()} earlier {ones} {was} missed.")
    return " ".join(told) or None


def _at(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    day = "" if there.date() == today else f"on {there:%Y-%m-%d} "
    return f"{day}at {there:%H:%M}"
