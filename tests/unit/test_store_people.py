"""Grants, invitations and deeds in both databases, with several processes at once."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.domain.people import Asked, Deed, Grant, Invitation, InvitationState
from core.store import deed_rows
from core.store.people_rows import granted_at
from core.store.store import Store
from tests.store_values import START

pytest_plugins = ["tests.storage"]

MALLORY, ALICE, ANNE, ROOM = "telegram:6666", "telegram:1001", "telegram:1004", "telegram:-100123"
DAY = timedelta(hours=24)


def asking(person: str = MALLORY, chat: str = ROOM, at: datetime = START) -> Invitation:
    return Invitation(number=0, person=person, name="Mallory", chat=chat, asked_at=at, expires_at=at + DAY)


async def ask(store: Store, wanted: Invitation, most: int = 50, in_chat: int = 5) -> Asked:
    return (await store.people.ask(wanted, most=most, most_in_chat=in_chat))[0]


def deed(number: int, outcome: str = "refused", at: datetime = START, **more: object) -> Deed:
    values = {"person": MALLORY, "chat": ROOM, "what": f"/run {number}", "outcome": outcome, "at": at}
    return Deed.model_validate({"number": 0, **values, **more})


def grant(role: str = "runner", person: str = MALLORY, chat: str = ROOM, thread: str = "") -> Grant:
    return Grant.model_validate(
        {"person": person, "chat": chat, "thread": thread, "role": role, "granted_by": ALICE, "at": START}
    )


async def test_a_grant_takes_the_place_of_the_one_for_the_same_place_and_of_no_other(store: Store) -> None:
    for given in (grant("viewer"), grant("runner"), grant("admin", chat=""), grant("viewer", thread="7")):
        await store.people.grant(given)
    assert await store.people.grants_at(MALLORY, ROOM) == await store.people.grants_of(ROOM)
    assert {(g.chat, g.thread, g.role) for g in await store.people.grants_of()} == {
        (ROOM, "", "runner"),
        ("", "", "admin"),
        (ROOM, "7", "viewer"),
    }
    assert await store.people.grants_at(ALICE, ROOM) == ()
    assert [g.role for g in await store.people.grants_at(MALLORY, "telegram:-2")] == ["admin"]


async def test_what_is_revoked_in_a_chat_is_gone_with_its_threads_and_nobody_stays(store: Store) -> None:
    for given in (grant(), grant(thread="7"), grant(chat=""), grant(person="")):
        await store.people.grant(given)
    assert await store.people.revoke(MALLORY, ROOM, grant("nobody")) == 2
    assert {(g.person, g.chat, g.role) for g in await store.people.grants_of()} == {
        ("", ROOM, "runner"),
        (MALLORY, "", "runner"),
        (MALLORY, ROOM, "nobody"),
    }
    assert await store.people.revoke(MALLORY, None) == 2


async def test_what_is_revoked_in_a_thread_leaves_the_rest_of_the_chat(store: Store) -> None:
    for given in (grant(), grant(thread="7"), grant(thread="8")):
        await store.people.grant(given)
    assert await store.people.revoke(MALLORY, ROOM, grant("nobody", thread="7"), thread="7") == 1
    assert {(g.thread, g.role) for g in await store.people.grants_of()} == {
        ("", "runner"),
        ("7", "nobody"),
        ("8", "runner"),
    }


async def test_of_two_admins_in_two_processes_one_decides_and_both_see_what(
    store: Store, url: str, clock: ManualClock
) -> None:
    for number in range(1, 6):
        _, made = await store.people.ask(asking(f"telegram:{number}", f"c:{number}"), most=50, most_in_chat=5)
        assert made is not None
        other = await Store.open(url, clock)
        try:
            decisions = await asyncio.gather(
                store.people.decide(made.number, "runner", ALICE, START),
                other.people.decide(made.number, None, ANNE, START),
            )
        finally:
            await other.close()
        assert sorted(one.decided for one in decisions if one) == [False, True]
        assert len({one.invitation for one in decisions if one}) == 1
        winner = next(one.invitation for one in decisions if one)
        granted = await store.people.grants_at(made.person, made.chat)
        assert len(granted) == (1 if winner.state is InvitationState.APPROVED else 0)


async def test_a_person_has_one_open_invitation_for_a_chat_however_many_processes_ask(
    store: Store, url: str, clock: ManualClock
) -> None:
    other = await Store.open(url, clock)
    try:
        came = await asyncio.gather(*(ask(each, asking()) for each in (store, other) for _ in range(4)))
    finally:
        await other.close()
    assert sorted(came) == [Asked.NEW, *[Asked.WAITING] * 7]


async def test_strangers_cannot_flood_the_admins(store: Store) -> None:
    came = [await ask(store, asking(f"telegram:{n}", "one"), most=4, in_chat=2) for n in range(3)]
    assert came == [Asked.NEW, Asked.NEW, Asked.FULL]
    came = [await ask(store, asking(f"telegram:{n}", f"c{n}"), most=4, in_chat=2) for n in range(3)]
    assert came == [Asked.NEW, Asked.NEW, Asked.FULL]
    assert len(await store.people.open_invitations(START)) == 4
    assert await ask(store, asking("telegram:9", "c9", START + DAY), most=4, in_chat=2) is Asked.NEW


async def test_an_invitation_that_has_expired_decides_nothing_and_may_be_repeated(store: Store) -> None:
    _, first = await store.people.ask(asking(), most=50, most_in_chat=5)
    assert first is not None
    late = await store.people.decide(first.number, "runner", ALICE, START + DAY)
    assert late is not None
    assert (late.decided, late.invitation.state) == (False, InvitationState.EXPIRED)
    assert await store.people.grants_of() == ()
    assert [one.state for one in await store.people.unsettled(START + DAY)] == [InvitationState.EXPIRED]
    assert await ask(store, asking(at=START + DAY)) is Asked.NEW


async def test_who_was_denied_is_not_heard_again_anywhere_even_much_later(store: Store) -> None:
    _, made = await store.people.ask(asking(), most=50, most_in_chat=5)
    assert made is not None
    await store.people.decide(made.number, None, ALICE, START)
    await store.people.settle(made.number)
    later = START + timedelta(days=400)
    assert await ask(store, asking(chat="telegram:-2", at=later)) is Asked.DENIED
    assert await ask(store, asking("telegram:7", at=later)) is Asked.NEW


async def test_each_admin_is_told_by_one_and_the_outcome_by_one(
    store: Store, url: str, clock: ManualClock
) -> None:
    _, made = await store.people.ask(asking(), most=50, most_in_chat=5)
    assert made is not None
    other = await Store.open(url, clock)
    try:
        telling = await asyncio.gather(
            *(each.people.claim_telling(made.number, who) for each in (store, other) for who in (ALICE, ANNE))
        )
        assert sorted(telling) == [False, False, True, True]
        await store.people.note_told(made.number, ALICE, "1001 77")
        await other.people.note_told(made.number, ANNE, None)
        assert await store.people.claim_telling(made.number, ANNE)
        found = await store.people.invitation(made.number)
        assert found is not None
        assert dict(found.told) == {ALICE: "1001 77", ANNE: ""}
        await store.people.decide(made.number, None, ALICE, START)
        answering = await asyncio.gather(
            *(each.people.claim_answer(made.number) for each in (store, other) for _ in range(3))
        )
        assert sorted(answering) == [*[False] * 5, True]
        await store.people.give_back_answer(made.number)
        assert await other.people.claim_answer(made.number)
    finally:
        await other.close()


async def test_the_same_refusal_is_kept_once_a_minute_and_what_is_done_always(store: Store) -> None:
    minute = timedelta(minutes=1)
    assert await store.deeds.add(deed(1))
    assert not await store.deeds.add(deed(1, at=START + minute / 2))
    assert await store.deeds.add(deed(1, at=START + minute))
    assert await store.deeds.add(deed(1, chat="telegram:-2"))
    assert await store.deeds.add(deed(1, "done"))
    assert await store.deeds.add(deed(1, "done"))
    assert await store.deeds.count() == 5
    assert await store.deeds.count("telegram:-2") == 1
    newest = await store.deeds.last(2, ROOM, skip=1)
    assert [(one.outcome, one.at) for one in newest] == [("done", START), ("refused", START + minute)]


async def test_a_flood_of_refusals_grows_nothing_without_limit_and_pushes_out_no_deed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deed_rows, "KEEP_ROWS", 40)
    monkeypatch.setattr(deed_rows, "_PRUNE_AFTER", 10)
    monkeypatch.setattr(deed_rows, "MOST_REFUSED_A_MINUTE", 30)
    await store.deeds.add(deed(0, "done"))
    kept = [await store.deeds.add(deed(n, person=f"telegram:{n}")) for n in range(50)]
    assert sum(kept) == 30
    for n in range(50, 90):
        await store.deeds.add(deed(n, at=START + timedelta(minutes=n)))
    assert await store.deeds.count() <= 40 + 1 + 10
    assert [one.what for one in await store.deeds.last(100) if one.outcome == "done"] == ["/run 0"]
    await store.deeds.add(deed(1, "done", at=START + deed_rows.KEEP + timedelta(days=2)))
    assert await store.deeds.count() == 1


async def test_how_many_roles_are_given_can_be_asked_of_a_database_without_changing_it(
    store: Store, url: str, tmp_path: Path
) -> None:
    for given in (grant(), grant(chat=""), grant("nobody", person=ANNE)):
        await store.people.grant(given)
    assert await granted_at(url) == 2
    missing = tmp_path / "missing.db"
    assert await granted_at(f"sqlite+aiosqlite:///{missing}") == 0
    assert not missing.exists()
