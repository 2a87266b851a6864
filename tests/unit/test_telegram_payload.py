"""Updates as Telegram sends them, and the requests that they become."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.request import Address, Person, Press, Request
from bot.telegram_payload import Pressed, read_update

BOT, BOT_ID = "ConclaveBot", 7000000001

PRIVATE: dict[str, Any] = {
    "update_id": 873214501,
    "message": {
        "message_id": 42,
        "from": {
            "id": 1001,
            "is_bot": False,
            "first_name": "Alice",
            "last_name": "Ng",
            "username": "alice_ng",
            "language_code": "en",
        },
        "chat": {
            "id": 1001,
            "first_name": "Alice",
            "last_name": "Ng",
            "username": "alice_ng",
            "type": "private",
        },
        "date": 1761760800,
        "text": "/run NVDA quick",
        "entities": [{"offset": 0, "length": 4, "type": "bot_command"}],
    },
}

IN_TOPIC: dict[str, Any] = {
    "update_id": 873214502,
    "message": {
        "message_id": 311,
        "from": {"id": 1002, "is_bot": False, "first_name": "Bob"},
        "chat": {"id": -1001234567890, "title": "Traders", "is_forum": True, "type": "supergroup"},
        "date": 1761760801,
        "message_thread_id": 77,
        "is_topic_message": True,
        "text": "/run@conclavebot NVDA\nAAPL",
        "entities": [{"offset": 0, "length": 16, "type": "bot_command"}],
    },
}

BUTTON: dict[str, Any] = {
    "update_id": 873214503,
    "callback_query": {
        "id": "4382bfdwdsb323b2d9",
        "from": {"id": 1002, "is_bot": False, "first_name": "Bob"},
        "message": {
            "message_id": 312,
            "from": {"id": 7000000001, "is_bot": True, "first_name": "Conclave", "username": BOT},
            "chat": {"id": -1001234567890, "title": "Traders", "is_forum": True, "type": "supergroup"},
            "date": 1761760802,
            "message_thread_id": 77,
            "is_topic_message": True,
            "text": "NVDA · BUY",
            "reply_markup": {"inline_keyboard": [[{"text": "claude", "callback_data": "w.k3v9x2ma.1"}]]},
        },
        "chat_instance": "-8912345678901234567",
        "data": "w.k3v9x2ma.1",
    },
}


def changed(update: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The same update with other fields in its message."""
    update = copy.deepcopy(update)
    update["message"].update(fields)
    return update


def text_of(update: dict[str, Any]) -> str | None:
    request = read_update(update, BOT, BOT_ID)
    assert request is None or isinstance(request, Request)
    return None if request is None else request.text


GROUP = changed(IN_TOPIC, chat={"id": -100, "type": "group", "title": "G"}, text="hello")


def test_a_command_in_a_private_chat() -> None:
    assert read_update(PRIVATE, BOT, BOT_ID) == Request(
        text="run NVDA quick",
        address=Address("telegram", "1001"),
        person=Person("telegram:1001", "Alice Ng"),
        delivery="7000000001:873214501",
        private=True,
        message="42",
        once="7000000001:1001:42",
    )


def test_a_command_to_us_by_name_in_a_topic_keeps_the_topic() -> None:
    assert read_update(IN_TOPIC, BOT, BOT_ID) == Request(
        text="run NVDA AAPL",
        address=Address("telegram", "-1001234567890", "77"),
        person=Person("telegram:1002", "Bob"),
        delivery="7000000001:873214502",
        message="311",
        once="7000000001:-1001234567890:311",
    )


@pytest.mark.parametrize(
    "text",
    [
        "/whoami\u00a0now",
        "/whoami@ConclaveBot\u3000now",
        "@ConclaveBot\nwhoami now",
        "@ConclaveBot\u00a0/whoami now",
        "@conclavebot   whoami\tnow",
    ],
)
def test_any_blank_ends_a_command_or_a_name(text: str) -> None:
    assert text_of(changed(GROUP, text=text)) == "whoami now"


@pytest.mark.parametrize("text", ["", " ", "\u00a0", "@", "/"])
def test_blanks_alone_are_nothing_in_a_group_also_in_reply_to_us(text: str) -> None:
    assert text_of(changed(GROUP, text=text)) is None
    assert text_of(changed(GROUP, text=text, reply_to_message={"from": {"id": BOT_ID}})) is None


def test_two_bots_never_share_a_delivery() -> None:
    requests = [read_update(PRIVATE, BOT, bot) for bot in (1, 2)]
    assert len({request.delivery for request in requests if isinstance(request, Request)}) == 2


def test_a_pressed_button() -> None:
    assert read_update(BUTTON, BOT, BOT_ID) == Pressed(
        query="4382bfdwdsb323b2d9",
        press=Press(
            data="w.k3v9x2ma.1",
            address=Address("telegram", "-1001234567890", "77"),
            person=Person("telegram:1002", "Bob"),
            delivery="7000000001:873214503",
            message="312",
        ),
        message="312",
    )


def test_a_button_on_a_message_too_old_to_be_shown_is_still_pressed() -> None:
    update = copy.deepcopy(BUTTON)
    update["callback_query"]["message"] = {
        "chat": {"id": 1002, "type": "private"},
        "message_id": 9,
        "date": 0,
    }
    pressed = read_update(update, BOT, BOT_ID)
    assert isinstance(pressed, Pressed)
    assert pressed.press
    assert (pressed.press.address, pressed.message) == (Address("telegram", "1002"), "9")


@pytest.mark.parametrize("missing", ["message", "data"])
def test_a_button_without_its_message_or_data_can_only_be_answered(missing: str) -> None:
    update = copy.deepcopy(BUTTON)
    del update["callback_query"][missing]
    assert read_update(update, BOT, BOT_ID) == Pressed("4382bfdwdsb323b2d9")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/start", "start"),
        ("/start abc_DEF-1", "start abc_DEF-1"),
        ("/why@ConclaveBot  NVDA   claude ", "why NVDA claude"),
        ("run NVDA", "run NVDA"),
        ("NVDA?", "NVDA?"),
        ("/run-nvda", "run-nvda"),
        ("/roll", "roll"),
        ("/run BRK.\u2060B\u200b", "run BRK.B"),
        ("@conclavebot /run NVDA", "run NVDA"),
        ("/run@SomeOtherBot NVDA", None),
    ],
)
def test_what_a_person_types_in_private(typed: str, text: str | None) -> None:
    assert text_of(changed(PRIVATE, text=typed)) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/leaderboard", "leaderboard"),
        ("@ConclaveBot run NVDA", "run NVDA"),
        ("@ConclaveBot", ""),
        ("/run@SomeOtherBot NVDA", None),
        ("/Board", "Board"),
        ("/ban @someone", None),
        ("/roll", None),
        ("/rum NVDA", None),
        ("/roll@ConclaveBot", "roll"),
        ("@ConclaveBot roll", "roll"),
        ("@ConclaveBot /roll", "roll"),
        ("run NVDA", None),
        ("I would /run NVDA", None),
        ("@SomeOtherBot run NVDA", None),
        ("hello", None),
    ],
)
def test_what_a_person_types_in_a_group(typed: str, text: str | None) -> None:
    assert text_of(changed(GROUP, text=typed)) == text


@pytest.mark.parametrize(
    "fields",
    [
        {"from": {"id": 5, "is_bot": True, "first_name": "Other bot"}},
        {"from": None},
        {"sender_chat": {"id": -1009, "type": "channel", "title": "News"}},
        {"via_bot": {"id": 6, "is_bot": True, "first_name": "Inline"}},
        {"chat": {"id": -1009, "type": "channel", "title": "News"}},
        {"text": None},
        {"text": 5},
    ],
    ids=["bot", "nobody", "channel", "inline bot", "in a channel", "no text", "no string"],
)
def test_nobody_but_people_is_heard(fields: dict[str, Any]) -> None:
    assert read_update(changed(PRIVATE, **fields), BOT, BOT_ID) is None


@pytest.mark.parametrize("kind", ["edited_channel_post", "channel_post", "my_chat_member", "poll"])
def test_other_kinds_of_updates_are_ignored(kind: str) -> None:
    assert read_update({"update_id": 1, kind: PRIVATE["message"]}, BOT, BOT_ID) is None


ANONYMOUS = {
    "from": {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
    "sender_chat": {"id": -100, "type": "group", "title": "G"},
    "author_signature": "Boss",
}


def test_an_anonymous_administrator_is_heard_as_the_group_itself() -> None:
    request = read_update(changed(GROUP, text="/help", **ANONYMOUS), BOT, BOT_ID)
    assert isinstance(request, Request)
    assert request.person == Person("telegram:-100", "G")
    assert request.anonymous


def test_a_person_in_a_group_is_not_anonymous_and_nobody_is_in_private() -> None:
    for update in (changed(GROUP, text="/help"), PRIVATE):
        request = read_update(update, BOT, BOT_ID)
        assert isinstance(request, Request)
        assert not request.anonymous


def test_what_a_linked_channel_posts_in_its_group_is_not_heard() -> None:
    forwarded = {"is_automatic_forward": True, "sender_chat": {"id": -1009, "type": "channel"}}
    assert text_of(changed(GROUP, text="/run NVDA", **forwarded)) is None
    assert text_of(changed(GROUP, text="/run NVDA", **ANONYMOUS, is_automatic_forward=True)) is None


def edited(update: dict[str, Any], after_s: int = 5, **fields: Any) -> dict[str, Any]:
    update = changed(update, edit_date=update["message"]["date"] + after_s, **fields)
    update["edited_message"] = update.pop("message")
    return update


def test_an_edit_asks_for_what_it_says_now_under_the_name_of_the_same_message() -> None:
    first = read_update(PRIVATE, BOT, BOT_ID)
    second = read_update({**edited(PRIVATE, text="/run AAPL"), "update_id": 7}, BOT, BOT_ID)
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert (second.text, second.once, second.delivery) == ("run AAPL", first.once, "7000000001:7")
    assert (first.only_commands, second.only_commands) == (False, True)


@pytest.mark.parametrize(("after_s", "heard"), [(0, True), (120, True), (121, False)])
def test_an_edit_is_heard_for_two_minutes(after_s: int, *, heard: bool) -> None:
    assert (read_update(edited(PRIVATE, after_s), BOT, BOT_ID) is not None) is heard


OURS = {"message_id": 3, "from": {"id": BOT_ID, "is_bot": True}, "text": "BUY NVDA"}
THEIRS = {"message_id": 3, "from": {"id": 1001, "is_bot": False}, "text": "BUY NVDA"}


@pytest.mark.parametrize(
    ("typed", "reply", "text"),
    [
        ("run NVDA", OURS, "run NVDA"),
        ("Why claude", OURS, "Why claude"),
        ("/run NVDA", OURS, "run NVDA"),
        ("nice!", OURS, None),
        ("/ban him", OURS, None),
        ("/run@SomeOtherBot NVDA", OURS, None),
        ("run NVDA", THEIRS, None),
        ("run NVDA", {}, None),
        ("  ", OURS, None),
    ],
)
def test_in_reply_to_a_message_of_ours_a_command_needs_no_slash(
    typed: str, reply: dict[str, Any], text: str | None
) -> None:
    assert text_of(changed(GROUP, text=typed, reply_to_message=reply)) == text


def test_a_bare_word_in_a_reply_is_answered_only_if_it_is_a_command() -> None:
    for typed, quiet in (("run away", True), ("/run NVDA", False)):
        request = read_update(changed(GROUP, text=typed, reply_to_message=OURS), BOT, BOT_ID)
        assert isinstance(request, Request)
        assert request.only_commands is quiet


def test_in_the_general_topic_of_a_forum_there_is_no_thread() -> None:
    general = changed(IN_TOPIC)
    for field in ("message_thread_id", "is_topic_message"):
        del general["message"][field]
    request = read_update(general, BOT, BOT_ID)
    assert isinstance(request, Request)
    assert request.address == Address("telegram", "-1001234567890")


def test_a_reply_outside_a_forum_has_no_topic() -> None:
    request = read_update(
        changed(GROUP, text="/help", message_thread_id=4, is_topic_message=False), BOT, BOT_ID
    )
    assert isinstance(request, Request)
    assert request.address.thread is None


def test_a_person_without_a_first_name_goes_by_the_user_name() -> None:
    request = read_update(
        changed(PRIVATE, **{"from": {"id": 1, "first_name": "\u200b", "username": "al"}}), BOT, BOT_ID
    )
    assert isinstance(request, Request)
    assert request.person == Person("telegram:1", "al")


def test_endless_text_is_cut() -> None:
    request = read_update(changed(PRIVATE, text="/run " + "A" * 4000), BOT, BOT_ID)
    assert isinstance(request, Request)
    assert len(request.text) == 1000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    path=st.sampled_from(["message", "callback_query"]),
    field=st.sampled_from([*PRIVATE["message"]]),
    value=JSON,
)
def test_a_broken_update_never_raises(path: str, field: str, value: object) -> None:
    update = copy.deepcopy(PRIVATE if path == "message" else BUTTON)
    update[path][field] = value
    read_update(update, BOT, BOT_ID)
    read_update({"update_id": value, path: value}, BOT, BOT_ID)
    read_update({"update_id": 1, "edited_message": update[path]}, BOT, BOT_ID)
