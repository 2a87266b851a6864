"""What vendors have answered, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

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


async def test_answers_that_are_looked_for_at_once_are_read_in_one_question(store: Store) -> None:
    keys = [KEY._replace(subject=f"T{number}", question=one) for number in range(9) for one in Question]
    for number, key in enumerate(keys[::2]):
        await store.vendor_answers.keep(key, str(number), START, START + HOUR)
    asked: list[str] = []
    event.listen(store.database.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    found = await asyncio.gather(*(store.vendor_answers.find(key, START) for key in keys))

    assert found[::2] == [str(number) for number in range(len(keys[::2]))]
    assert set(found[1::2]) == {None}
    assert len([text for text in asked if "SELECT" in text]) == 1


async def test_of_those_who_look_at_once_each_has_what_is_fresh_at_its_own_moment(store: Store) -> None:
    await store.vendor_answers.keep(KEY, "x", START, START + HOUR)
    moments = [START + HOUR, START, START + 2 * HOUR, START + HOUR / 2]

    found = await asyncio.gather(*(store.vendor_answers.find(KEY, at) for at in moments))

    assert found == [None, "x", None, "x"]


async def test_who_leaves_does_not_take_the_answer_away_from_the_others(store: Store) -> None:
    await store.vendor_answers.keep(KEY, "x", START, START + HOUR)
    looking = [asyncio.create_task(store.vendor_answers.find(KEY, START)) for _ in range(3)]
    await asyncio.sleep(0)
    looking[0].cancel()

    assert await asyncio.gather(*looking[1:]) == ["x", "x"]
    assert looking[0].cancelled()


async def test_more_than_are_read_at_once_are_all_found(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.vendor_answer_rows._MOST_TOGETHER", 2)
    keys = [KEY._replace(subject=f"T{number}") for number in range(5)]
    for key in keys:
        await store.vendor_answers.keep(key, key.subject, START, START + HOUR)

    found = await asyncio.gather(*(store.vendor_answers.find(key, START) for key in keys))

    assert found == [key.subject for key in keys]


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
