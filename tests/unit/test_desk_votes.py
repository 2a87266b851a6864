"""Votes that people send or press: whose count, how often, and what they hear of them."""

import pytest

from bot.buttons import CastVote, encode
from bot.cards import Notice
from bot.desk import Desk
from bot.request import Address, Person
from core.domain.ballot import Action
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, MALLORY, answered, arena
from tests.door_double import ALICE, DoorDouble, press


@pytest.fixture
def app() -> ArenaDouble:
    return arena()


@pytest.fixture
def door() -> DoorDouble:
    return DoorDouble()


async def test_whoever_may_look_may_vote_and_hears_how_the_votes_stand(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await answered(app, door, "vote NVDA buy 70", person=BOB)
    assert card == Notice(text="Your vote: BUY 70 %. So far: 1 BUY.")
    assert door.last.only_for == BOB
    card = await answered(app, door, "vote nvda sell", person=ALICE, delivery="2")
    assert card == Notice(text="Your vote: SELL. So far: 1 BUY, 1 SELL.")
    assert {person: vote.chat for person, vote in app.votes.items()} == {
        "telegram:1002": "telegram:-100123",
        "telegram:1001": "telegram:-100123",
    }


async def test_another_vote_of_the_same_person_says_what_it_replaces(
    app: ArenaDouble, door: DoorDouble
) -> None:
    await answered(app, door, "vote NVDA buy 70", person=BOB)
    card = await answered(app, door, "vote NVDA sell 55", person=BOB, delivery="2")
    assert card == Notice(text="Your vote is now SELL 55 %, it was BUY 70 %. So far: 1 SELL.")
    card = await answered(app, door, "vote NVDA sell 55", person=BOB, delivery="3")
    assert card == Notice(text="Your vote: SELL 55 %. So far: 1 SELL.")


async def test_a_pressed_vote_that_is_delivered_again_after_another_vote_changes_nothing(
    app: ArenaDouble, door: DoorDouble
) -> None:
    desk = Desk(app)
    buy, sell = (encode(CastVote(arena_facts.RUN_ID, action)) for action in (Action.BUY, Action.SELL))
    card = await desk.press(press(buy, person=BOB), door)
    assert card == Notice(text="Your vote: BUY. So far: 1 BUY.")
    card = await desk.press(press(sell, person=BOB, delivery="p2"), door)
    assert card == Notice(text="Your vote is now SELL, it was BUY. So far: 1 SELL.")
    assert await desk.press(press(buy, person=BOB), door) is None
    assert app.votes["telegram:1002"].action is Action.SELL
    assert door.messages == {}


async def test_at_the_terminal_one_person_votes(app: ArenaDouble, door: DoorDouble) -> None:
    where, who = Address("terminal", "terminal"), Person("terminal", "alice")
    await answered(app, door, "vote NVDA hold", person=who, address=where)
    assert [(vote.person, vote.chat) for vote in app.votes.values()] == [("terminal", "terminal:terminal")]


async def test_a_stranger_votes_neither_by_command_nor_by_button(app: ArenaDouble, door: DoorDouble) -> None:
    await answered(app, door, "vote NVDA buy", person=MALLORY)
    await Desk(app).press(press(encode(CastVote(arena_facts.RUN_ID, Action.BUY)), person=MALLORY), door)
    assert app.votes == {}


async def test_a_vote_button_of_a_run_that_is_gone_says_so(app: ArenaDouble, door: DoorDouble) -> None:
    card = await Desk(app).press(press(encode(CastVote("zzzz2222", Action.BUY))), door)
    assert card == Notice(text="This run is too old to open. Send /run NVDA for a new one.", tone="warning")
