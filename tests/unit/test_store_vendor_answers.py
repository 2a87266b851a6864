"""What vendors have answered, on both databases."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from core.clock import ManualClock
from core.domain.vendor_answers import AnswerKey, Question
from core.store.store import Store
from core.store.vendor_answer_tables import vendor_answers
from tests.evidence_double import EvidenceDouble, ask_news, asked, news
from tests.store_values import START

pytest_plugins = ("tests.storage",)

KEY = AnswerKey(Question.NEWS, "one", "NVDA", "now")
HOUR = timedelta(hours=1)


async def rows(store: Store) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(vendor_answers))).scalar_one())


async def test_an_answer_is_found_until_it_expires(store: Store) -> None:
    await store.vendor_answers.keep(KEY, '["é", "\\u0000"]', START, START + HOUR)

    assert (
        await store.vendor_answers.find(KEY, START + HOUR - timedelta(microseconds=1)) == '["é", "\\u0000"]'
    )
    assert await store.vendor_answers.find(KEY, START + HOUR) is None


async def test_each_part_of_the_key_tells_answers_apart(store: Store) -> None:
    others = [
        KEY._replace(question=Question.MOODS),
        KEY._replace(vendor="two"),
        KEY._replace(subject="AAPL"),
        KEY._replace(span=""),
    ]
    for number, key in enumerate([KEY, *others]):
        await store.vendor_answers.keep(key, str(number), START, START + HOUR)

    assert [await store.vendor_answers.find(key, START) for key in [KEY, *others]] == list("01234")


async def test_a_newer_answer_takes_the_place_and_an_older_one_does_not(store: Store) -> None:
    await store.vendor_answers.keep(KEY, "old", START, START + HOUR)
    await store.vendor_answers.keep(KEY, "new", START + HOUR, START + 3 * HOUR)
    await store.vendor_answers.keep(KEY, "late writer", START, START + 9 * HOUR)

    assert await store.vendor_answers.find(KEY, START + 2 * HOUR) == "new"
    assert await rows(store) == 1


async def test_expired_answers_are_removed(store: Store) -> None:
    for number in range(5):
        key = KEY._replace(subject=f"T{number}")
        await store.vendor_answers.keep(key, "x", START, START + timedelta(seconds=number + 1))

    await store.vendor_answers.keep(KEY, "x", START + HOUR, START + 2 * HOUR)

    assert await rows(store) == 1


async def test_many_who_write_the_same_answer_at_once_leave_one(store: Store) -> None:
    writes = (store.vendor_answers.keep(KEY, "x", START, START + HOUR) for _ in range(8))

    await asyncio.gather(*writes)

    assert await rows(store) == 1


async def test_a_vendor_is_asked_again_only_after_the_time_to_live_also_by_another_process(
    store: Store, url: str, clock: ManualClock
) -> None:
    vendor = EvidenceDouble(news=(news("a", START),))
    first = await ask_news(asked("one", vendor, memory=store.vendor_answers, clock=clock))
    other = await Store.open(url, clock)
    try:
        later = asked("one", vendor, memory=other.vendor_answers, clock=clock)
        clock.advance(599)
        assert await ask_news(later) == first
        assert vendor.times("news") == 1
        clock.advance(1)
        assert await ask_news(later) == first
        assert vendor.times("news") == 2
    finally:
        await other.close()


async def test_an_answer_that_was_damaged_is_asked_for_again(store: Store, clock: ManualClock) -> None:
    await store.vendor_answers.keep(KEY, '[{"title": 3}]', START, START + HOUR)
    vendor = EvidenceDouble(news=(news("a", START),))

    (item,) = await ask_news(asked("one", vendor, memory=store.vendor_answers, clock=clock))

    assert item.title == "a"
    assert vendor.times("news") == 1
