"""Pictures on Telegram over real sockets: sent, edited in place, and what cannot be edited."""

from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.cards import Button, Notice
from bot.door import ChatGone, Flooded, MessageGone
from bot.request import Address
from bot.telegram_adapter import PICTURES_KNOWN, TelegramDoor
from bot.telegram_render import render
from tests import card_samples as samples
from tests.loopback.telegram_rules import CAPTION_UNITS, Refusal, check_keyboard, check_text
from tests.loopback.telegram_scene import bot_of
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown, User
from tests.picture_facts import picture_card

ALICE = User(1001)
PRIVATE = Address("telegram", "1001")


def png(shade: int, width: int = 40, height: int = 50) -> bytes:
    """A small picture of one colour."""
    target = BytesIO()
    Image.new("RGB", (width, height), (shade, shade, shade)).save(target, "PNG")
    return target.getvalue()


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        running.group(-100200, topics={7})
        yield running
        assert running.violations == []


@pytest.fixture
async def door(server: TelegramServer) -> AsyncIterator[TelegramDoor]:
    async with bot_of(server) as bot:
        server.calls.clear()
        yield TelegramDoor(bot)


def only(server: TelegramServer) -> Shown:
    (shown,) = server.messages(server.chats[1001])
    return shown


def methods(server: TelegramServer) -> list[str]:
    return [call.method for call in server.calls]


async def test_a_picture_is_a_photo_with_its_facts_as_caption_and_its_buttons(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.send(PRIVATE, picture_card(png(1)))
    shown = only(server)
    assert shown.file == ("leaderboard.png", png(1))
    assert methods(server) == ["sendPhoto"]
    for fact in ("Leaderboard", "🥇 claude +4.12 % · $10,412.20", "2. gpt", "Updated 14:03:22 (New York)"):
        assert fact in shown.text
    assert shown.labels == ["Curves", "Refresh", "Text"]


async def test_a_picture_that_is_to_be_silent_comes_without_a_sound(
    server: TelegramServer, door: TelegramDoor
) -> None:
    for silent in (True, False):
        await door.send(PRIVATE, picture_card(png(1)), silent=silent)
    assert [shown.silent for shown in server.messages(server.chats[1001])] == [True, False]


async def test_a_picture_in_a_topic_is_posted_there_as_a_reply(
    server: TelegramServer, door: TelegramDoor
) -> None:
    topic = Address("telegram", "-100200", "7")
    first = await door.send(topic, Notice(text="card"))
    await door.send(topic, picture_card(png(1)), reply_to=first.message)
    _, shown = server.messages(server.chats[-100200])
    assert (shown.thread, shown.reply_to) == (7, int(first.message))


async def test_another_picture_replaces_the_one_that_is_there(
    server: TelegramServer, door: TelegramDoor
) -> None:
    ref = await door.send(PRIVATE, picture_card(png(1)))
    await door.edit(ref, picture_card(png(2), title="Equity curves", name="curves.png"))
    shown = only(server)
    assert methods(server) == ["sendPhoto", "editMessageMedia"]
    assert shown.file == ("curves.png", png(2))
    assert "Equity curves" in shown.text
    assert shown.labels == ["Curves", "Refresh", "Text"]


async def test_where_the_picture_is_the_same_only_the_caption_is_sent(
    server: TelegramServer, door: TelegramDoor
) -> None:
    ref = await door.send(PRIVATE, picture_card(png(1)))
    await door.edit(ref, picture_card(png(1), stamp="Updated 14:03:29 (New York)"))
    assert methods(server) == ["sendPhoto", "editMessageCaption"]
    assert "14:03:29" in only(server).text
    # A door that was made anew, as after a restart, does not know what the message shows.
    again = TelegramDoor(door._bot)
    await again.edit(ref, picture_card(png(1), stamp="Updated 14:03:30 (New York)"))
    await again.edit(ref, picture_card(png(1), stamp="Updated 14:03:31 (New York)"))
    assert methods(server)[2:] == ["editMessageMedia", "editMessageCaption"]


async def test_an_edit_that_changes_nothing_is_no_failure(server: TelegramServer, door: TelegramDoor) -> None:
    ref = await door.send(PRIVATE, picture_card(png(1)))
    await door.edit(ref, picture_card(png(1)))
    await TelegramDoor(door._bot).edit(ref, picture_card(png(1)))
    assert [call.status for call in server.calls] == [200, 400, 400]
    assert only(server).edits == 0


async def test_a_text_never_becomes_a_picture_nor_a_picture_a_text(
    server: TelegramServer, door: TelegramDoor
) -> None:
    text = await door.send(PRIVATE, samples.LEADERBOARD)
    picture = await door.send(PRIVATE, picture_card(png(1)))
    with pytest.raises(MessageGone):
        await door.edit(text, picture_card(png(1)))
    with pytest.raises(MessageGone):
        await door.edit(picture, samples.LEADERBOARD)
    server.forget(server.messages(server.chats[1001])[1])
    with pytest.raises(MessageGone):
        await door.edit(picture, picture_card(png(2)))


async def test_a_picture_of_odd_proportions_comes_as_a_document_with_its_buttons(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.send(PRIVATE, picture_card(png(1, 9_000, 1_001)))
    assert methods(server) == ["sendPhoto", "sendDocument"]
    assert only(server).labels == ["Curves", "Refresh", "Text"]


async def test_floods_and_closed_chats_are_told_as_for_any_message(
    server: TelegramServer, door: TelegramDoor
) -> None:
    ref = await door.send(PRIVATE, picture_card(png(1)))
    server.flood_next(server.chats[1001], 7)
    with pytest.raises(Flooded):
        await door.edit(ref, picture_card(png(2)))
    server.chats[1001].refusal = Refusal("Forbidden: bot was blocked by the user", code=403, fault=False)
    with pytest.raises(ChatGone):
        await door.send(PRIVATE, picture_card(png(1)))


async def test_a_picture_without_pixels_is_told_in_words(server: TelegramServer, door: TelegramDoor) -> None:
    ref = await door.send(PRIVATE, picture_card(b""))
    await door.edit(ref, picture_card(b"", title="Other"))
    assert methods(server) == ["sendMessage", "editMessageText"]


async def test_what_is_known_of_old_messages_is_forgotten(server: TelegramServer, door: TelegramDoor) -> None:
    for number in range(PICTURES_KNOWN + 50):
        door._note_picture("1001", str(number), png(1))
    assert len(door._pictures) == PICTURES_KNOWN


hostile = st.one_of(
    st.text(max_size=400),
    st.sampled_from(
        [
            "<b>" * 400,
            "&" * 3000,
            "@channel /run https://evil.example",
            "🤖" * 1200,
            "\u202e" * 50,
            "x" * 11_000,
        ]
    ),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(hostile, max_size=60), hostile, hostile, st.booleans())
def test_any_caption_fits_and_names_nobody(lines: list[str], title: str, other: str, warned: bool) -> None:
    card = picture_card(
        b"png",
        caption=tuple(lines),
        title=title,
        footer=other,
        alt=other,
        caveat=other if warned else None,
        buttons=(Button(label=title, data="f.e.t.all.value.0"),),
    )
    message = render(card)
    parsed = check_text(message.text_html, "HTML", CAPTION_UNITS)
    assert parsed.of("mention", "url", "email", "bot_command") == []
    check_keyboard(
        {"inline_keyboard": [[{"text": t, "callback_data": d} for t, d in row] for row in message.keyboard]}
    )


def test_of_a_caption_that_is_too_long_whole_lines_are_left_out_and_counted() -> None:
    card = picture_card(
        b"png", caption=tuple(f"{place}. member-{place:03} +4.12 % · $10,412.20" for place in range(60))
    )
    parsed = check_text(render(card).text_html, "HTML", CAPTION_UNITS)
    shown = parsed.text.count("$10,412.20")
    assert f"… and {60 - shown} more" in parsed.text
    assert 10 < shown < 60
    assert "Paper trading, not advice." in parsed.text
    assert len(parsed.of("expandable_blockquote")) == 1


def test_a_short_caption_is_not_folded() -> None:
    assert check_text(render(picture_card(b"png")).text_html, "HTML").of("expandable_blockquote") == []
