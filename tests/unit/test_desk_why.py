"""`/why` and the buttons of its cards: how a person reads through the reasoning."""

import pytest

from bot.buttons import OpenReasoning, OpenVerdict, encode
from bot.cards import Button, Card, Notice, ReasoningCard, VerdictCard
from bot.desk import Desk
from core.config import Settings
from core.domain.ballot import Abstention, AbstentionKind
from core.domain.stage import Stage
from tests import arena_facts
from tests.arena_double import ArenaDouble
from tests.door_double import DoorDouble, press, request

ACCESS = {"admins": ["telegram:1001"]}


@pytest.fixture
def app() -> ArenaDouble:
    return ArenaDouble(Settings.model_validate({"access": ACCESS}))


@pytest.fixture
def door() -> DoorDouble:
    return DoorDouble()


async def why(app: ArenaDouble, door: DoorDouble, text: str) -> Card:
    await Desk(app).handle(request(text), door)
    return door.last.now


async def page(app: ArenaDouble, door: DoorDouble, text: str) -> ReasoningCard:
    card = await why(app, door, text)
    assert isinstance(card, ReasoningCard)
    return card


async def pressed(app: ArenaDouble, door: DoorDouble, button: Button | str, delivery: str = "p1") -> Card:
    data = button if isinstance(button, str) else button.data
    card = await Desk(app).press(press(data, delivery=delivery), door)
    assert card is not None
    return card


async def test_a_ticker_opens_the_verdict_with_a_button_for_each_member(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await why(app, door, "why NVDA")
    assert isinstance(card, VerdictCard)
    assert [button.label for button in card.buttons] == [seat.member for seat in arena_facts.seats()]


async def test_a_run_can_be_named_by_its_id(app: ArenaDouble, door: DoorDouble) -> None:
    card = await why(app, door, f"why {arena_facts.RUN_ID}")
    assert isinstance(card, VerdictCard)
    assert arena_facts.RUN_ID in card.footer


async def test_a_model_opens_where_it_decided(app: ArenaDouble, door: DoorDouble) -> None:
    card = await page(app, door, "why NVDA claude")
    assert card.title == "claude-sonnet-4.5 on NVDA"
    assert (card.stage, card.position) == ("Decision", "stage 12 of 12 · page 1 of 2")


async def test_a_stage_opens_at_its_first_page(app: ArenaDouble, door: DoorDouble) -> None:
    card = await page(app, door, "why NVDA claude bear")
    assert (card.stage, card.position) == ("Bear", "stage 6 of 12 · page 1 of 2")
    assert card.body.startswith("The case of the bear")


async def test_the_button_of_a_summary_opens_the_whole_verdict(app: ArenaDouble, door: DoorDouble) -> None:
    card = await pressed(app, door, encode(OpenVerdict(arena_facts.RUN_ID)))
    assert isinstance(card, VerdictCard)
    assert arena_facts.RUN_ID in card.footer


async def test_the_button_of_a_run_that_is_gone_says_so(app: ArenaDouble, door: DoorDouble) -> None:
    assert isinstance(await pressed(app, door, "r.gone0000"), Notice)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("why MSFT", "There is no run MSFT."),
        ("why NVDA llama", "No model is called llama."),
        ("why NVDA gpt", "gpt-5 had no seat in run 4f7k2m9q."),
        ("why NVDA claude baer", "“baer” is not a stage. Did you mean bear?"),
        ("why", "Which run? Write for instance /why NVDA or /why NVDA claude bear."),
    ],
)
async def test_what_is_unknown_is_told_in_a_sentence(
    app: ArenaDouble, door: DoorDouble, text: str, sentence: str
) -> None:
    assert await why(app, door, text) == Notice(text=sentence, tone="warning")


async def test_a_stage_that_a_member_did_not_reach_says_how_far_it_came(
    app: ArenaDouble, door: DoorDouble
) -> None:
    whole = arena_facts.chat()
    abstained = Abstention(
        member=whole.member,
        kind=AbstentionKind.TIMEOUT,
        reason="no answer within 120 s at the stage research",
    )
    app.chats[whole.member] = whole.model_copy(update={"stages": whole.stages[:6], "result": abstained})
    assert await why(app, door, "why NVDA claude trader") == Notice(
        text="claude-sonnet-4.5 did not reach the stage trader in run 4f7k2m9q on NVDA: "
        "abstained: no answer within 120 s at the stage research.",
        tone="warning",
    )


async def test_a_member_that_finished_nothing_has_nothing_to_read(app: ArenaDouble, door: DoorDouble) -> None:
    whole = arena_facts.chat()
    app.chats[whole.member] = whole.model_copy(update={"stages": (), "result": None})
    nothing = Notice(
        text="claude-sonnet-4.5 finished no stage in run 4f7k2m9q on NVDA: no result yet.", tone="warning"
    )
    assert await why(app, door, "why NVDA claude") == nothing
    assert await pressed(app, door, encode(OpenReasoning(arena_facts.RUN_ID, 1))) == nothing


async def test_a_members_button_on_the_verdict_opens_its_reasoning(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card = await why(app, door, "why NVDA")
    assert isinstance(card, VerdictCard)
    assert await pressed(app, door, card.buttons[0]) == await page_of(app, door)


async def page_of(app: ArenaDouble, door: DoorDouble) -> ReasoningCard:
    await Desk(app).handle(request("why NVDA claude", delivery="again"), door)
    card = door.last.now
    assert isinstance(card, ReasoningCard)
    return card


async def test_next_leads_through_the_whole_reasoning_and_back_leads_home(
    app: ArenaDouble, door: DoorDouble
) -> None:
    card: Card = await page(app, door, "why NVDA claude market")
    seen: list[str] = []
    for number in range(100):
        assert isinstance(card, ReasoningCard)
        seen.append(card.position)
        onward = [button for button in card.page_buttons if button.label == "Next ▶"]
        if not onward:
            break
        card = await pressed(app, door, onward[0], delivery=f"next{number}")
    assert len(seen) == len(set(seen)) == 24
    assert seen[-1] == "stage 12 of 12 · page 2 of 2"
    for number in range(23):
        assert isinstance(card, ReasoningCard)
        card = await pressed(app, door, card.page_buttons[0], delivery=f"back{number}")
    assert isinstance(card, ReasoningCard)
    assert card.position == "stage 1 of 12 · page 1 of 2"
    assert [button.label for button in card.page_buttons] == ["Next ▶"]


async def test_each_stage_has_a_button_that_opens_it(app: ArenaDouble, door: DoorDouble) -> None:
    card = await page(app, door, "why NVDA claude")
    assert len(card.stage_buttons) == len(Stage)
    for number, button in enumerate(card.stage_buttons, 1):
        opened = await pressed(app, door, button, delivery=button.data)
        assert isinstance(opened, ReasoningCard)
        assert opened.position.startswith(f"stage {number} of 12")


async def test_a_page_beyond_the_last_opens_the_last(app: ArenaDouble, door: DoorDouble) -> None:
    card = await pressed(app, door, f"p.{arena_facts.RUN_ID}.1.6.999")
    assert isinstance(card, ReasoningCard)
    assert card.position == "stage 6 of 12 · page 2 of 2"


async def test_a_page_that_never_was_says_so_with_how_the_member_ended(
    app: ArenaDouble, door: DoorDouble
) -> None:
    assert await pressed(app, door, f"p.{arena_facts.RUN_ID}.1.99.1") == Notice(
        text="claude-sonnet-4.5 has no such page in run 4f7k2m9q on NVDA: BUY 72 % · Overweight.",
        tone="warning",
    )
