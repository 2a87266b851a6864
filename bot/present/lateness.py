"""What must be said of a post that does not come when it was meant to, or perhaps not at all."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cards import Notice
from bot.present import numbers
from bot.present.prose import in_words
from core.domain.subscription import Slot, Topic

_INSTEAD = {
    Topic.VERDICTS: ("verdicts", "them", "/why with a ticker shows its verdict"),
    Topic.LEADERBOARD: ("leaderboard", "it", "/leaderboard shows it"),
    Topic.DIGEST: ("digest", "it", "/digest shows it"),
    Topic.REVIEW: ("weekly review", "it", "/models with a model's name shows how far to trust it"),
    Topic.COSTS: ("report of costs", "it", "/costs in a private chat with me shows them"),
    Topic.ALERTS: ("alert", "it", "/digest tells what has happened, and /health how the service is"),
}
"""What each is called in a sentence, and where it can be seen."""


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


def missing_note(topic: Topic, slot: Slot, now: datetime, zone: ZoneInfo) -> Notice:
    """Say that a message may not have arrived: it is never sent a second time."""
    what, them, see = _INSTEAD[topic]
    when = _at(slot.at, now, zone)
    return Notice(
        text=f"Conclave was interrupted while it posted the {what} due {when}. "
        f"If you do not find {them} above, {see}.",
        tone="warning",
    )


def _at(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    day = "" if there.date() == today else f"on {numbers.day(there)} "
    return f"{day}at {numbers.clock(there)}"
