"""Strangers, roles and quotas at the desk, with a clock that stands still."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.cards import DialogueCard, Notice, ProgressCard
from bot.desk import Desk
from bot.door import ChatGone, DeliveryFailed, Unsure
from bot.people_buttons import Decide, encode
from bot.request import Address, Person
from core.clock import ManualClock
from core.domain.errors import StoreError
from core.domain.people import Grant, InvitationState, Role
from core.domain.quota import Used
from core.domain.subscription import ChatTerms
from tests.desk_people_scene import ALICES, ANNE, ANNES, asked, at_work, open_arena, said, shown_in
from tests.desk_scene import BOB, MALLORY
from tests.door_double import ALICE, CHAT, DoorDouble, press, request


async def test_both_admins_are_asked_once_and_the_first_decision_is_on_both_cards() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    await asked(desk, door)
    await asked(desk, door)
    for where in (ALICES, ANNES):
        (card,) = shown_in(door, where)
        assert isinstance(card, DialogueCard)
        assert ("Who", "Mallory (telegram:6666)") in card.facts
    greetings = shown_in(door, CHAT)
    assert [isinstance(one, Notice) and "I have asked its admins" in one.text for one in greetings] == [True]

    runner, deny = encode(Decide(1, "runner")), encode(Decide(1, None))
    first = await desk.press(press(runner, person=ALICE, address=ALICES, delivery="p1"), door)
    second = await desk.press(press(deny, person=ANNE, address=ANNES, delivery="p2"), door)
    await desk.reception.until_idle()
    for card in (first, second, *shown_in(door, ALICES), *shown_in(door, ANNES)):
        assert isinstance(card, DialogueCard)
        assert card.title == "Approved as runner by telegram:1001"
        assert card.buttons == ()
    assert await app.people.role(MALLORY.id, CHAT.chat_id) is Role.RUNNER
    assert await app.people.role(MALLORY.id, "telegram:-100999") is None
    (_, welcome) = shown_in(door, CHAT)
    assert isinstance(welcome, Notice)
    assert welcome.text.startswith("Mallory: Welcome! An admin has let you in as runner")
    done = [deed.what for deed in app.people_rows.noted if deed.outcome == "done"]
    assert done == ["approve telegram:6666 as runner"]
    assert app.people_rows.invitations[1].settled


async def test_a_denied_stranger_is_told_once_and_costs_nobody_a_message_any_more() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    await asked(desk, door)
    await desk.press(press(encode(Decide(1, None)), person=ANNE, address=ANNES), door)
    await desk.reception.until_idle()
    count = len(door.messages)
    for number, text in enumerate(("start", "run NVDA", "whoami")):
        elsewhere = Address("telegram", "-100777")
        await desk.handle(request(text, person=MALLORY, delivery=f"x{number}", address=elsewhere), door)
    await desk.reception.until_idle()
    assert len(door.messages) == count
    assert [getattr(one, "text", "") for one in shown_in(door, CHAT)][-1].endswith("not to let you in.")


async def test_after_a_day_the_request_expires_its_cards_say_so_and_it_may_be_made_again() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    await asked(desk, door)
    assert isinstance(app.clock, ManualClock)
    app.clock.advance(timedelta(hours=24).total_seconds())
    late = await desk.press(press(encode(Decide(1, "viewer")), person=ALICE, address=ALICES), door)
    await desk.reception.round()
    await desk.reception.until_idle()
    assert app.people_rows.invitations[1].state is InvitationState.EXPIRED
    assert isinstance(late, DialogueCard)
    assert late.title.startswith("Expired")
    (card,) = shown_in(door, ALICES)
    assert isinstance(card, DialogueCard)
    assert card.title.startswith("Expired")
    await desk.handle(request("start", person=MALLORY, delivery="m2"), door)
    await desk.reception.until_idle()
    assert len(shown_in(door, ALICES)) == 2
    assert len(shown_in(door, CHAT)) == 2


async def test_what_a_dead_process_left_untold_is_told_by_the_next_one() -> None:
    app, door = open_arena(), DoorDouble()
    await app.people.ask(MALLORY.id, "Mallory", CHAT.chat_id, None)
    desk = at_work(app, door)
    await desk.reception.round()
    await desk.reception.until_idle()
    assert len(shown_in(door, ALICES)) == len(shown_in(door, ANNES)) == 1
    await app.people.decide(1, "viewer", by=ALICE.id)  # and died before anybody heard of it
    for _ in range(2):
        await desk.reception.round()
        await desk.reception.until_idle()
    (card,) = shown_in(door, ANNES)
    assert isinstance(card, DialogueCard)
    assert card.title == "Approved as viewer by telegram:1001"
    assert len(shown_in(door, CHAT)) == 1


@pytest.mark.parametrize(
    ("failure", "times"), [(DeliveryFailed("away"), 2), (Unsure("no answer"), 1), (ChatGone("blocked"), 1)]
)
async def test_a_message_to_an_admin_is_tried_again_only_where_it_surely_did_not_arrive(
    failure: DeliveryFailed, times: int
) -> None:
    app, door = open_arena(), DoorDouble()
    app.people_rows.given.clear()
    desk = at_work(app, door)
    await app.people.ask(MALLORY.id, "Mallory", CHAT.chat_id, None)
    tried: list[str] = []
    real = door.send

    async def send(address: Address, card: object, **more: object) -> object:
        tried.append(address.chat)
        if address == ALICES and tried.count("1001") == 1:
            raise failure
        return await real(address, card, **more)  # type: ignore[arg-type]

    door.send = send  # type: ignore[method-assign,assignment]
    for _ in range(3):
        await desk.reception.round()
        await desk.reception.until_idle()
    assert tried.count("1001") == times
    assert tried.count("1004") == 1


async def test_without_a_reachable_admin_or_with_too_many_who_wait_a_stranger_gets_its_ids() -> None:
    app, door = open_arena(), DoorDouble()
    desk = Desk(app)  # no platform is connected, so nobody can be asked
    card = await said(desk, door, "start", person=MALLORY)
    assert isinstance(card, Notice)
    assert "give its admin your ids: you are telegram:6666" in card.text
    desk.reception.open(door)
    for number in range(7):
        person = Person(f"telegram:700{number}", "x")
        await desk.handle(request("start", person=person, delivery=f"d{number}"), door)
    await desk.reception.until_idle()
    texts = [getattr(one, "text", "") for one in shown_in(door, CHAT)]
    assert sum("I have asked its admins" in text for text in texts) == 5
    assert sum("give its admin your ids" in text for text in texts) == 3
    assert len(shown_in(door, ALICES)) == 5


async def test_only_an_admin_of_that_chat_may_decide_whatever_the_button_says() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    await asked(desk, door)
    card = await desk.press(press(encode(Decide(1, "runner")), person=BOB), door)
    assert isinstance(card, Notice)
    assert "needs the role admin" in card.text
    await app.people.grant(BOB.id, "admin", by=ALICE.id, chat="telegram:-100999")
    there = Address("telegram", "-100999")
    card = await desk.press(press(encode(Decide(1, "runner")), person=BOB, address=there, delivery="2"), door)
    assert isinstance(card, Notice)
    assert app.people_rows.invitations[1].state is InvitationState.ASKED
    refused = [deed.what for deed in app.people_rows.noted if deed.person == BOB.id]
    assert refused == ["button: people", "button: people"]
    unknown = await desk.press(press("g.99.v", person=ALICE, delivery="3"), door)
    assert unknown == Notice(text="This request is not known any more.", tone="warning")


async def test_people_are_given_roles_here_everywhere_and_in_a_topic_and_lose_them() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    topic = Address("telegram", CHAT.chat, "7")
    for number, (text, place) in enumerate(
        (
            ("people telegram:6666 viewer", CHAT),
            ("people 6666 runner topic", topic),
            ("people telegram:7777 runner here", CHAT),
            ("people remove telegram:7777 here", CHAT),
        )
    ):
        card = await said(desk, door, text, delivery=str(number), address=place)
        assert isinstance(card, DialogueCard), card
    room = CHAT.chat_id
    assert await app.people.role("telegram:6666", "telegram:-100999") is Role.VIEWER
    assert await app.people.role("telegram:6666", room) is Role.VIEWER
    assert await app.people.role("telegram:6666", room, "7") is Role.RUNNER
    assert await app.people.role("telegram:7777", room) is None
    assert isinstance(card, DialogueCard)
    assert card.text == f"telegram:7777 has no role in {room} any more."
    assert ("telegram:7777", f"no role in {room}, by telegram:1001") in card.facts

    same = await said(desk, door, "people telegram:1002 viewer", delivery="7")
    assert isinstance(same, DialogueCard)
    assert "By [access] the person is runner there all the same." in same.text
    refused = await said(desk, door, "people remove telegram:1004", delivery="8")
    assert isinstance(refused, Notice)
    assert "by [access] of the configuration" in refused.text
    no_topic = await said(desk, door, "people telegram:6666 runner topic", delivery="9")
    assert isinstance(no_topic, Notice)
    assert "This is no topic" in no_topic.text


async def test_an_admin_of_one_chat_changes_roles_there_alone() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    await app.people.grant(BOB.id, "admin", by=ALICE.id, chat=CHAT.chat_id)
    card = await said(desk, door, "people telegram:6666 admin", person=BOB)
    assert isinstance(card, Notice)
    assert "add here" in card.text
    await said(desk, door, "people telegram:6666 viewer here", person=BOB, delivery="2")
    assert await app.people.role(MALLORY.id, CHAT.chat_id) is Role.VIEWER
    assert await app.people.role(MALLORY.id, "") is None


async def test_an_admin_of_one_topic_gives_roles_there_alone_and_changes_nothing_of_the_chat() -> None:
    app, door = open_arena(people=[{"id": BOB.id, "role": "viewer"}]), DoorDouble()
    desk, topic = at_work(app, door), Address("telegram", CHAT.chat, "7")
    await app.people.grant(BOB.id, "admin", by=ALICE.id, chat=CHAT.chat_id, thread="7")
    await app.people.ask("telegram:5555", "Eve", CHAT.chat_id, "7")
    await said(desk, door, "people 6666 runner topic", person=BOB, address=topic, delivery="0")
    assert await app.people.role(MALLORY.id, CHAT.chat_id, "7") is Role.RUNNER
    for number, text in enumerate(
        (
            "people telegram:1002 admin here",
            "people remove telegram:6666 here",
            "people everybody runner here",
            "settings runs admin",
            "settings default",
            "watch add NVDA",
            "unsubscribe all",
        )
    ):
        told = await said(desk, door, text, person=BOB, address=topic, delivery=f"a{number}")
        assert isinstance(told, Notice), text
        assert "in this topic alone" in told.text, text
    decided = await desk.press(
        press(encode(Decide(1, "runner")), person=BOB, address=topic, delivery="p"), door
    )
    assert isinstance(decided, Notice)
    assert "needs the role admin" in decided.text
    assert await app.people.role(BOB.id, CHAT.chat_id) is Role.VIEWER
    assert await app.people.role(MALLORY.id, CHAT.chat_id) is None
    assert await app.people.role(MALLORY.id, CHAT.chat_id, "7") is Role.RUNNER


async def test_who_is_removed_from_a_topic_keeps_the_role_in_the_rest_of_the_chat() -> None:
    app, door = open_arena(), DoorDouble()
    desk, topic = at_work(app, door), Address("telegram", CHAT.chat, "7")
    await app.people.grant(MALLORY.id, "runner", by=ALICE.id, chat=CHAT.chat_id)
    await app.people.grant(MALLORY.id, "admin", by=ALICE.id, chat=CHAT.chat_id, thread="7")
    card = await said(desk, door, "people remove 6666 topic", address=topic)
    assert isinstance(card, DialogueCard)
    assert card.text == f"telegram:6666 has no role in thread 7 of {CHAT.chat_id} any more."
    assert await app.people.role(MALLORY.id, CHAT.chat_id, "7") is None
    assert await app.people.role(MALLORY.id, CHAT.chat_id) is Role.RUNNER


async def test_where_only_admins_may_run_a_runner_is_told_so_in_one_sentence() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    app.rows.by_chat[CHAT.chat_id] = ChatTerms(runs_by="admin")
    for number, text in enumerate(("run NVDA", "subscribe digest daily 09:00", "settings cheaper on")):
        card = await said(desk, door, text, person=BOB, delivery=str(number))
        assert isinstance(card, Notice)
        assert card.text.startswith("In this chat only admins may start runs, subscribe and change settings")
    assert app.requests == []
    who = await said(desk, door, "whoami", person=BOB, delivery="9")
    assert isinstance(who, Notice)
    assert "You would be runner, but its settings let only admins start runs." in who.text
    await said(desk, door, "run NVDA", delivery="10")
    assert len(app.requests) == 1


@pytest.mark.parametrize(
    ("used", "on_the_run", "in_whoami"),
    [
        (Used(7), "", "Quota: 3 of your 10 runs left today."),
        (Used(8), "2 of your 10 runs left today", "Quota: 2 of your 10 runs left today."),
        (Used(11), "0 of your 10 runs left today", "Quota: 0 of your 10 runs left today."),
    ],
)
async def test_what_is_left_is_always_in_whoami_and_on_the_run_when_it_is_little(
    used: Used, on_the_run: str, in_whoami: str
) -> None:
    app, door = open_arena(runs_per_person_daily=10), DoorDouble()
    app.people_rows.used = (used, Used())
    desk = at_work(app, door)
    await desk.handle(request("run NVDA", person=BOB), door)
    drawn = [card for card in door.last.cards if isinstance(card, ProgressCard)]
    assert any(on_the_run in card.subtitle for card in drawn)
    assert on_the_run or not any("left today" in card.subtitle for card in drawn)
    who = await said(desk, door, "whoami", person=BOB, delivery="2")
    assert isinstance(who, Notice)
    assert in_whoami in who.text


async def test_money_of_a_chat_that_has_a_quota_of_its_own_is_told_beside_runs() -> None:
    rooms = [{"id": CHAT.chat_id, "role": "viewer", "usd_daily": "2.50"}]
    app, door = open_arena(chats=rooms, usd_per_chat_daily="9"), DoorDouble()
    app.people_rows.used = (Used(), Used(3, Decimal("0.25")))
    who = await said(at_work(app, door), door, "whoami", person=BOB)
    assert isinstance(who, Notice)
    assert who.text.endswith("Quota: $2.25 of this chat's $2.50 left today.")


async def test_a_code_that_the_store_could_not_take_is_still_good_and_so_is_not_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for failure in (StoreError("the database is away"), RuntimeError("a bug")):
        app, door = open_arena(), DoorDouble()

        class Failing:
            def __init__(self, failure: Exception) -> None:
                self.failure = failure

            async def waits(self) -> bool:
                return True

            async def take(self, code: str, person: str) -> None:
                raise self.failure

        monkeypatch.setattr(app, "claims", Failing(failure), raising=False)
        await said(at_work(app, door), door, "claim K7QM-2XDR", person=MALLORY)
        assert "claim …" in caplog.text
        assert "K7QM" not in caplog.text
        assert "K7QM" not in str(app.people_rows.noted)
        caplog.clear()


async def test_admins_of_grants_are_asked_too() -> None:
    app, door = open_arena(), DoorDouble()
    when = app.clock.now()
    await app.people_rows.grant(Grant(person=BOB.id, role="admin", granted_by=ALICE.id, at=when))
    desk = at_work(app, door)
    await asked(desk, door)
    assert len(shown_in(door, Address("telegram", "1002"))) == 1
