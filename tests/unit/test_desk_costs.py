"""`/costs` at the desk: who sees whose, and what its buttons turn to."""

import pytest

from bot.access import Role
from bot.cards import Notice
from bot.commands import find
from bot.cost_buttons import PERIODS, ShowCosts, decode, encode
from bot.cost_cards import CostCard
from bot.desk import Desk
from bot.request import Address, Person, Request
from core.config import Settings
from core.domain.costs import EVERYTHING, CostGroup, CostReport, CostScope
from core.domain.errors import Refused
from tests.arena_double import ArenaDouble
from tests.cost_facts import COSTS
from tests.desk_people_scene import ADMINS, ALICES
from tests.desk_scene import BOB, MALLORY
from tests.door_double import ALICE, CHAT, DoorDouble, press, request

BOBS = Address("telegram", "1002")


class Priced(ArenaDouble):
    """An arena that notes whose costs it was asked for, and tells the same of everybody."""

    asked: list[tuple[CostGroup, str, CostScope]]

    async def costs(
        self,
        by: CostGroup = CostGroup.MODEL,
        period: str = "7d",
        scope: CostScope = EVERYTHING,
        *,
        most: int = 1_000,
    ) -> CostReport:
        self.asked.append((by, period, scope))
        lines = COSTS.lines if by is CostGroup.MODEL else ()
        return COSTS.model_copy(update={"by": by, "period": period, "scope": scope, "lines": lines})


@pytest.fixture
def app() -> Priced:
    people = [{"id": BOB.id, "role": "runner"}, {"id": "slack:U0BOB", "role": "admin"}]
    made = Priced(Settings.model_validate({"access": {"admins": ADMINS, "people": people}}))
    made.asked = []
    return made


async def said(app: Priced, text: str, **more: object) -> object:
    door = DoorDouble()
    await Desk(app).handle(request(text, **more), door)
    return door.last.now


async def said_in_private(app: Priced, text: str, address: Address, person: Person) -> object:
    door = DoorDouble()
    asked = Request(text=text, address=address, person=person, delivery="1", private=True)
    await Desk(app).handle(asked, door)
    return door.last.now


async def test_an_admin_sees_all_chats_in_private(app: Priced) -> None:
    card = await said_in_private(app, "costs 30d by key", ALICES, ALICE)
    assert isinstance(card, CostCard)
    assert app.asked == [(CostGroup.KEY, "30d", EVERYTHING)]
    assert card.subtitle.startswith("All chats")


async def test_in_a_group_everybody_sees_what_the_group_has_caused_and_no_more(app: Priced) -> None:
    for number, person in enumerate((ALICE, BOB)):
        card = await said(app, "costs", person=person, delivery=str(number))
        assert isinstance(card, CostCard)
        assert card.subtitle.startswith("This chat")
        assert not {button.label for button in card.buttons} & {"By key", "By chat", "By person"}
    assert app.asked == [(CostGroup.MODEL, "7d", CostScope(chats=(CHAT.chat_id,)))] * 2


async def test_in_private_others_see_what_they_have_caused_themselves(app: Priced) -> None:
    card = await said_in_private(app, "costs today", BOBS, BOB)
    assert isinstance(card, CostCard)
    assert card.subtitle.startswith("Your calls")
    assert app.asked == [(CostGroup.MODEL, "today", CostScope(chats=(BOBS.chat_id,), person=BOB.id))]


@pytest.mark.parametrize("group", ["key", "chat", "person"])
async def test_keys_chats_and_people_are_for_admins_in_private(app: Priced, group: str) -> None:
    here = await said(app, f"costs by {group}", delivery="in the group")
    for card in (here, await said_in_private(app, f"costs by {group}", BOBS, BOB)):
        assert isinstance(card, Notice)
        assert "are for admins, in a private chat" in card.text
    assert app.asked == []


async def test_a_stranger_sees_nothing(app: Priced) -> None:
    await said(app, "costs", person=MALLORY)
    assert app.asked == []


async def test_a_button_shows_what_its_presser_may_see_whoever_asked(app: Priced) -> None:
    door = DoorDouble()
    data = encode(ShowCosts("all", CostGroup.DAY))
    own = await Desk(app).press(press(data, person=ALICE, address=ALICES, delivery="1"), door)
    assert isinstance(own, CostCard)
    for number, (person, address) in enumerate(((BOB, BOBS), (BOB, CHAT), (ALICE, CHAT)), start=2):
        await Desk(app).press(press(data, person=person, address=address, delivery=str(number)), door)
    assert [scope for _, _, scope in app.asked] == [
        EVERYTHING,
        CostScope(chats=(BOBS.chat_id,), person=BOB.id),
        CostScope(chats=(CHAT.chat_id,)),
        CostScope(chats=(CHAT.chat_id,)),
    ]


async def test_a_forged_button_reaches_no_keys(app: Priced) -> None:
    forged = encode(ShowCosts("7d", CostGroup.KEY))
    card = await Desk(app).press(press(forged, person=BOB, delivery="1"), DoorDouble())
    assert isinstance(card, Notice)
    assert "for admins" in card.text
    assert app.asked == []


@pytest.mark.parametrize("by", CostGroup)
@pytest.mark.parametrize("period", [*PERIODS, "3650d"])
def test_every_button_is_read_back_and_short_enough(by: CostGroup, period: str) -> None:
    wish = ShowCosts(period, by)
    assert decode(encode(wish)) == wish
    assert len(encode(wish).encode()) <= 64


@pytest.mark.parametrize(
    "data", ["y.", "y.7d", "y.7d.models", "y.0d.day", "y.7d.day.x", "y.7d.day\n", "y.٣d.day"]
)
def test_what_no_button_of_ours_says_is_refused(data: str) -> None:
    with pytest.raises(Refused):
        decode(data)


def test_everybody_with_a_role_may_ask() -> None:
    assert find("costs").role is Role.VIEWER
    assert find("cost").name == "costs"
