"""Data of every kind of button, written by hand by somebody who may only look, or may not even do that."""

import pytest

from bot.cards import Card, Notice
from bot.dialogue_buttons import mark_of
from bot.presses import SHOWN, kind_of
from bot.request import Person
from core.domain.people import InvitationState
from tests.arena_facts import RUN_ID
from tests.desk_scene import BOB, MALLORY
from tests.door_double import CHAT
from tests.unit.test_desk_subscriptions import Scene

HERE, WHO = mark_of(CHAT), mark_of(BOB)
LOOKING = (
    f"w.{RUN_ID}.1",
    f"p.{RUN_ID}.1.1.1",
    f"r.{RUN_ID}",
    "h.1",
    f"k.{RUN_ID}.1.2.1",
    "o.1",
    f"e.{RUN_ID}",
    f"i.{RUN_ID}",
    f"it.{RUN_ID}.n.1",
    "q.7h3p9wdk",
    "qp.7h3p9wdk.2",
    "f.e.t.all.value.0",
    "a.h",
    f"v.{RUN_ID}.b",
)
"""What everybody with a role may press; the votes of viewers count."""
CHANGING = (
    f"s.{HERE}.a.d.a",
    f"s.{HERE}.a.r",
    f"s.{HERE}.p.1",
    f"s.{HERE}.r.1",
    f"s.{HERE}.d.1",
    f"s.{HERE}.u.1",
    *(f"c.y.{deed}.t4z36u.abc.{WHO}.{HERE}.{target}" for deed, target in (("u", ""), ("m", "1"), ("r", "1"))),
    f"s.{HERE}.t.d",
    f"s.{HERE}.t.r.admin",
    f"s.{HERE}.t.l.de",
    f"s.{HERE}.t.q.off",
    f"s.{HERE}.t.n.digest.off",
    f"t.{HERE}.NVDA",
    "g.1.v",
    "g.1.r",
    "g.1.d",
    "g.l.1",
    "au.a.50.1",
    "au.h.50.1",
    f"x.{RUN_ID}",
    "y.7d.key",
    "y.all.person",
    "m.people 5555 admin",
    "m.people remove 1001",
    "mn.people everybody runner here",
    "m.audit",
    "m.season end confirm",
    "m.run NVDA",
    "m.watch add NVDA",
    "m.settings runs admin",
    "m.unsubscribe 1",
    "m.subscriptions all",
    "mn.subscribe digest daily 09:00",
)
"""What changes something or shows what is for admins; `m` and `mn` send a command."""


def test_every_kind_of_button_is_here() -> None:
    assert {kind_of(data) for data in (*LOOKING, *CHANGING)} == set(SHOWN)


async def pressed(data: str, person: Person) -> tuple[Scene, Card | None]:
    """Let somebody press a button in a chat of Carol's, and see that all is as before."""
    scene = Scene()
    await scene.say("subscribe digest weekdays 09:00")
    await scene.say("watch add NVDA")
    await scene.app.people.ask("telegram:5555", "Eve", CHAT.chat_id, None)

    async def state() -> list[object]:
        app = scene.app
        return [
            dict(app.rows.kept),
            dict(app.people_rows.given),
            app.people_rows.invitations[1].state,
            await app.subscriptions.terms(CHAT.platform, CHAT.chat),
            await app.watchlists.of(CHAT.chat_id),
            len(app.requests),
            len(app.cancelled),
        ]

    before = await state()
    assert before[2] is InvitationState.ASKED
    scene.app.people_rows.noted.clear()
    card = await scene.press(data, person)
    assert await state() == before
    return scene, card


@pytest.mark.parametrize("data", CHANGING)
async def test_a_viewer_changes_nothing_and_each_try_is_written_down(data: str) -> None:
    scene, card = await pressed(data, BOB)
    assert isinstance(card, Notice)
    assert card.tone == "warning"
    assert [(one.person, one.outcome) for one in scene.app.people_rows.noted] == [(BOB.id, "refused")]


@pytest.mark.parametrize("data", [*LOOKING, *CHANGING, "m.claim AAAA-AAAA"])
async def test_a_stranger_sees_nothing_of_any_button(data: str) -> None:
    scene, card = await pressed(data, MALLORY)
    assert isinstance(card, Notice)
    assert card.text.startswith("This committee is private.")
    noted = [(one.what, one.outcome) for one in scene.app.people_rows.noted]
    assert noted == [("stranger: a button", "refused")]
    assert scene.app.votes == {}


ARENA = {
    "season end": "season end",
    "season end confirm": "season end",
    "season start winter": "season start",
    "remove claude": "remove",
    "restore claude": "restore",
    "reset claude": "reset",
}


@pytest.mark.parametrize("text", ARENA)
async def test_an_admin_of_one_chat_does_not_rule_the_arena(text: str) -> None:
    scene = Scene()
    await scene.app.people.grant(BOB.id, "admin", by="telegram:1001", chat=CHAT.chat_id)
    card = await scene.say(text, BOB)
    assert isinstance(card, Notice)
    assert card.text == (
        f"/{ARENA[text]} is about the whole committee, and you are admin of this chat alone. "
        "Ask an admin of the committee."
    )
    assert [one.outcome for one in scene.app.people_rows.noted if one.person == BOB.id] == ["refused"]


@pytest.mark.parametrize("deed", ["m", "r", "e", "s"])
async def test_nor_does_a_yes_that_they_wrote_by_hand(deed: str) -> None:
    scene = Scene()
    await scene.app.people.grant(BOB.id, "admin", by="telegram:1001", chat=CHAT.chat_id)
    card = await scene.press(f"c.y.{deed}.t4z36u.abc.{WHO}.{HERE}.1", BOB)
    assert isinstance(card, Notice)
    assert "is about the whole committee" in card.text
