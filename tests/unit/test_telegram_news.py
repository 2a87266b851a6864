"""What Telegram tells of chats themselves, and the news that it becomes."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat_news import ChatNews
from bot.request import Address
from bot.telegram_news import read_news
from core.domain.chat import ChatState

BOT_ID = 7000000001
ME = {"id": BOT_ID, "is_bot": True, "first_name": "Conclave"}

MEMBERSHIP: dict[str, Any] = {
    "update_id": 11,
    "my_chat_member": {
        "chat": {"id": -1001234567890, "title": " Traders\u200b ", "type": "supergroup"},
        "from": {"id": 1001, "is_bot": False, "first_name": "Alice"},
        "date": 1761760800,
        "old_chat_member": {"user": ME, "status": "left"},
        "new_chat_member": {"user": ME, "status": "member"},
    },
}

SERVICE: dict[str, Any] = {
    "update_id": 12,
    "message": {
        "message_id": 4,
        "from": {"id": 1001, "is_bot": False, "first_name": "Alice"},
        "chat": {"id": -300, "title": "Traders", "type": "group"},
        "date": 1761760800,
    },
}


def becomes(kind: str, before: dict[str, Any] | str, now: dict[str, Any] | str) -> ChatNews | None:
    update = copy.deepcopy(MEMBERSHIP)
    told = update["my_chat_member"]
    told["chat"]["type"] = kind
    for name, member in (("old_chat_member", before), ("new_chat_member", now)):
        told[name] = {"user": ME, **({"status": member} if isinstance(member, str) else member)}
    return read_news(update, BOT_ID)


def serves(**fields: Any) -> ChatNews | None:
    update = copy.deepcopy(SERVICE)
    update["message"].update(fields)
    return read_news(update, BOT_ID)


MUTED = {"status": "restricted", "is_member": True, "can_send_messages": False}
SOME = {"status": "restricted", "is_member": True, "can_send_messages": True, "can_send_photos": False}
GONE = {"status": "restricted", "is_member": False, "can_send_messages": True}
POSTS = {"status": "administrator", "can_post_messages": True}
SILENT = {"status": "administrator", "can_post_messages": False}


@pytest.mark.parametrize(
    ("kind", "before", "now", "state", "entered"),
    [
        ("group", "left", "member", ChatState.OPEN, True),
        ("supergroup", "kicked", "administrator", ChatState.OPEN, True),
        ("supergroup", "member", "administrator", ChatState.OPEN, False),
        ("supergroup", "member", MUTED, ChatState.RESTRICTED, False),
        ("supergroup", "left", MUTED, ChatState.RESTRICTED, True),
        ("supergroup", MUTED, SOME, ChatState.OPEN, False),
        ("supergroup", SOME, GONE, ChatState.CLOSED, False),
        ("supergroup", "member", "left", ChatState.CLOSED, False),
        ("group", "member", "kicked", ChatState.CLOSED, False),
        ("private", "member", "kicked", ChatState.CLOSED, False),
        ("private", "kicked", "member", ChatState.OPEN, True),
        ("channel", "left", POSTS, ChatState.OPEN, True),
        ("channel", POSTS, SILENT, ChatState.RESTRICTED, False),
        ("channel", POSTS, "kicked", ChatState.CLOSED, False),
    ],
)
def test_what_the_bot_becomes_in_a_chat(
    *, kind: str, before: Any, now: Any, state: ChatState, entered: bool
) -> None:
    news = becomes(kind, before, now)
    assert news is not None
    assert (news.address, news.delivery) == (Address("telegram", "-1001234567890"), "7000000001:11")
    assert (news.kind, news.title, news.state, news.entered) == (kind, "Traders", state, entered)
    assert bool(news.reason) is state.shut


@pytest.mark.parametrize("now", ["dancing", {"status": "member", "user": {"id": 5}}])
def test_what_is_told_of_others_or_in_words_that_nobody_knows_is_left_alone(now: Any) -> None:
    assert becomes("group", "left", now) is None
    assert becomes("forum of the future", "left", "member") is None


def test_both_sides_of_a_move_tell_the_same() -> None:
    old, new = serves(migrate_to_chat_id=-100300), None
    update = copy.deepcopy(SERVICE)
    update["message"]["chat"] = {"id": -100300, "title": "Traders", "type": "supergroup"}
    update["message"]["migrate_from_chat_id"] = -300
    new = read_news(update, BOT_ID)
    assert old
    assert new
    assert (old.address, old.moved_to) == (new.address, new.moved_to)
    assert (old.address.chat, old.moved_to) == ("-300", Address("telegram", "-100300"))


def test_a_new_title_is_kept_and_other_messages_are_no_news() -> None:
    news = serves(new_chat_title="x", chat={"id": -300, "title": "T" * 300, "type": "group"})
    assert news
    assert len(news.title) == 64
    assert news.state is None
    assert serves(text="/run NVDA") is None
    assert serves(new_chat_photo=[]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    field=st.sampled_from([*MEMBERSHIP["my_chat_member"], "migrate_to_chat_id", "new_chat_title"]), value=JSON
)
def test_a_broken_update_never_raises(field: str, value: object) -> None:
    for source, kind in ((MEMBERSHIP, "my_chat_member"), (SERVICE, "message")):
        update = copy.deepcopy(source)
        update[kind][field] = value
        read_news(update, BOT_ID)
        read_news({"update_id": value, kind: value}, BOT_ID)
