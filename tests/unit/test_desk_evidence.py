"""From a verdict to its evidence and back, as a person goes there, and who may not."""

import pytest

from bot.arguments import WhyArguments
from bot.arguments import why as read_why
from bot.cards import Notice, VerdictCard
from bot.desk import Desk
from bot.evidence_buttons import Part
from bot.evidence_card import EvidenceCard
from bot.presses import Shown, shown_of
from bot.slack_modals import card_modal
from bot.window_cards import EvidenceWindow, VerdictWindow
from core.domain.errors import EvidenceAltered
from tests import arena_facts, evidence_facts
from tests.arena_double import ArenaDouble
from tests.desk_scene import MALLORY, arena
from tests.door_double import DoorDouble, press, request
from tests.loopback.slack_rules import view_error


@pytest.fixture
def app() -> ArenaDouble:
    made = arena()
    made.pack = evidence_facts.PACK
    return made


@pytest.fixture
def door() -> DoorDouble:
    return DoorDouble()


async def pressed(app: ArenaDouble, door: DoorDouble, data: str, delivery: str = "p1") -> object:
    return await Desk(app).press(press(data, delivery=delivery), door)


async def test_the_verdict_leads_to_the_evidence_and_a_menu_to_each_section(
    app: ArenaDouble, door: DoorDouble
) -> None:
    await Desk(app).handle(request("why NVDA"), door)
    verdict = door.last.now
    assert isinstance(verdict, VerdictCard)
    (button,) = [one for one in verdict.more_buttons if one.label == "Evidence"]
    assert shown_of(button.data) is Shown.OPENED
    overview = await pressed(app, door, button.data)
    assert isinstance(overview, EvidenceCard)
    assert overview.sha256 == evidence_facts.PACK.sha256
    assert len(overview.section_buttons) == len(Part)
    for number, one in enumerate(overview.section_buttons):
        assert shown_of(one.data) is Shown.IN_PLACE
        opened = await pressed(app, door, one.data, f"s{number}")
        assert isinstance(opened, EvidenceCard)
        assert one.label.startswith(opened.section)


@pytest.mark.parametrize("text", ["why NVDA evidence", f"why {arena_facts.RUN_ID} EVIDENCE"])
async def test_a_word_behind_the_ticker_opens_it_as_well(
    app: ArenaDouble, door: DoorDouble, text: str
) -> None:
    await Desk(app).handle(request(text), door)
    assert isinstance(door.last.now, EvidenceCard)


def test_the_word_is_read_in_its_place_only() -> None:
    assert read_why(["NVDA", "Evidence"]) == WhyArguments("NVDA", evidence=True)
    assert read_why(["NVDA", "claude", "bear"]).evidence is False


async def test_a_window_leads_back_to_the_verdict_and_the_verdict_to_the_evidence(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await pressed(app, door, f"i.{arena_facts.RUN_ID}")
    assert isinstance(card, EvidenceWindow)
    assert card.verdict is not None
    assert view_error(card_modal(card, "{}")) is None
    assert card.verdict.data in str(card_modal(card, "{}"))
    verdict = await pressed(app, door, card.verdict.data, "p2")
    assert isinstance(verdict, VerdictWindow)
    window = str(card_modal(verdict, "{}"))
    assert f"i.{arena_facts.RUN_ID}" in window
    assert "Picture" not in window


async def test_who_may_look_at_nothing_gets_no_evidence(app: ArenaDouble, door: DoorDouble) -> None:
    for number, data in enumerate((f"i.{arena_facts.RUN_ID}", f"it.{arena_facts.RUN_ID}.n.1")):
        card = await Desk(app).press(press(data, person=MALLORY, delivery=f"m{number}"), door)
        assert card is None or isinstance(card, Notice)
    await Desk(app).handle(request("why NVDA evidence", person=MALLORY), door)
    assert not any(isinstance(one.now, EvidenceCard) for one in door.messages.values())


@pytest.mark.parametrize("data", ["i.gone0000", "it.gone0000.n.1", f"it.{arena_facts.RUN_ID}.zz.1"])
async def test_evidence_that_is_gone_and_a_forged_button_are_said_in_a_sentence(
    app: ArenaDouble, door: DoorDouble, data: str
) -> None:
    assert isinstance(await pressed(app, door, data), Notice)


async def test_evidence_that_somebody_has_changed_is_not_shown(app: ArenaDouble, door: DoorDouble) -> None:
    async def altered(record: object) -> object:
        raise EvidenceAltered("The evidence was changed after it was stored; do not trust it.")

    app.evidence_of = altered  # type: ignore[method-assign,assignment]
    card = await pressed(app, door, f"i.{arena_facts.RUN_ID}")
    assert isinstance(card, Notice)
    assert "do not trust it" in card.text
