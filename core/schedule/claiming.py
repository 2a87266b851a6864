"""What a claim makes of a slot that has come due: whether it is late, what it stands for, what comes next."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from core.domain.subscription import Due, Planned, Slot, SlotState, Step
from core.market.calendar import MarketCalendar
from core.schedule.slots import Wish, first_after, wish_of

LATE = timedelta(minutes=2)
"""Taken up later than that, a slot is late: less is the ordinary pace of the work."""
MOST_MISSED = 1000
"""Missed times are counted up to here; more would say no more."""
_MINUTE = timedelta(minutes=1)


class _Since(NamedTuple):
    """How many slots have come due since one, the newest of them, and the one that follows."""

    passed: int
    newest: Planned | None
    following: Planned | None


_NOTHING = _Since(0, None, None)


def step(
    due: Due, now: datetime, calendar: MarketCalendar, zone: str, watchlist: Sequence[str], grace: timedelta
) -> Step:
    """Return what to work on for a slot that has come due at `now`, and the slot to plan.

    Slots that were missed meanwhile collapse into the newest that has come due, which then has another key
    than `due.slot` and counts them in `missed`, together with those that the due one carried. If that one has
    been due for longer than `grace`, it is dropped: it has failed, with a note, and `carried` counts it too.
    One that is neither has the state of `due.slot`, and where nothing happened to it, it is that very object.

    `next` is the slot after the one that is worked on or dropped. It is later than now, unless quiet hours
    keep it back: they delay, and so it is not passed over.

    `zone` is the arena's; `now` is aware.
    """
    subscription, slot = due.subscription, due.slot
    wish = wish_of(subscription.wanted, due.terms, calendar, zone, watchlist)
    since = _since(wish, slot.at, now) if wish else _NOTHING
    if newest := since.newest:
        missed = min(slot.missed + since.passed, MOST_MISSED)
        slot = Slot(subscription=subscription.number, state=slot.state, missed=missed, **dict(newest))
    behind = now - slot.due_at
    if behind > grace:
        note = f"missed by {_length(behind)}, more than the grace of {_length(grace)}"
        ended = {"state": SlotState.FAILED, "note": note, "ended_at": now}
        carried = min(slot.missed + 1, MOST_MISSED)
        return Step(slot=slot.model_copy(update=ended), dropped=True, next=since.following, carried=carried)
    if behind > LATE:
        slot = slot.model_copy(update={"late": True})
    return Step(slot=slot, next=since.following)


# As with the slots themselves: what follows from the arguments alone is worked out once for all chats.
@lru_cache(maxsize=4096)
def _since(wish: Wish, at: datetime, now: datetime) -> _Since:
    passed, newest = 0, None
    following = first_after(wish, at)
    while following and following.due_at <= now:
        passed, newest = passed + 1, following
        if passed >= MOST_MISSED:
            newest = _newest(wish, newest, now)
        following = first_after(wish, newest.at)
    return _Since(passed, newest, following)


def _newest(wish: Wish, known: Planned, now: datetime) -> Planned:
    """Return the newest slot that has come due at `now`, at least `known`, without walking all the way."""
    back = _MINUTE
    begin: Planned | None = None
    while begin is None or begin.due_at > now:
        if now - back <= known.at:
            begin = known
            break
        begin = first_after(wish, now - back)
        back *= 2
    newest = begin
    while (following := first_after(wish, newest.at)) and following.due_at <= now:
        newest = following
    return newest


def _length(length: timedelta) -> str:
    """Write a length of time for a note, in hours and minutes."""
    hours, minutes = divmod(length // _MINUTE, 60)
    return (
        " ".join(filter(None, [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]))
        or "0 min"
    )
