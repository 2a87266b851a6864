"""Chats that are shut, opened and moved: nothing of theirs is lost, and nothing happens twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.domain.chat import ChatShut, ChatState
from core.domain.subscription import ChatTerms, SubscriptionState, Topic, Wanted
from core.schedule.reading import read_wanted
from core.store.people_tables import grants, invitations, watched
from core.store.schedule_tables import chat_terms
from core.store.store import Store
from core.store.tables import cards, greetings, runs
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)

OLD, NEW, PERSON, OTHER = "telegram:-300", "telegram:-100300", "telegram:1001", "telegram:1002"
ALERTS = Wanted(topic=Topic.ALERTS)
TERMS = ChatTerms(zone="Europe/London", cheaper=True)


async def subscribes(store: Store, chat_id: str, line: str = "alerts on", **more: Any) -> int:
    platform, _, chat = chat_id.partition(":")
    facts = {"thread": None, "by": PERSON} | more
    made = await store.subscriptions.add(
        platform, chat, facts["thread"], read_wanted(line.split()), facts["by"], START, None, limit=100
    )
    return made.number


async def has(store: Store, chat_id: str) -> list[tuple[int, str, str | None]]:
    platform, _, chat = chat_id.partition(":")
    found = await store.subscriptions.of_chat(platform, chat)
    return [(one.number, one.state.value, one.reason) for one, _ in found]


async def put(store: Store, table: Any, *rows: dict[str, Any]) -> None:
    async with store.database.write() as connection:
        for row in rows:
            await connection.execute(insert(table).values(row))


async def column(store: Store, of: Any) -> list[Any]:
    async with store.database.read() as connection:
        return sorted((await connection.execute(select(of))).scalars())


def grant(person: str, chat_id: str, role: str = "viewer") -> dict[str, Any]:
    return {
        "person": person,
        "chat_id": chat_id,
        "thread": "",
        "role": role,
        "granted_by": PERSON,
        "at": START,
    }


def invitation(number: int, person: str, chat_id: str, state: str = "asked") -> dict[str, Any]:
    return {
        "number": number,
        "person": person,
        "name": "",
        "chat_id": chat_id,
        "thread": "",
        "asked_at": START,
        "expires_at": START + timedelta(days=1),
        "state": state,
        "told": (),
        "answered": False,
        "settled": False,
    }


async def test_a_chat_that_is_shut_rests_as_a_whole_and_for_one_reason(store: Store) -> None:
    one, two = await subscribes(store, OLD), await subscribes(store, OLD, thread="7")
    other = await subscribes(store, NEW)
    kept = store.known_chats
    assert await kept.shut_down(OLD, ChatState.CLOSED, "Removed.", START) == ChatShut(
        True, "Removed.", (one, two)
    )
    again = await kept.shut_down(OLD, ChatState.CLOSED, "Forbidden.", START)
    assert again == ChatShut(False, "Removed.", ())
    assert await has(store, OLD) == [(one, "paused", "Removed."), (two, "paused", "Removed.")]
    assert await has(store, NEW) == [(other, "active", None)]
    assert [(chat.chat_id, chat.state, chat.reason) for chat in await kept.shut()] == [
        (OLD, ChatState.CLOSED, "Removed.")
    ]


async def test_of_several_who_open_a_chat_one_is_told_that_it_did(store: Store) -> None:
    await store.known_chats.shut_down(OLD, ChatState.RESTRICTED, "May not write.", START)
    opened = await asyncio.gather(*(store.known_chats.open_up(OLD, START) for _ in range(5)))
    assert sorted(opened) == [False] * 4 + [True]
    assert await store.known_chats.shut() == ()
    assert not await store.known_chats.open_up("telegram:5", START)


async def test_what_is_told_of_a_chat_is_kept_and_an_empty_text_changes_nothing(store: Store) -> None:
    await store.known_chats.describe(OLD, "group", "Traders", START)
    await store.known_chats.describe(OLD, "", "Traders of old", START)
    known = await store.known_chats.get(OLD)
    assert known
    assert (known.kind, known.title, known.state) == ("group", "Traders of old", ChatState.OPEN)
    assert await store.known_chats.get(NEW) is None


async def test_a_move_takes_everything_along(store: Store) -> None:
    await store.known_chats.describe(OLD, "group", "Traders", START)
    number = await subscribes(store, OLD, by=OLD)
    await store.subscriptions.set_terms(OLD, TERMS, START, lambda _, slot: None)
    await begun(store, "run00001", requested_in=OLD, requested_by=OLD)
    await store.chats.remember_card("run00001", "telegram", "-300", None, "12", START)
    await store.chats.greet_once(f"{OTHER} {OLD}", START)
    await store.chats.greet_once(f"{OTHER} telegram:-1300", START)
    await put(store, grants, grant("", OLD), grant(OLD, OLD), grant(PERSON, "telegram:-7"))
    await put(store, invitations, invitation(1, PERSON, OLD))
    await put(store, watched, {"chat_id": OLD, "ticker": "NVDA", "added_by": PERSON, "at": START})
    assert await store.known_chats.move(OLD, NEW, START)
    (moved,) = await store.subscriptions.of_chat("telegram", "-100300")
    assert (moved[0].number, moved[0].created_by) == (number, NEW)
    assert await store.subscriptions.terms(NEW) == TERMS
    assert await column(store, chat_terms.c.chat_id) == [NEW]
    assert await column(store, runs.c.requested_in) == await column(store, runs.c.requested_by) == [NEW]
    assert await column(store, grants.c.chat_id) == [NEW, NEW, "telegram:-7"]
    assert await column(store, grants.c.person) == ["", NEW, PERSON]
    assert await column(store, invitations.c.chat_id) == await column(store, watched.c.chat_id) == [NEW]
    assert await column(store, greetings.c.place) == [f"{OTHER} {NEW}", f"{OTHER} telegram:-1300"]
    assert await column(store, cards.c.chat) == ["-300"], "a message's number is good only with its chat"
    before, after = await store.known_chats.get(OLD), await store.known_chats.get(NEW)
    assert before
    assert after
    assert (before.state, before.moved_to, after.state, after.title) == ("moved", NEW, "open", "Traders")
    assert await store.known_chats.earlier(NEW) == (OLD,)
    assert await store.known_chats.moved() == ((OLD, NEW),)


async def test_what_the_new_chat_has_already_stays_and_its_double_ends(store: Store) -> None:
    double, theirs = await subscribes(store, OLD), await subscribes(store, NEW)
    only = await subscribes(store, OLD, thread="7")
    await store.subscriptions.set_terms(NEW, TERMS, START, lambda _, slot: None)
    await put(store, grants, grant(PERSON, OLD, "viewer"), grant(PERSON, NEW, "runner"))
    await put(store, invitations, invitation(1, PERSON, OLD), invitation(2, PERSON, NEW))
    for chat in (OLD, NEW):
        await put(store, watched, {"chat_id": chat, "ticker": "NVDA", "added_by": PERSON, "at": START})
    await store.known_chats.move(OLD, NEW, START)
    assert await has(store, NEW) == [(theirs, "active", None), (only, "active", None)]
    ended = await store.subscriptions.get(double)
    assert ended
    assert ended.state is SubscriptionState.DELETED
    assert await store.subscriptions.terms(NEW) == TERMS
    assert await column(store, grants.c.role) == ["runner"]
    assert await column(store, invitations.c.state) == ["asked", "expired"]
    assert len(await column(store, watched.c.ticker)) == 1


async def test_of_several_who_tell_of_a_move_one_is_the_first_and_nothing_is_lost(store: Store) -> None:
    numbers = {await subscribes(store, OLD, thread=str(thread)) for thread in range(5)}
    moves = await asyncio.gather(*(store.known_chats.move(OLD, NEW, START) for _ in range(4)))
    assert sorted(moves) == [False] * 3 + [True]
    late = await subscribes(store, OLD, thread="late")
    assert not await store.known_chats.move(OLD, NEW, START)
    assert {number for number, _, _ in await has(store, NEW)} == {*numbers, late}


async def test_a_chat_that_moves_on_is_found_by_all_its_ids_and_never_in_a_circle(store: Store) -> None:
    last = "telegram:-100900"
    await store.known_chats.move(OLD, NEW, START)
    await store.known_chats.move(NEW, last, START)
    assert await store.known_chats.earlier(last) == (NEW, OLD)
    assert not await store.known_chats.move(last, OLD, START)
    assert not await store.known_chats.move(last, last, START)


async def test_nobody_shuts_a_chat_that_has_moved(store: Store) -> None:
    await store.known_chats.move(OLD, NEW, START)
    number = await subscribes(store, NEW)
    assert await store.known_chats.shut_down(OLD, ChatState.CLOSED, "Gone.", START) == ChatShut(
        False, "Gone.", ()
    )
    assert await has(store, NEW) == [(number, "active", None)]
    assert await store.known_chats.shut() == ()


@pytest.mark.parametrize("terms", ["no json", "[]"])
async def test_damaged_terms_hold_up_no_move(store: Store, terms: str) -> None:
    number = await subscribes(store, OLD)
    async with store.database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE chat_terms SET terms = '{terms}'")  # noqa: S608 - our own
    assert await store.known_chats.move(OLD, NEW, START)
    assert await has(store, NEW) == [(number, "active", None)]
