"""What models have answered, on both databases."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import event, func, select

from core.clock import ManualClock
from core.llm.cache import KeptAnswer
from core.store.model_answer_tables import model_answers
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ("tests.storage",)

MINUTE = timedelta(minutes=1)


def kept(
    key: str = "k", text: str = "It rises.", at: datetime = START, last: timedelta = MINUTE
) -> KeptAnswer:
    return KeptAnswer(key, "claude", {"text": text}, at, at + last)


async def rows(store: Store) -> int:
    async with store.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(model_answers))).scalar_one())


async def test_an_answer_is_found_until_it_expires(store: Store) -> None:
    await store.model_answers.keep(kept())
    just_before = START + MINUTE - timedelta(microseconds=1)
    assert await store.model_answers.find("k", just_before) == {"text": "It rises."}
    assert await store.model_answers.find("k", START + MINUTE) is None
    assert await store.model_answers.find("other", START) is None


async def test_hostile_text_comes_back_as_it_was(store: Store) -> None:
    hostile = "'; DROP TABLE model_answers; --\0\ud800\u2028</script>"
    await store.model_answers.keep(kept(text=hostile))
    assert await store.model_answers.find("k", START) == {"text": hostile}


async def test_a_newer_answer_takes_the_place_of_the_one_before_and_an_older_does_not(store: Store) -> None:
    await store.model_answers.keep(kept(text="first"))
    await store.model_answers.keep(kept(text="second", at=START + MINUTE))
    await store.model_answers.keep(kept(text="late to come", at=START))
    assert await store.model_answers.find("k", START + MINUTE) == {"text": "second"}


async def test_answers_that_end_together_are_kept_and_found_together(store: Store) -> None:
    asked: list[str] = []
    event.listen(store.database.sync_engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    await asyncio.gather(*(store.model_answers.keep(kept(str(n), f"text {n}")) for n in range(20)))
    found = await asyncio.gather(*(store.model_answers.find(str(n), START) for n in range(25)))
    assert found == [{"text": f"text {n}"} for n in range(20)] + [None] * 5
    assert len([text for text in asked if "SELECT" in text and "model_answers" in text]) <= 2


async def test_the_same_question_twice_in_one_batch_keeps_one_answer(store: Store) -> None:
    await asyncio.gather(*(store.model_answers.keep(kept(text="same")) for _ in range(5)))
    assert await rows(store) == 1


async def test_what_has_expired_is_removed(store: Store) -> None:
    await store.model_answers.keep(kept("old"))
    later = START + timedelta(minutes=11)
    await store.model_answers.keep(kept("new", at=later))
    assert await rows(store) == 1
    assert await store.model_answers.find("new", later) is not None


async def test_another_process_finds_what_was_kept(url: str, clock: ManualClock) -> None:
    one, other = await Store.open(url, clock), await Store.open(url, clock)
    try:
        await one.model_answers.keep(kept())
        assert await other.model_answers.find("k", START) == {"text": "It rises."}
    finally:
        await one.close()
        await other.close()
