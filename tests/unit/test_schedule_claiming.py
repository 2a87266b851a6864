"""What a claim makes of a slot that has come due."""

from datetime import datetime, time, timedelta

import pytest

from core.domain.subscription import ChatTerms, Due, Slot, SlotState, Step, Subscription, Wanted
from core.schedule.claiming import step
from core.schedule.reading import read_wanted
from core.schedule.slots import next_slot
from tests.schedule_scene import CALENDAR, NO_TERMS, ZONE, utc

GRACE = timedelta(hours=6)
NIGHT = ChatTerms(quiet_from=time(22), quiet_until=time(7))


def due(line: str, before: str, *, terms: ChatTerms = NO_TERMS, missed: int = 0) -> Due:
    """The first slot of the wish in `line` that is later than `before`."""
    wanted = read_wanted([line])
    subscription = Subscription(
        number=7, platform="slack", chat="C0", wanted=wanted, created_by="U0", created_at=utc(before)
    )
    first = next_slot(wanted, terms, CALENDAR, ZONE, (), utc(before))
    assert first is not None
    return Due(
        subscription=subscription,
        terms=terms,
        slot=Slot(subscription=7, missed=missed, **dict(first)),
    )


def claimed(claim: Due, now: datetime | str) -> Step:
    moment = utc(now) if isinstance(now, str) else now
    return step(claim, moment, CALENDAR, ZONE, (), GRACE)


def following(found: Step) -> str | None:
    return found.next and found.next.key


def test_a_slot_taken_up_in_time_is_worked_on_as_it_is() -> None:
    claim = due("digest daily 16:30", "2025-11-26T12:00")
    found = claimed(claim, "2025-11-26T21:30")
    assert found.slot is claim.slot
    assert not found.slot.late
    assert (found.dropped, found.carried, following(found)) == (False, 0, "2025-11-27T21:30Z")


def test_two_minutes_are_the_pace_of_the_work_and_more_is_late() -> None:
    claim = due("digest daily 16:30", "2025-11-26T12:00")
    two = utc("2025-11-26T21:32")
    assert not claimed(claim, two).slot.late
    late = claimed(claim, two + timedelta(seconds=1))
    assert late.slot == claim.slot.model_copy(update={"late": True})
    assert (late.dropped, late.carried) == (False, 0)


def test_missed_slots_collapse_into_the_newest_that_has_come_due() -> None:
    claim = due("digest cron 0 * * * * UTC", "2025-11-26T09:30")
    found = claimed(claim, "2025-11-26T13:00")
    assert (found.slot.key, found.slot.missed, found.slot.late) == ("2025-11-26T13:00Z", 3, False)
    assert (found.dropped, found.carried, following(found)) == (False, 0, "2025-11-26T14:00Z")


def test_the_newest_is_late_if_its_own_time_is_past() -> None:
    found = claimed(due("digest cron 0 * * * * UTC", "2025-11-26T09:30"), "2025-11-26T13:40")
    assert (found.slot.key, found.slot.missed, found.slot.late) == ("2025-11-26T13:00Z", 3, True)
    assert found.slot.subscription == 7
    assert found.slot.due_at == utc("2025-11-26T13:00")


def test_the_missed_of_the_due_slot_are_counted_with_them() -> None:
    claim = due("digest cron 0 * * * * UTC", "2025-11-26T09:30", missed=5)
    assert claimed(claim, "2025-11-26T10:00").slot.missed == 5
    assert claimed(claim, "2025-11-26T12:00").slot.missed == 7


def test_within_the_grace_a_slot_is_delivered_late() -> None:
    claim = due("digest daily 10:00 UTC", "2025-11-26T09:00")
    found = claimed(claim, "2025-11-26T16:00")
    assert (found.dropped, found.slot.late, found.slot.state) == (False, True, SlotState.DUE)


def test_beyond_the_grace_it_is_dropped_and_the_next_is_told() -> None:
    claim = due("digest daily 10:00 UTC", "2025-11-26T09:00", missed=2)
    now = utc("2025-11-26T16:00") + timedelta(minutes=5)
    found = claimed(claim, now)
    assert (found.dropped, found.carried, following(found)) == (True, 3, "2025-11-27T10:00Z")
    assert found.slot.key == claim.slot.key
    assert (found.slot.state, found.slot.ended_at) == (SlotState.FAILED, now)
    assert found.slot.note == "missed by 6 h 5 min, more than the grace of 6 h"


def test_the_newest_of_several_can_be_too_old_as_well() -> None:
    found = claimed(due("digest daily 10:00 UTC", "2025-11-23T09:00"), "2025-11-26T17:00")
    assert (found.slot.key, found.dropped, found.carried) == ("2025-11-26T10:00Z", True, 4)
    assert following(found) == "2025-11-27T10:00Z"


def test_missed_times_are_counted_up_to_a_thousand_and_the_newest_is_found_all_the_same() -> None:
    found = claimed(due("digest cron * * * * * UTC", "2025-11-20T09:30"), "2025-11-26T13:00")
    assert (found.slot.key, found.slot.missed) == ("2025-11-26T13:00Z", 1000)
    assert following(found) == "2025-11-26T13:01Z"


def test_after_many_missed_ones_the_newest_that_quiet_hours_do_not_keep_back_is_found() -> None:
    claim = due("digest cron * * * * *", "2025-11-20T12:00", terms=NIGHT)
    found = claimed(claim, "2025-11-26T06:00")  # an hour past midnight in New York
    assert (found.slot.key, found.slot.missed, found.slot.late) == ("2025-11-26T02:59Z", 1000, True)
    assert following(found) == "2025-11-26T03:00Z"
    assert found.next is not None
    assert found.next.due_at == utc("2025-11-26T12:00")


def test_late_is_measured_from_the_end_of_quiet_hours() -> None:
    claim = due("digest daily 23:00", "2025-11-26T12:00", terms=NIGHT)
    found = claimed(claim, "2025-11-27T12:01")
    assert (found.slot.key, found.slot.late, found.dropped) == ("2025-11-27T04:00Z", False, False)
    assert following(found) == "2025-11-28T04:00Z"


def test_what_came_in_quiet_hours_is_told_in_one_message_at_their_end() -> None:
    claim = due("digest cron 0 * * * *", "2025-11-27T02:30", terms=NIGHT)
    assert claim.slot.key == "2025-11-27T03:00Z"
    found = claimed(claim, "2025-11-27T12:00")
    assert (found.slot.key, found.slot.missed, found.slot.late) == ("2025-11-27T12:00Z", 9, False)


def test_quiet_hours_delay_a_slot_even_when_the_one_before_it_was_missed() -> None:
    # Its own time is past when the day before is taken up, but it has not come due.
    claim = due("digest daily 23:00", "2025-11-25T12:00", terms=NIGHT)
    found = claimed(claim, "2025-11-27T04:30")
    assert (found.slot.key, found.dropped, found.carried) == ("2025-11-26T04:00Z", True, 1)
    assert found.next is not None
    assert (found.next.key, found.next.due_at) == ("2025-11-27T04:00Z", utc("2025-11-27T12:00"))


def test_the_last_slot_of_a_wish_has_none_after_it() -> None:
    claim = due("digest daily 10:00 UTC", "2025-11-26T09:00")
    once = claim.subscription.wanted.model_copy(update={"when": None})
    subscription = claim.subscription.model_copy(update={"wanted": once})
    found = claimed(claim._replace(subscription=subscription), "2025-11-26T10:00")
    assert found.next is None


def test_an_alert_is_due_at_once_and_nothing_follows_it() -> None:
    claim = alert("2025-11-26T10:00")
    found = claimed(claim, "2025-11-26T10:05")
    assert found.slot == claim.slot.model_copy(update={"late": True})
    assert (found.dropped, found.next) == (False, None)
    assert claimed(claim, "2025-11-26T17:00").dropped


def alert(at: str) -> Due:
    slot = Slot(subscription=7, key="stop:claude:NVDA", at=utc(at), due_at=utc(at))
    subscription = Subscription(
        number=7,
        platform="slack",
        chat="C0",
        wanted=Wanted(topic="alerts"),
        created_by="U0",
        created_at=utc(at),
    )
    return Due(subscription=subscription, terms=NO_TERMS, slot=slot)


def test_verdicts_that_stand_for_missed_ones_are_about_what_trades_at_their_own_time() -> None:
    claim = due("verdicts NVDA,BTC-USD daily 12:00 UTC", "2025-11-28T11:00")
    found = claimed(claim, "2025-11-29T13:00")
    assert claim.slot.tickers == ("NVDA", "BTC-USD")
    assert (found.slot.key, found.slot.tickers, found.slot.missed) == ("2025-11-29T12:00Z", ("BTC-USD",), 1)


@pytest.mark.parametrize("hours", [0, 1, 5, 30, 700])
def test_claiming_slot_after_slot_or_all_at_once_ends_at_the_same_next_one(hours: int) -> None:
    now = utc("2025-11-26T09:00") + timedelta(hours=hours, minutes=1)
    at_once = claimed(due("digest cron 0 */2 * * * UTC", "2025-11-26T07:00"), now)
    claim = due("digest cron 0 */2 * * * UTC", "2025-11-26T07:00")
    worked_on = 1
    while (found := claimed(claim, claim.slot.due_at)).next and found.next.due_at <= now:
        claim = claim._replace(slot=Slot(subscription=7, **dict(found.next)))
        worked_on += 1
    assert found.next == at_once.next
    assert at_once.slot.key == claim.slot.key
    assert at_once.slot.missed == worked_on - 1
