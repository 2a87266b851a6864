"""Two steps: only who asked confirms, where they asked, within a minute, once, and who still may."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.cards import Card, DialogueCard, Notice
from bot.confirming import LIMIT_BYTES, Confirmation, Deed, decode, deed_in_words, encode, fits
from bot.desk import Desk
from bot.handlers.confirming import _STEPS
from bot.present.question import is_question, question_card
from bot.presses import is_dangerous
from bot.request import Address, Person
from bot.slack_render import render as slack
from bot.telegram_parameters import keyboard
from bot.telegram_render import render as telegram
from core.domain.errors import Refused
from tests.arena_double import ArenaDouble
from tests.desk_scene import arena
from tests.door_double import ALICE, CHAT, DoorDouble, press, request

CAROL, DAVE = Person("telegram:1003", "Carol"), Person("telegram:1004", "Dave")
RIGHTS = {"people": [{"id": one.id, "role": "runner"} for one in (CAROL, DAVE)], "admins": [ALICE.id]}
MARKS = st.text("0123456789abcdef", min_size=8, max_size=8)
ANSWERS = st.builds(
    Confirmation,
    st.sampled_from(Deed),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789~-", max_size=40),
    MARKS,
    MARKS,
    st.integers(1, 99_999_999_999),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=3),
    yes=st.booleans(),
)


@given(ANSWERS.filter(fits))
def test_an_answer_written_into_a_button_is_read_back(answer: Confirmation) -> None:
    data = encode(answer)
    assert len(data.encode()) <= LIMIT_BYTES
    assert decode(data) == answer
    assert is_dangerous(data) is answer.yes


@given(st.text(max_size=80).map(lambda text: f"c.{text}"))
@example("c.")
@example("c.y.u.t0.abc.0123abcd.0123abcd.\n")
@example("c.y.q.t0.abc.0123abcd.0123abcd.")
@example("c.y.u.00.abc.0123abcd.0123abcd.")
@example("c.y.u.t0.abc.0123ABCD.0123abcd.")
@example("c.y.u.t0.abc.0123abcd.0123abcd." + "x" * 60)
def test_what_is_not_ours_is_refused_and_what_is_ours_is_read(data: str) -> None:
    try:
        answer = decode(data)
    except Refused as refused:
        assert "nothing was done" in str(refused)
        assert deed_in_words(data) == ("button: unknown", False)
    else:
        assert encode(answer) == data


def test_every_deed_has_a_second_step() -> None:
    assert set(_STEPS) == set(Deed)


def test_an_audit_trail_tells_a_yes_from_a_no() -> None:
    yes = Confirmation(Deed.END_SEASON, "autumn", "0123abcd", "0123abcd", 7, "abc")
    no = Confirmation(Deed.UNSUBSCRIBE_ALL, "", "0123abcd", "0123abcd", 7, "abc", yes=False)
    assert deed_in_words(encode(yes)) == ("button: yes to end season autumn", True)
    assert deed_in_words(encode(no)) == ("button: no to unsubscribe all", False)


def test_the_yes_is_red_where_a_platform_has_red_buttons_and_the_no_is_not() -> None:
    yes = Confirmation(Deed.UNSUBSCRIBE_ALL, "", "0123abcd", "0123abcd", 7, "abc")
    card = question_card("Sure?", "It is gone then.", yes, label="do it", name="Alice")
    assert is_question(card)
    actions = next(block for block in slack(card).blocks if block["type"] == "actions")
    assert [one.get("style") for one in actions["elements"]] == ["danger", None]
    markup = keyboard(telegram(card))
    assert markup is not None
    (row,) = markup["inline_keyboard"]
    assert [(one["text"], one.get("style")) for one in row] == [("Yes, do it", "danger"), ("No", None)]


class Scene:
    """A chat with two subscriptions in which Carol has asked to delete all."""

    def __init__(self, app: ArenaDouble) -> None:
        self.app = app
        self.door = DoorDouble()
        self.desk = Desk(app)
        self.presses = 0

    async def ask(self) -> tuple[str, str]:
        """Ask, and return the data of yes and no."""
        self.presses += 1
        await self.desk.handle(request("unsubscribe all", CAROL, CHAT, f"a{self.presses}"), self.door)
        card = self.door.last.now
        assert isinstance(card, DialogueCard)
        return card.buttons[0].data, card.buttons[1].data

    async def press(self, data: str, person: Person = CAROL, where: Address = CHAT) -> Card | None:
        self.presses += 1
        return await self.desk.press(press(data, person, where, f"p{self.presses}"), self.door)

    @property
    def left(self) -> int:
        return len(self.app.rows.due)


@pytest.fixture
async def scene() -> Scene:
    made = Scene(arena(access=RIGHTS))
    for hour in (9, 10):
        text = f"subscribe digest daily {hour}:00"
        await made.desk.handle(request(text, CAROL, CHAT, text), made.door)
    return made


def told(card: Card | None) -> str:
    assert isinstance(card, Notice), card
    return card.text


@pytest.mark.parametrize("person", [ALICE, DAVE])
async def test_nobody_else_confirms_not_even_an_admin(scene: Scene, person: Person) -> None:
    yes, no = await scene.ask()
    for data in (yes, no):
        said = told(await scene.press(data, person))
        assert said == "Only who asked can confirm this. Send /unsubscribe all yourself."
    assert scene.left == 2
    assert isinstance(await scene.press(yes), DialogueCard)
    assert scene.left == 0


async def test_a_no_settles_it_so_that_a_later_yes_does_nothing(scene: Scene) -> None:
    yes, no = await scene.ask()
    kept = await scene.press(no)
    assert isinstance(kept, DialogueCard)
    assert kept.title == "Nothing was changed"
    assert told(await scene.press(yes)) == "This question has been answered already."
    assert scene.left == 2


async def test_a_yes_counts_once_however_often_it_is_pressed(scene: Scene) -> None:
    yes, _ = await scene.ask()
    await scene.press(yes)
    text = "subscribe digest daily 11:00"
    await scene.desk.handle(request(text, CAROL, CHAT, text), scene.door)
    assert told(await scene.press(yes)) == "This question has been answered already."
    assert scene.left == 1


async def test_a_yes_carried_into_another_chat_does_nothing(scene: Scene) -> None:
    yes, _ = await scene.ask()
    said = told(await scene.press(yes, where=Address("telegram", "-100999")))
    assert said == "This button belongs to another chat. Send /unsubscribe all here."
    assert scene.left == 2


async def test_the_role_is_looked_at_again(scene: Scene) -> None:
    yes, _ = await scene.ask()
    lowered = arena(access={**RIGHTS, "people": [{"id": CAROL.id, "role": "viewer"}]})
    scene.app.settings, scene.app.people = lowered.settings, lowered.people
    assert "needs the role runner; you are viewer here" in told(await scene.press(yes))
    assert scene.left == 2


async def test_after_a_minute_nothing_can_be_confirmed(scene: Scene) -> None:
    yes, _ = await scene.ask()
    scene.app.clock.advance(60)
    assert told(await scene.press(yes)) == (
        "The minute to confirm is over, and nothing was done. Send /unsubscribe all again."
    )
    assert scene.left == 2


async def test_the_audit_trail_has_the_deed_and_who_tried_it_but_not_the_question(scene: Scene) -> None:
    before = len(scene.app.people_rows.noted)
    yes, no = await scene.ask()
    await scene.press(yes, DAVE)
    await scene.press(yes)
    await scene.press(no)
    noted = [(deed.person, deed.outcome, deed.what) for deed in scene.app.people_rows.noted[before:]]
    assert noted == [
        (DAVE.id, "refused", "button: yes to unsubscribe all"),
        (CAROL.id, "done", "button: yes to unsubscribe all"),
        (CAROL.id, "refused", "button: no to unsubscribe all"),
    ]
