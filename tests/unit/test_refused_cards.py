"""What a platform is shown in place of a card that it refused: words that it surely takes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import slack_words, telegram_words
from bot.cards import Card, Notice
from bot.slack_render import SlackMessage
from bot.slack_render import render as draw_for_slack
from bot.telegram_render import render as draw_for_telegram
from tests.card_samples import SAMPLES
from tests.loopback.slack_rules import message_error, notified
from tests.loopback.telegram_rules import check_text

PIECES = [
    "<&>",
    "@channel ",
    "<!here>",
    "https://evil.example ",
    "/run NVDA ",
    "👩‍👧 ",
    "שלום ",
    "x",
    "\n",
    "BRK.B",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=8).map("".join)
LONG = st.builds(lambda text, times: text * times, TEXTS, st.sampled_from([1, 40, 900]))
FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@FEW
@given(text=LONG, code=st.sampled_from(["invalid_blocks", "msg_blocks_too_long", "msg_too_long"]))
def test_slack_takes_the_words_of_whatever_it_refused(text: str, code: str) -> None:
    message = slack_words.in_words(draw_for_slack(Notice(text=text)), code)

    assert message is not None
    assert message.blocks == []
    assert message.text.endswith(slack_words.NOTE)
    assert len(message.text.encode()) <= 4_000
    assert message_error({"text": message.text}, update=True) is None
    assert notified(message.text) == []
    # No escaped sign was cut in two.
    assert "&" not in message.text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_words_that_slack_found_too_long_become_few() -> None:
    message = slack_words.in_words(SlackMessage("&amp; more " * 300, [{"type": "divider"}]), "msg_too_long")

    assert message is not None
    assert len(message.text) <= slack_words.SHORT + len(slack_words.NOTE)


@pytest.mark.parametrize("code", ["channel_not_found", "internal_error", "missing_scope", "no_text"])
def test_another_refusal_is_none_of_the_cards(code: str) -> None:
    assert slack_words.in_words(SlackMessage("BUY", []), code) is None


def test_a_picture_that_may_not_be_uploaded_comes_as_it_is_without_it() -> None:
    message = SlackMessage("Equity curves", [{"type": "divider"}])

    assert slack_words.without_picture(message, "missing_scope") is message
    assert slack_words.without_picture(message, "internal_error") is None
    said = slack_words.without_picture(message, "invalid_blocks")
    assert said is not None
    assert said.blocks == []


@pytest.mark.parametrize("card", SAMPLES.values(), ids=SAMPLES)
def test_telegram_takes_the_words_of_every_card(card: Card) -> None:
    message = telegram_words.in_words(draw_for_telegram(card))
    parsed = check_text(message.text_html, "HTML")

    assert message.keyboard == ()
    assert parsed.entities == ()
    assert "here it is in words" in parsed.text


@FEW
@given(text=LONG)
def test_telegram_takes_the_words_of_whatever_it_refused(text: str) -> None:
    message = telegram_words.in_words(draw_for_telegram(Notice(text=text)))
    parsed = check_text(message.text_html, "HTML")

    assert parsed.text.endswith(telegram_words.NOTE.strip())
    assert parsed.entities == ()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_slack_takes_the_words_of_every_card(name: str) -> None:
    message = slack_words.in_words(draw_for_slack(SAMPLES[name]), "invalid_blocks")

    assert message is not None
    assert message_error({"text": message.text}, update=True) is None
    assert len(message.text) > len(slack_words.NOTE) + 10
