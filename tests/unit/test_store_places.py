"""What a person may do in a place and how it reads, in both databases."""

import asyncio

import pytest
from sqlalchemy import event, text

from core.domain.at_place import AtPlace
from core.domain.chat import ChatState
from core.domain.people import Grant
from core.domain.subscription import ChatTerms
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ["tests.storage"]

ALICE, MALLORY, OLD, ROOM = "telegram:1001", "telegram:6666", "telegram:-99", "telegram:-100123"
TERMS = ChatTerms(runs_by="admin")


def grant(person: str = ALICE, chat: str = ROOM, thread: str = "") -> Grant:
    return Grant(person=person, chat=chat, thread=thread, role="runner", granted_by=ALICE, at=START)


async def test_of_an_unknown_place_there_are_no_grants_and_the_terms_that_nobody_has_changed(
    store: Store,
) -> None:
    assert await store.places.at(ALICE, ROOM) == AtPlace((), (), ChatTerms())


async def test_a_place_is_what_five_questions_would_tell(store: Store) -> None:
    for given in (
        grant(),
        grant(thread="7"),
        grant(person=""),
        grant(chat=""),
        grant(person=MALLORY),
        grant(chat=OLD),
    ):
        await store.people.grant(given)
    await store.known_chats.move("telegram:-98", OLD, START)
    await store.known_chats.move(OLD, ROOM, START)
    await store.subscriptions.set_terms(ROOM, TERMS, START, lambda *_: None)

    place = await store.places.at(ALICE, ROOM)

    assert set(place.grants) == set(await store.people.grants_at(ALICE, ROOM))
    assert len(place.grants) == len(set(place.grants)) >= 4
    assert place.earlier == await store.known_chats.earlier(ROOM) == ("telegram:-98", OLD)
    assert place.terms == await store.subscriptions.terms(ROOM) == TERMS
    assert (place.state, place.moved_to) == (ChatState.OPEN, None)
    left = await store.places.at(ALICE, OLD)
    assert (left.state, left.moved_to) == (ChatState.MOVED, ROOM)
    await store.known_chats.shut_down(ROOM, ChatState.RESTRICTED, "Muted.", START)
    assert (await store.places.at(ALICE, ROOM)).state is ChatState.RESTRICTED


async def test_damaged_terms_hide_nobodys_role(store: Store) -> None:
    await store.people.grant(grant())
    await store.subscriptions.set_terms(ROOM, TERMS, START, lambda *_: None)
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE chat_terms SET terms = '{'"))

    assert await store.places.at(ALICE, ROOM) == AtPlace((grant(),), (), None)


async def test_a_hundred_places_cost_no_more_statements_than_one(store: Store) -> None:
    await store.people.grant(grant())
    asked: list[str] = []
    listening = (store.database.sync_engine, "before_cursor_execute", lambda *all_: asked.append(all_[2]))
    event.listen(*listening)
    try:
        await store.places.at(ALICE, ROOM)
        alone = len([words for words in asked if words.startswith("SELECT")])
        places = await asyncio.gather(
            *(store.places.at(ALICE, chat) for chat in [ROOM, *map(str, range(99))])
        )
    finally:
        event.remove(*listening)

    assert len([words for words in asked if words.startswith("SELECT")]) == 2 * alone
    assert [bool(place.grants) for place in places] == [True] + [False] * 99


@pytest.mark.parametrize("query", ["SELECT chat_id FROM chats WHERE moved_to = 'telegram:-1'"])
async def test_the_ids_of_the_past_are_found_without_looking_through_all_chats(
    store: Store, query: str
) -> None:
    async with store.database.read() as connection:
        if store.database.is_sqlite:
            explain = "EXPLAIN QUERY PLAN"
        else:
            # It plans by the size of a table, and this one is empty.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN"
        plan = str((await connection.execute(text(f"{explain} {query}"))).all())
    assert "ix_chats_moved_to" in plan
