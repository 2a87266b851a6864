"""Cards as the messages that Telegram gets; how each looks is in `telegram_cards.json`."""

import pytest

from bot.cards import Button, Card, Notice, ProgressLine
from bot.telegram_render import render, toast
from tests import card_samples as samples
from tests.loopback.telegram_rules import check_keyboard, check_text


@pytest.mark.parametrize("card", samples.SAMPLES.values(), ids=lambda card: type(card).__name__)
def test_tables_fit_a_narrow_phone(card: Card) -> None:
    for table in check_text(render(card).text_html, "HTML").of("pre"):
        assert max(map(len, table.splitlines())) <= 34


def test_a_sentence_and_the_first_screen_carry_their_buttons() -> None:
    assert render(samples.NOTICE).keyboard == ((("NVDA", "m.run NVDA"),),)
    assert render(samples.HELP).keyboard == ((("Leaderboard", "mn.leaderboard"),),)


def test_each_subscription_has_its_buttons_in_a_row_of_its_own() -> None:
    rows = [[label for label, _ in row] for row in render(samples.SUBSCRIPTIONS).keyboard]
    assert rows == [["Pause 1", "Delete 1"], ["Resume 4", "Delete 4"], ["2 ▶"]]


def test_the_verdict_has_a_button_for_each_member_three_in_a_row() -> None:
    rows = render(samples.VERDICT).keyboard
    assert [[label for label, _ in row] for row in rows] == [
        ["claude", "gpt-4.1", "gemini"],
        ["grok", "deepseek"],
    ]
    assert rows[0][0][1] == "w.k3v9x2ma.1"


def test_a_page_has_back_and_next_above_its_stages() -> None:
    rows = render(samples.REASONING).keyboard
    assert [label for label, _ in rows[0]] == ["◀ Back", "Next ▶"]
    assert sum(map(len, rows[1:])) == 12


def test_long_button_labels_get_fewer_in_a_row() -> None:
    buttons = tuple(Button(label="a member with a long name", data=f"w.r.{number}") for number in (1, 2))
    assert [len(row) for row in render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard] == [
        1,
        1,
    ]


def test_a_large_committee_has_two_buttons_in_a_row() -> None:
    buttons = tuple(Button(label=f"claude-sonnet-{n:02d}", data=f"w.r.{n}") for n in range(1, 31))
    rows = render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard
    assert [len(row) for row in rows] == [2] * 15


def test_a_button_whose_data_telegram_would_refuse_is_left_out_and_the_card_still_arrives() -> None:
    buttons = (Button(label="x", data="d" * 65), Button(label="", data="w.r.1"), Button(label="y", data=""))
    assert render(samples.VERDICT.model_copy(update={"buttons": buttons})).keyboard == ((("…", "w.r.1"),),)


def test_no_more_than_a_hundred_buttons() -> None:
    buttons = tuple(Button(label=str(number), data=f"w.r.{number}") for number in range(1, 131))
    card = samples.REASONING.model_copy(update={"stage_buttons": buttons})
    rows = render(card).keyboard
    assert sum(map(len, rows)) == 100
    check_keyboard({"inline_keyboard": [[{"text": a, "callback_data": b} for a, b in row] for row in rows]})


def test_many_members_are_counted_rather_than_listed_without_end() -> None:
    lines = tuple(ProgressLine(member=f"m{n}", state="waiting", detail="waiting") for n in range(45))
    html = render(samples.PROGRESS.model_copy(update={"lines": lines, "votes": None})).text_html
    assert "m29" in html
    assert "m30" not in html
    assert html.endswith("… and 15 more")


def test_ids_in_a_notice_are_copied_by_a_tap() -> None:
    html = render(Notice(text="You are Bob (telegram:1001) in telegram:-100123.")).text_html
    assert html == "You are Bob (<code>telegram:1001</code>) in <code>telegram:-100123</code>."


def test_a_command_with_its_ticker_is_copied_by_a_tap_and_a_bare_one_is_sent() -> None:
    html = render(Notice(text="There is no run of BRK.B. Start one: /run BRK.B. Or send /help.")).text_html
    assert html == "There is no run of BRK.B. Start one: <code>/run BRK.B</code>. Or send /help."


def test_a_notice_with_many_ids_is_still_a_message() -> None:
    check_text(render(Notice(text="telegram:1 " * 300)).text_html, "HTML")


def test_a_toast_is_plain_and_short() -> None:
    assert (
        toast(Notice(text="This run is <too> old.\nSend /run NVDA."))
        == "This run is <too> old. Send /run NVDA."
    )
    assert len(toast(Notice(text="é" * 300))) == 200


def test_a_card_without_any_visible_sign_is_still_a_message() -> None:
    assert render(Notice(text="\u200b \n\u2800")).text_html == "…"


def test_long_reasons_against_a_verdict_are_folded_and_short_ones_are_not() -> None:
    short = check_text(render(samples.VERDICT).text_html, "HTML")
    assert short.of("expandable_blockquote") == []
    (one,) = samples.VERDICT.dissent
    many = tuple(one.model_copy(update={"member": f"model-{place}"}) for place in range(12))
    folded = check_text(render(samples.VERDICT.model_copy(update={"dissent": many})).text_html, "HTML")
    (quote,) = folded.of("expandable_blockquote")
    assert "◆ model-11 HOLD: RSI 71 is stretched" in quote
