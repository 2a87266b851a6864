"""From when on a post tells, and subscriptions whose next time nobody knew."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.domain.errors import Refused, StoreError
from core.domain.subscription import AtTime, ChatTerms, Due, Planned, Topic, Wanted
from tests.postman_scene import ADMIN, CHAT, Opening, PostClock, Process
from tests.schedule_values import as_it_was
from tests.store_values import START

pytest_plugins = ("tests.postman_fixtures",)

DAY = timedelta(days=1)
DIGEST, REVIEW = "digest daily 16:00", "weekly review saturdays 10:00"


async def first_of(process: Process, line: str) -> Due:
    await process.subscribes(line)
    (due,) = await process.app.agenda.claim(("telegram",))
    return due


async def next_of(process: Process, clock: PostClock, due: Due) -> Due:
    """End a slot, and claim the next when it is due."""
    await process.app.agenda.end(due)
    slot = await process.next_slot()
    clock.advance((slot.due_at - clock.now()).total_seconds())
    (due,) = await process.app.agenda.claim(("telegram",))
    return due


async def test_a_review_begins_a_week_before_and_then_where_the_last_one_ended(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    first = await first_of(process, REVIEW)
    assert await process.app.agenda.since(first) == START - 7 * DAY
    second = await next_of(process, post_clock, first)
    assert await process.app.agenda.since(second) == START


async def test_one_that_failed_is_told_by_the_next(starting: Opening, post_clock: PostClock) -> None:
    process = await starting()
    first = await first_of(process, REVIEW)
    await process.app.agenda.end(first, failed=True, note="missed")
    assert (await process.next_slot()).missed == 0
    post_clock.advance(((await process.next_slot()).due_at - post_clock.now()).total_seconds())
    (second,) = await process.app.agenda.claim(("telegram",))
    assert await process.app.agenda.since(second) == second.slot.at - 7 * DAY


async def test_a_digest_begins_with_a_whole_session_at_least(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    # The exchange closes at this very moment, a Wednesday: the whole session is that day's.
    first = await first_of(process, DIGEST)
    assert await process.app.agenda.since(first) == datetime(2025, 10, 28, 20, tzinfo=UTC)
    second = await next_of(process, post_clock, first)
    assert await process.app.agenda.since(second) == datetime(2025, 10, 29, 20, tzinfo=UTC)


async def test_a_digest_after_a_weekend_goes_back_to_the_session_before(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    due = await first_of(process, DIGEST)
    while due.slot.at.isoweekday() != 7:
        due = await next_of(process, post_clock, due)
    # On Sunday the last session is Friday's, which began after Thursday's close; the last digest was later.
    assert await process.app.agenda.since(due) == datetime(2025, 10, 30, 20, tzinfo=UTC)


async def test_a_subscription_without_a_next_time_gets_one_and_no_second(starting: Opening) -> None:
    process = await starting()
    wanted = Wanted(topic=Topic.DIGEST, when=AtTime(days=(1, 2, 3, 4, 5, 6, 7), at=time(16, 30)))
    rows = process.app._store.subscriptions
    await rows.add("telegram", CHAT, None, wanted, ADMIN, START, None, limit=9)
    for _ in range(2):
        await process.app.agenda.tidy()
        assert (await process.next_slot()).at == START + timedelta(minutes=30)


async def test_a_clock_that_was_set_back_costs_one_time_and_no_subscription(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    due = await first_of(process, DIGEST)
    due = await next_of(process, post_clock, due)
    await process.app.agenda.end(due)
    post_clock.advance(-3 * 86_400)
    assert await process.app.agenda.claim(("telegram",)) == ()
    await process.app.agenda.tidy()
    assert (await process.next_slot()).at == START + 2 * DAY


async def quiet_from(process: Process, begin: time) -> None:
    terms = ChatTerms(quiet_from=begin, quiet_until=time(7))
    await process.app._store.subscriptions.set_terms(f"telegram:{CHAT}", terms, START, as_it_was)


async def test_terms_that_are_set_as_a_slot_is_claimed_leave_a_next_time_on_them(
    starting: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await starting()
    await process.subscribes(DIGEST)
    rows = process.app._store.subscriptions
    set_terms = rows.set_terms

    async def once_claimed(*facts: Any, **more: Any) -> bool:
        assert len(await process.app.agenda.claim(("telegram",))) == 1
        return await set_terms(*facts, **more)

    monkeypatch.setattr(rows, "set_terms", once_claimed)
    await process.app.subscriptions.set_terms("telegram", CHAT, ChatTerms(zone="Europe/London"))
    assert (await process.next_slot()).at == datetime(2025, 10, 30, 16, tzinfo=UTC)


async def test_what_comes_late_in_quiet_hours_comes_after_them_however_long_they_are(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    await process.subscribes(DIGEST)
    await quiet_from(process, time(16, 5))
    post_clock.advance(10 * 60)
    assert await process.app.agenda.claim(("telegram",)) == ()
    post_clock.advance(8 * 3600)
    assert await process.app.agenda.claim(("telegram",)) == ()
    assert await process.ended() == []
    post_clock.advance((datetime(2025, 10, 30, 11, tzinfo=UTC) - post_clock.now()).total_seconds())
    (due,) = await process.app.agenda.claim(("telegram",))
    assert (due.slot.at, due.slot.late) == (START, True)


async def test_of_what_the_chat_may_have_a_part_it_hears_in_quiet_hours_too(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    due = await first_of(process, DIGEST)
    assert await process.app.agenda.posting(due)
    await process.app.agenda.give_back()
    await quiet_from(process, time(16, 5))
    post_clock.advance(10 * 60)
    assert len(await process.app.agenda.claim(("telegram",))) == 1


async def test_the_calendars_of_the_watchlist_are_loaded_before_anything_is_due(starting: Opening) -> None:
    process = await starting(arena={"watchlist": ["SAP.DE"]})
    await process.app.agenda.prepare()
    assert process.app.agenda._calendar.of("SAP.DE").loaded


async def test_verdicts_are_about_the_watchlist_as_it_is_when_they_come(starting: Opening) -> None:
    for tickers in (["AAPL"], ["MSFT", "NVDA"]):
        process = await starting(arena={"watchlist": tickers})
        if tickers == ["AAPL"]:
            await process.subscribes("verdicts watchlist daily 16:00")
    (due,) = await process.app.agenda.claim(("telegram",))
    assert due.slot.tickers == ("MSFT", "NVDA")


async def test_what_is_planned_for_a_deleted_subscription_is_not_stored(starting: Opening) -> None:
    process = await starting()
    one = await process.subscribes(DIGEST)
    await process.app._store.subscriptions.delete(one.number)
    await process.app.agenda.tidy()
    planned = Planned(key="x", at=START, due_at=START)
    assert await process.app._store.slots.plan([(one.number, planned)]) == 0
    assert await process.app.agenda.claim(("telegram",)) == ()


async def test_a_damaged_subscription_is_deleted_as_its_sentence_says_and_in_no_other_chat(
    starting: Opening,
) -> None:
    process = await starting()
    one, other = await process.subscribes(DIGEST), await process.subscribes(REVIEW)
    async with process.app._store.database.write() as connection:
        await connection.execute(text("UPDATE subscriptions SET wanted = 'x'"))
    use = process.app.subscriptions
    with pytest.raises(StoreError, match="is damaged in the database; delete it"):
        await use.unsubscribe("telegram", "-100999", one.number)
    with pytest.raises(StoreError, match="is damaged"):
        await use.of_chat("telegram", CHAT)
    with pytest.raises(Refused, match=rf"^Subscription {one.number} was damaged and is deleted now\.$"):
        await use.unsubscribe("telegram", CHAT, one.number)
    with pytest.raises(StoreError, match=f"^Subscription {other.number} is damaged"):
        await use.of_chat("telegram", CHAT)
    assert await use.unsubscribe_all("telegram", CHAT) == 1
    assert await use.of_chat("telegram", CHAT) == ()
    assert await process.app.agenda.claim(("telegram",)) == ()
