"""The loopback Slack refuses what Slack refuses; else the other tests would prove nothing."""

from typing import Any

import pytest

from tests.loopback.slack_rules import block_errors, message_error, notified

BUTTON: dict[str, Any] = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Reset"},
    "action_id": "reset",
    "value": "r",
}
CONFIRM: dict[str, Any] = {
    "title": {"type": "plain_text", "text": "Reset the books?"},
    "text": {"type": "plain_text", "text": "Everyone starts anew."},
    "confirm": {"type": "plain_text", "text": "Reset"},
    "deny": {"type": "plain_text", "text": "Keep"},
    "style": "danger",
}


def refused(**more: Any) -> list[str]:
    return block_errors([{"type": "actions", "elements": [BUTTON | more]}])


def test_a_button_that_asks_once_more_is_taken() -> None:
    assert refused(style="danger", confirm=CONFIRM, url="https://news.example/" + "a" * 2_900) == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"style": "success"}, "/style"),
        ({"style": ""}, "/style"),
        ({"url": "https://news.example/" + "a" * 3_000}, "/url"),
        ({"url": ""}, "/url"),
        ({"confirm": "Sure?"}, "/confirm"),
        ({"confirm": CONFIRM | {"title": {"type": "plain_text", "text": "x" * 101}}}, "/confirm/title/text"),
        ({"confirm": CONFIRM | {"title": {"type": "mrkdwn", "text": "x"}}}, "/confirm/title"),
        ({"confirm": CONFIRM | {"text": {"type": "plain_text", "text": "x" * 301}}}, "/confirm/text/text"),
        ({"confirm": CONFIRM | {"deny": {"type": "plain_text", "text": "x" * 31}}}, "/confirm/deny/text"),
        ({"confirm": CONFIRM | {"confirm": None}}, "/confirm/confirm"),
        ({"confirm": CONFIRM | {"style": "loud"}}, "/confirm/style"),
        ({"confirm": CONFIRM | {"more": 1}}, "/confirm"),
        ({"more": 1}, ""),
    ],
)
def test_a_button_of_the_wrong_shape_is_refused(more: dict[str, Any], where: str) -> None:
    errors = refused(**more)

    assert len(errors) == 1
    assert errors[0].endswith(f"[json-pointer:/blocks/0/elements/0{where}]")


def test_a_menu_knows_no_style() -> None:
    option = {"text": {"type": "plain_text", "text": "Bull"}, "value": "1"}
    menu = {"type": "static_select", "action_id": "stage", "options": [option]}

    assert block_errors([{"type": "actions", "elements": [menu]}]) == []
    assert block_errors([{"type": "actions", "elements": [menu | {"style": "danger"}]}]) != []


def test_the_strict_rules_do_refuse_what_slack_refuses() -> None:
    section = {"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}}
    assert block_errors([section]) == ["must be less than 3001 characters [json-pointer:/blocks/0/text/text]"]
    one = {"type": "button", "text": {"type": "plain_text", "text": "a"}, "value": "v"}
    many = {"type": "actions", "elements": [one | {"action_id": str(place)} for place in range(26)]}
    assert block_errors([many]) == ["no more than 25 items allowed [json-pointer:/blocks/0/elements]"]
    assert message_error({"text": "é" * 2001}, update=True) == {"error": "msg_too_long"}
    assert message_error({}) == {"error": "no_text"}
    assert notified("see <!here>, @everyone and <https://x.example|y>") != []
    divider = {"type": "divider", "block_id": "same"}
    assert block_errors([divider, divider]) == ["block_id already exists [json-pointer:/blocks/1]"]
    assert message_error({"text": "x", "blocks": [{"type": "divider"}] * 51}) is not None
    long = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 2900}}] * 5
    assert message_error({"text": "x", "blocks": long}) == {"error": "msg_blocks_too_long"}
