"""The buttons of people's own pages: what they send, who may press them, and what they open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.buttons import LIMIT_BYTES, TurnTo
from bot.cards import HelpCard, LeaderboardCard, Notice, ReasoningCard
from bot.desk import Desk
from bot.home_buttons import PostPage, ShowBoard, ShowHelp, decode, encode, posts
from core.domain.errors import Refused
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, MALLORY, arena
from tests.door_double import DoorDouble, press

numbers = st.integers(1, 999_999_999)
ids = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=1, max_size=24)
A_PAGE = encode(PostPage(TurnTo(arena_facts.RUN_ID, 1, 12, 1)))


@pytest.fixture
def app() -> ArenaDouble:
    return arena()


@given(ids, numbers, numbers, numbers)
def test_what_a_button_sends_is_read_back_and_fits(run: str, member: int, stage: int, page: int) -> None:
    wish = PostPage(TurnTo(run, member, stage, page))
    data = encode(wish)
    assert len(data.encode()) <= LIMIT_BYTES
    assert decode(data) == wish
    assert posts(data)


@pytest.mark.parametrize("wish", [ShowBoard(), ShowHelp()])
def test_the_buttons_of_the_page_are_read_back_and_post_nothing(wish: ShowBoard | ShowHelp) -> None:
    assert decode(encode(wish)) == wish
    assert not posts(encode(wish))


@given(st.text(max_size=70).map(lambda text: f"a.{text}"))
def test_data_written_by_hand_are_read_or_refused(data: str) -> None:
    try:
        wish = decode(data)
    except Refused as error:
        assert "too old" in str(error)
    else:
        assert encode(wish) == data


def test_no_button_can_carry_a_run_that_is_none() -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode(PostPage(TurnTo("../x", 1, 1, 1)))


@pytest.mark.parametrize(
    ("data", "card"), [("a.l", LeaderboardCard), ("a.h", HelpCard), (A_PAGE, ReasoningCard)]
)
async def test_who_may_look_may_press_them(app: ArenaDouble, data: str, card: type) -> None:
    assert isinstance(await Desk(app).press(press(data, person=BOB), DoorDouble()), card)


async def test_help_shows_a_viewer_what_a_viewer_may_send(app: ArenaDouble) -> None:
    card = await Desk(app).press(press("a.h", person=BOB), DoorDouble())
    assert isinstance(card, HelpCard)
    assert "/run" not in " ".join(usage for usage, _ in card.commands)


async def test_a_stranger_hears_its_ids_and_no_more(app: ArenaDouble) -> None:
    desk, door = Desk(app), DoorDouble()
    first = await desk.press(press(A_PAGE, person=MALLORY), door)
    assert isinstance(first, Notice)
    assert MALLORY.id in first.text
    assert await desk.press(press("a.l", person=MALLORY, delivery="2"), door) is None


async def test_a_page_of_a_run_that_is_gone_is_a_sentence(app: ArenaDouble) -> None:
    card = await Desk(app).press(press("a.t.gone.1.1.1"), DoorDouble())
    assert isinstance(card, Notice)
