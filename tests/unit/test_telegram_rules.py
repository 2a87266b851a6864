"""The loopback server refuses what Telegram refuses; else the other tests would prove nothing."""

from datetime import UTC, datetime

import pytest

from core.clock import ManualClock
from tests.loopback.telegram_methods import METHODS
from tests.loopback.telegram_rules import (
    Refusal,
    check_commands,
    check_keyboard,
    check_photo,
    check_start_payload,
    check_text,
    check_toast,
)
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import QUERY_S, Flood, Shown, User

ALICE = User(1001)


@pytest.mark.parametrize(
    "html",
    [
        "<b>open",
        "closed</b>",
        "<b><i>crossed</b></i>",
        "<h1>unknown</h1>",
        "1 < 2",
        "R&D",
        "<pre><b>lost</b></pre>",
        "<b><b>twice</b></b>",
        "<blockquote foldable>x</blockquote>",
        "<a href='x'>single quotes</a>",
    ],
)
def test_html_that_is_not_exactly_right(html: str) -> None:
    with pytest.raises(Refusal, match="can't parse entities"):
        check_text(html, "HTML")


@pytest.mark.parametrize("text", ["", " \n ", "<b> </b>", "\u200b"])
def test_text_without_content(text: str) -> None:
    with pytest.raises(Refusal, match="empty"):
        check_text(text, "HTML")


def test_length_is_counted_after_parsing_in_utf16_units() -> None:
    check_text("<b>" + "&amp;" * 4096 + "</b>", "HTML")
    check_text("👍" * 2048, None)
    for text in ("x" * 4097, "👍" * 2049):
        with pytest.raises(Refusal, match="message is too long"):
            check_text(text, "HTML")
    with pytest.raises(Refusal, match="caption is too long"):
        check_text("x" * 1025, "HTML", 1024)
    with pytest.raises(Refusal, match="text is too long"):
        check_text("<b></b>" * 5000 + "x", "HTML")


def test_entities_are_found_and_counted() -> None:
    parsed = check_text("<b>a👍</b> <blockquote expandable>b</blockquote> <code>/run</code>", "HTML")
    assert [(entity.kind, entity.offset, entity.length) for entity in parsed.entities] == [
        ("bold", 0, 3),
        ("expandable_blockquote", 4, 1),
        ("code", 6, 4),
    ]
    with pytest.raises(Refusal, match="101 entities"):
        check_text("<b>x</b> " * 101, "HTML")


def test_what_telegram_links_by_itself_is_found() -> None:
    parsed = check_text("@alice /run t.me/x tg://user?id=1 a@b.example 10.0.0.1 3.14 e.g. and/or", None)
    assert parsed.of("mention") == ["@alice"]
    assert parsed.of("bot_command") == ["/run"]
    assert parsed.of("email") == ["a@b.example"]
    assert "10.0.0.1" in parsed.of("url")
    assert not any("3.14" in link or "e.g" in link for link in parsed.of("url"))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([[{"text": "x", "callback_data": "é" * 33}]], "BUTTON_DATA_INVALID"),
        ([[{"text": "x", "callback_data": ""}]], "BUTTON_DATA_INVALID"),
        ([[{"text": " ", "callback_data": "a"}]], "text is empty"),
        ([[{"text": "x"}]], "text buttons"),
        ([[{"text": "x", "callback_data": "a", "url": "https://x.example"}]], "text buttons"),
        ([[{"text": "x", "callback_data": "a"}] * 9], "too long"),
        ([[{"text": "x", "callback_data": "a"}]] * 101, "too long"),
        ("no rows", "can't parse"),
        ([[{"text": "x", "copy_text": {"text": ""}}]], "COPY_TEXT"),
        ([[{"text": "x", "copy_text": {"text": "y" * 257}}]], "COPY_TEXT"),
        ([[{"text": "x", "copy_text": "not an object"}]], "COPY_TEXT"),
        ([[{"text": "x", "url": "javascript:alert(1)"}]], "BUTTON_URL_INVALID"),
        ([[{"text": "x", "url": "https://t.me/ConclaveBot?start=" + "a" * 65}]], "START_PARAM_INVALID"),
    ],
)
def test_keyboards_of_the_wrong_shape(rows: object, why: str) -> None:
    with pytest.raises(Refusal, match=why):
        check_keyboard({"inline_keyboard": rows})


def test_buttons_that_copy_or_open_a_link_are_taken() -> None:
    rows = [
        [{"text": "x", "copy_text": {"text": "y" * 256}}],
        [{"text": "x", "url": "https://t.me/ConclaveBot?start=run_NVDA-1"}],
        [{"text": "x", "url": "https://news.example/?start=a%20b"}],
    ]
    assert check_keyboard({"inline_keyboard": rows}) == rows


@pytest.mark.parametrize("payload", ["", "a" * 65, "run NVDA", "é", "a.b"])
def test_a_link_to_the_bot_carries_few_signs(payload: str) -> None:
    check_start_payload("run_NVDA-1")
    with pytest.raises(Refusal, match="START_PARAM_INVALID"):
        check_start_payload(payload)


def test_a_picture_has_limited_sides() -> None:
    def png(width: int, height: int) -> bytes:
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + size

    jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08" + (300).to_bytes(2, "big") + (400).to_bytes(2, "big")
    assert check_photo(png(5000, 5000)) == (5000, 5000)
    assert check_photo(jpeg) == (400, 300)
    for content in (png(5001, 5000), png(2100, 100)):
        with pytest.raises(Refusal, match="PHOTO_INVALID_DIMENSIONS"):
            check_photo(content)
    for content in (b"", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", png(0, 9)):
        with pytest.raises(Refusal, match="IMAGE_PROCESS_FAILED"):
            check_photo(content)


async def test_a_pressed_button_can_be_answered_for_a_while_only() -> None:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    server = TelegramServer(clock=clock)
    shown = Shown(1, server.private(ALICE).id, "x", buttons=[[{"text": "x", "callback_data": "w.r.1"}]])
    queries = [server.press(shown, "w.r.1", ALICE) for _ in range(2)]
    clock.advance(QUERY_S)
    assert METHODS["answerCallbackQuery"](server, {"callback_query_id": queries[0]}) is True
    clock.advance(1.0)
    for query in (*queries, "unknown"):
        with pytest.raises(Refusal, match="query is too old and response timeout expired"):
            METHODS["answerCallbackQuery"](server, {"callback_query_id": query})


async def test_a_flood_of_our_own_making_is_noted_and_one_that_a_test_wants_is_not() -> None:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    server = TelegramServer(flood=Flood(clock), clock=clock)
    chat = server.private(ALICE)
    server.flood_next(chat, 5)
    with pytest.raises(Refusal, match="retry after 5"):
        METHODS["sendMessage"](server, {"chat_id": chat.id, "text": "x"})
    assert server.floods == []
    for _ in range(Flood.BURST):
        METHODS["sendMessage"](server, {"chat_id": chat.id, "text": "x"})
    with pytest.raises(Refusal, match="Too Many Requests"):
        METHODS["sendMessage"](server, {"chat_id": chat.id, "text": "x"})
    assert server.floods == [chat.id]


async def test_somebody_comes_by_a_link_to_the_bot() -> None:
    server = TelegramServer()
    server.follow_link(server.private(ALICE), ALICE, "run_NVDA")
    with pytest.raises(Refusal, match="START_PARAM_INVALID"):
        server.follow_link(server.private(ALICE), ALICE, "run NVDA")


def test_toasts_and_menus() -> None:
    with pytest.raises(Refusal):
        check_toast("x" * 201)
    with pytest.raises(Refusal):
        check_commands([{"command": "Run", "description": "x"}])
    with pytest.raises(Refusal):
        check_commands([{"command": "run", "description": ""}])
    assert check_commands([{"command": "run", "description": "x"}]) == [("run", "x")]


def test_flood_limits_of_chats_groups_and_all() -> None:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    flood = Flood(clock)
    for _ in range(3):
        flood.take(1)
    with pytest.raises(Refusal, match="retry after 1"):
        flood.take(1)
    clock.advance(1.0)
    flood.take(1)
    for _ in range(20):
        clock.advance(1.5)
        flood.take(-7)
    clock.advance(1.5)
    with pytest.raises(Refusal) as refusal:
        flood.take(-7)
    assert refusal.value.parameters
    assert refusal.value.parameters["retry_after"] > 20
    clock.advance(60.0)
    for chat in range(100, 130):
        flood.take(chat)
    with pytest.raises(Refusal):
        flood.take(999)
