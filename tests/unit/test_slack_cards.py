"""Slack's messages and windows: taken by Slack, whole, and aligned."""

import pytest

from bot.cards import Button, MemberLine, ReasoningCard, VerdictCard
from bot.slack_blocks import MAX_BLOCKS, weight
from bot.slack_modals import modal
from bot.slack_render import PAGE_SIZE, render
from bot.slack_tables import bar, columns, width
from core.domain.ballot import Action
from tests.card_samples import SAMPLES
from tests.loopback.slack_rules import interactive, message_error, strings, view_error


@pytest.mark.parametrize("name", SAMPLES)
def test_slack_takes_each_card(name: str) -> None:
    message = render(SAMPLES[name])

    assert message_error({"text": message.text, "blocks": message.blocks}, update=True) is None


def test_a_modal_has_a_title_a_menu_of_stages_and_buttons_for_pages() -> None:
    card = SAMPLES["reasoning"]
    assert isinstance(card, ReasoningCard)
    view = modal(card, metadata="here")

    assert view_error(view) is None
    assert view["private_metadata"] == "here"
    menu, back, onward = [element for _, element in interactive(view["blocks"])]
    assert menu["initial_option"]["text"]["text"] == "Bull"
    assert len(menu["options"]) == 12
    assert [back["value"], onward["value"]] == [button.data for button in card.page_buttons]


def test_the_menu_of_another_page_is_another_menu() -> None:
    card = SAMPLES["reasoning"]
    assert isinstance(card, ReasoningCard)
    other = card.model_copy(update={"position": "stage 5 of 12 · page 2 of 2"})

    ids = [modal(one)["blocks"][-1]["block_id"] for one in (card, other)]
    assert ids[0] != ids[1]


def test_a_long_title_stands_whole_inside_the_modal() -> None:
    card = SAMPLES["reasoning"].model_copy(update={"title": "a-model-with-a-long-name on BRK-B"})
    assert isinstance(card, ReasoningCard)
    view = modal(card)

    assert view["title"]["text"] == "a-model-with-a-long-nam…"
    assert view["blocks"][0]["text"]["text"] == "a-model-with-a-long-name on BRK-B"


def test_a_huge_committee_keeps_its_decision_and_says_that_it_was_shortened() -> None:
    card = SAMPLES["verdict"]
    assert isinstance(card, VerdictCard)
    members = tuple(
        MemberLine(member=f"model-{n}", action=Action.BUY, rating="Buy", detail="x" * 300) for n in range(200)
    )
    buttons = tuple(Button(label=f"model-{n}", data=f"w.k3v9x0aa.{n}") for n in range(1, 60))
    message = render(card.model_copy(update={"members": members, "buttons": buttons}))

    assert message_error({"text": message.text, "blocks": message.blocks}) is None
    assert len(message.blocks) <= MAX_BLOCKS
    assert message.blocks[0]["text"]["text"] == "🟢 NVDA · BUY"
    assert any("shortened" in text for _, text in strings(message.blocks))
    assert len(list(interactive(message.blocks))) == 59
    assert weight(message.blocks) <= 12_500


def test_body_and_key_points_of_a_full_page_are_shown_whole() -> None:
    points = tuple(f"point {n} " + "&" * 60 for n in range(12))
    used = sum(len(point) + 2 for point in points)
    stages = tuple(Button(label=f"Stage {n}", data=f"p.k3v9x0aa.1.{n}.1") for n in range(1, 40))
    card = ReasoningCard(
        title="t",
        subtitle="s",
        stage="Bull",
        position="1 of 1",
        body="<" * (PAGE_SIZE - used),
        key_points=points,
        footer="f",
        stage_buttons=stages,
    )
    shown = "".join(text for _, text in strings(render(card).blocks))

    assert card.body in shown.replace("\n", "")
    assert all(point in shown for point in points)


def test_tables_align_signs_of_every_width() -> None:
    lines = columns([("名", "Value"), ("日本語", "1"), ("e\u0301a", "1,000")], left=1)

    assert len({width(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("fraction", "shown"), [(0.5, "██████░░░░░░"), (-1, "░" * 12), (9, "█" * 12), (float("nan"), "░" * 12)]
)
def test_a_bar_stays_a_bar(fraction: float, shown: str) -> None:
    assert bar(fraction) == shown
