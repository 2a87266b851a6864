"""What people write behind the name of the bot in other chats, as Telegram sends it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Person
from bot.telegram_payload import Inquiry, Pressed, read_update

BOT, BOT_ID = "ConclaveBot", 7000000001
INLINE: dict[str, Any] = {
    "update_id": 873214504,
    "inline_query": {
        "id": "4382bfdwdsb323b2d9",
        "from": {"id": 1002, "is_bot": False, "first_name": "Bob", "language_code": "de"},
        "chat_type": "supergroup",
        "query": " NVDA  claude ",
        "offset": "",
    },
}


def inline(**fields: Any) -> dict[str, Any]:
    return {**INLINE, "inline_query": {**INLINE["inline_query"], **fields}}


def test_what_is_written_behind_the_bots_name_is_an_inquiry() -> None:
    bob = Person("telegram:1002", "Bob")
    assert read_update(INLINE, BOT, BOT_ID) == Inquiry("4382bfdwdsb323b2d9", bob, "NVDA claude")
    assert read_update(inline(offset="12"), BOT, BOT_ID) == Inquiry(
        "4382bfdwdsb323b2d9", bob, "NVDA claude", 12
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"from": None},
        {"from": {"id": "x"}},
        {"from": {"id": 5, "is_bot": True}},
        {"query": None},
        {"query": ["NVDA"]},
    ],
)
def test_an_inquiry_that_nobody_can_have_sent_is_none(fields: dict[str, Any]) -> None:
    assert read_update(inline(**fields), BOT, BOT_ID) is None


@given(st.text(max_size=300), st.one_of(st.none(), st.text(max_size=70), st.integers()))
def test_whatever_is_asked_inline_becomes_a_short_line_and_a_place(query: str, offset: object) -> None:
    asked = read_update(inline(query=query, offset=offset), BOT, BOT_ID)
    assert isinstance(asked, Inquiry)
    assert len(asked.text) <= 256
    assert "\n" not in asked.text
    assert 0 <= asked.offset <= 9999


def test_a_chosen_result_asks_nothing_of_us() -> None:
    chosen = {"result_id": "run-k3v9x2ma", "from": {"id": 1002, "is_bot": False}, "query": "NVDA"}
    assert read_update({"update_id": 1, "chosen_inline_result": chosen}, BOT, BOT_ID) is None


def test_a_button_of_a_message_elsewhere_is_known_as_such() -> None:
    query = {
        "id": "7",
        "from": {"id": 1002},
        "inline_message_id": "AAQ",
        "chat_instance": "1",
        "data": "w.a.1",
    }
    assert read_update({"update_id": 1, "callback_query": query}, BOT, BOT_ID) == Pressed("7", elsewhere=True)
