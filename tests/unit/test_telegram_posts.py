"""What is posted by itself, as the messages that Telegram gets."""

import pytest

from bot.cards import Button, SummaryCard
from bot.digest_cards import CallLine
from bot.telegram_render import render
from core.domain.ballot import Action
from tests.loopback.telegram_rules import check_keyboard, check_text
from tests.posted_facts import CARDS


@pytest.mark.parametrize("name", CARDS)
def test_telegram_takes_every_post_and_links_nothing_in_it(name: str) -> None:
    message = render(CARDS[name])
    check_text(message.text_html, "HTML")
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in message.keyboard]
    check_keyboard({"inline_keyboard": rows} if rows else None)


def test_a_summary_has_a_button_for_each_run_and_none_for_a_ticker_that_was_skipped() -> None:
    card = CARDS["summary"]
    assert isinstance(card, SummaryCard)
    assert [line.ticker for line in card.lines] == ["NVDA", "AAPL", "SAP.DE"]
    buttons = (Button(label="NVDA", data="r.4f7k2m9q"), Button(label="AAPL", data="r.5h8n3p2r"))
    assert card.buttons == buttons
    assert render(card).keyboard == (tuple((one.label, one.data) for one in buttons),)


def test_what_a_long_digest_leaves_out_is_said() -> None:
    card = CARDS["digest"]
    line = CallLine(subject="NVDA", action=Action.BUY, detail="75 % agree", earned="+1.00 %", good=True)
    long = card.model_copy(update={"verdicts": (line,) * 34, "verdicts_more": 3})
    assert "… and 7 more" in render(long).text_html


def test_whoever_holds_the_story_cannot_push_the_facts_out() -> None:
    card = CARDS["digest"].model_copy(update={"story": "word " * 3000})
    html = render(card).text_html
    check_text(html, "HTML")
    assert "<b>NVDA</b> BUY" in html
    assert html.endswith("Paper trading, not advice.</i>")
