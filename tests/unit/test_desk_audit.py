"""The audit trail at the desk, with a clock that stands still."""

from bot.cards import DialogueCard, Notice
from bot.request import Person, Request
from core.domain.subscription import ChatTerms
from tests.desk_people_scene import ALICES, at_work, open_arena, said
from tests.desk_scene import BOB
from tests.door_double import ALICE, CHAT, DoorDouble, press, request


async def test_the_audit_trail_has_refusals_and_privileged_actions_and_nothing_else() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    for number, (text, person) in enumerate(
        (
            ("subscribe digest daily 09:00", BOB),
            ("settings quiet 22:00-07:00", BOB),
            ("settings", BOB),
            ("unsubscribe 1", BOB),
            ("unsubscribe 9", BOB),
            ("season end", BOB),
            ("people", BOB),
            ("leaderboard", BOB),
            ("people telegram:6666 viewer", ALICE),
            ("nonsense", BOB),
            ("whoami", Person("telegram:9", "Stranger")),
        )
    ):
        await desk.handle(request(text, person=person, delivery=str(number)), door)
    assert [(deed.person, deed.outcome, deed.what) for deed in app.people_rows.noted] == [
        (BOB.id, "done", "/subscribe digest daily 09:00"),
        (BOB.id, "done", "/settings quiet 22:00-07:00"),
        (BOB.id, "done", "/unsubscribe 1"),
        (BOB.id, "refused", "/unsubscribe 9"),
        (BOB.id, "refused", "/season end"),
        (BOB.id, "refused", "/people"),
        (ALICE.id, "done", "/people telegram:6666 viewer"),
        ("telegram:9", "refused", "stranger: /whoami"),
    ]


async def test_audit_shows_this_chat_in_a_group_and_all_chats_to_an_admin_in_private_page_by_page() -> None:
    app, door = open_arena(), DoorDouble()
    desk = at_work(app, door)
    for number in range(23):
        chat = CHAT.chat_id if number % 2 else "telegram:-100999"
        await app.people.deeds.note(BOB.id, chat, None, f"/run {number}", "refused", "why")
    here = await said(desk, door, "audit")
    assert isinstance(here, DialogueCard)
    assert here.title == "Audit trail of this chat"
    assert here.facts[0][1] == f"{BOB.id}: /run 21 · why"
    assert len(here.facts) == 10
    (older,) = here.buttons
    turned = await desk.press(press(older.data, person=ALICE, delivery="t1"), door)
    assert isinstance(turned, DialogueCard)
    assert turned.facts[-1][1] == f"{BOB.id}: /run 1 · why"
    wanted = Request(text="audit 12", address=ALICES, person=ALICE, delivery="2", private=True)
    await desk.handle(wanted, door)
    everything = door.last.now
    assert isinstance(everything, DialogueCard)
    assert everything.title == "Audit trail of all chats"
    (older,) = everything.buttons
    for place, who in ((CHAT, ALICE), (CHAT, BOB)):
        card = await desk.press(press(older.data, person=who, address=place, delivery=f"3{who.id}"), door)
        assert isinstance(card, Notice), "all chats are for a private chat"
    last = await desk.press(press(older.data, person=ALICE, address=ALICES, delivery="4"), door)
    assert isinstance(last, DialogueCard)
    assert 1 <= len(last.facts) <= 2


async def test_a_chats_zone_is_that_of_its_audit_times() -> None:
    app, door = open_arena(), DoorDouble()
    await app.people.deeds.note(BOB.id, CHAT.chat_id, None, "/run", "refused")
    app.rows.by_chat[CHAT.chat_id] = ChatTerms(zone="Asia/Tokyo")
    card = await said(at_work(app, door), door, "audit")
    assert isinstance(card, DialogueCard)
    assert "JST" in card.facts[0][0]


async def test_the_audit_trail_counts_as_the_chat_writes_numbers() -> None:
    app, door = open_arena(), DoorDouble()
    await app.subscriptions.set_terms("telegram", CHAT.chat, ChatTerms(language="de"))
    for number in range(1_001):
        await app.people.deeds.note(BOB.id, CHAT.chat_id, None, f"/settings {number}", "done")
    card = await said(at_work(app, door), door, "audit")
    assert isinstance(card, DialogueCard)
    assert "1.001 in all" in card.footer
