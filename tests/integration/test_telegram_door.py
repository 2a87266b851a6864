"""The door over real sockets: what it posts, and what each failure of the platform becomes."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from telegram import Bot

from bot.cards import Notice, PictureCard
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef, ThreadGone, Unsure
from bot.request import Address, Person
from bot.telegram_adapter import TelegramDoor
from bot.window_cards import ReasoningWindow, VerdictWindow
from core.clock import ManualClock
from tests import card_samples as samples
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_scene import bot_of
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Flood, User

ALICE = User(1001)
PRIVATE = Address("telegram", "1001")
GROUP = Address("telegram", "-100200")


def picture(width: int, height: int) -> bytes:
    """Return the head of a PNG, which is all that is looked at."""
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + b"IHDR" + size + bytes(100)


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


def test_it_is_a_door_that_knows_the_pace_of_groups() -> None:
    door: Door = TelegramDoor(Bot("1:x"))
    assert (door.platform, door.pace(PRIVATE), door.pace(GROUP)) == ("telegram", 1.0, 3.0)


async def test_every_card_can_be_sent_and_edited(server: TelegramServer, door: TelegramDoor) -> None:
    ref = await door.send(PRIVATE, Notice(text="first"))
    # A text cannot become a picture, and a window is drawn like the card that it extends.
    other = (PictureCard, ReasoningWindow, VerdictWindow)
    cards = [card for card in samples.SAMPLES.values() if not isinstance(card, other)]
    for card in cards:
        await door.send(PRIVATE, card, only_for=Person("telegram:1001", "Alice"))
        await door.edit(ref, card)
    shown = server.messages(server.chats[1001])
    assert len(shown) == 1 + len(cards)
    assert shown[0].edits == len(cards)
    assert shown[3].button("deepseek") == "w.k3v9x2ma.5"
    assert all(message.silent_preview for message in shown)


async def test_it_answers_in_the_topic_and_tells_where_the_message_is(
    server: TelegramServer, door: TelegramDoor
) -> None:
    topic = Address("telegram", "-100200", "7")
    ref = await door.send(topic, samples.NOTICE)
    (shown,) = server.messages(server.chats[-100200])
    assert shown.thread == 7
    assert ref == MessageRef(topic, str(shown.id))


async def test_what_is_to_be_silent_comes_without_a_sound_be_it_a_message_a_document_or_a_picture(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.send(GROUP, samples.NOTICE)
    for silent in (True, False):
        await door.send(GROUP, samples.NOTICE, silent=silent)
        await door.send_file(GROUP, "run.md", b"# Run", "Whole.", silent=silent)
        await door.send_file(GROUP, "curves.png", picture(800, 400), "Curves.", silent=silent)
    shown = server.messages(server.chats[int(GROUP.chat)])
    assert [message.silent for message in shown] == [False, True, True, True, False, False, False]


async def test_a_door_for_one_command_replies_to_it_with_messages_and_files(
    server: TelegramServer, door: TelegramDoor
) -> None:
    group = server.chats[-100200]
    server.say(group, ALICE, "/run NVDA")
    (command,) = server.shown.values()
    answering = door.replying(str(command.id))
    await answering.send(GROUP, samples.NOTICE)
    await answering.send_file(GROUP, "books.csv", b"a,b", "Books")
    await answering.send_file(GROUP, "chart.png", b"png", "Chart")
    await door.send(GROUP, samples.NOTICE)
    replies = [shown.reply_to for shown in server.messages(group)]
    assert replies == [command.id, command.id, command.id, None]


async def test_an_edit_that_changes_nothing_is_no_failure(server: TelegramServer, door: TelegramDoor) -> None:
    ref = await door.send(PRIVATE, samples.VERDICT)
    await door.edit(ref, samples.VERDICT)
    assert server.calls[-1].status == 400
    assert server.messages(server.chats[1001])[0].edits == 0


async def test_a_reply_to_a_message_that_is_gone_is_posted_all_the_same(
    server: TelegramServer, door: TelegramDoor
) -> None:
    first = await door.send(PRIVATE, samples.NOTICE)
    await door.send(PRIVATE, samples.HELP, reply_to=first.message)
    await door.send(PRIVATE, samples.MODELS, reply_to="99999")
    assert [shown.reply_to for shown in server.messages(server.chats[1001])] == [
        None,
        int(first.message),
        None,
    ]


async def test_editing_a_deleted_message_is_message_gone(server: TelegramServer, door: TelegramDoor) -> None:
    ref = await door.send(PRIVATE, samples.NOTICE)
    server.forget(server.messages(server.chats[1001])[0])
    with pytest.raises(MessageGone):
        await door.edit(ref, samples.HELP)


@pytest.mark.parametrize(
    ("code", "description"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (403, "Forbidden: bot is not a member of the channel chat"),
        (403, "Forbidden: the group chat was deleted"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
        (400, "Bad Request: not enough rights to send text messages to the chat"),
    ],
)
async def test_a_chat_that_is_closed_to_us(
    server: TelegramServer, door: TelegramDoor, code: int, description: str
) -> None:
    server.chats[1001].refusal = Refusal(description, code=code, fault=False)
    with pytest.raises(ChatGone, match="(?i)" + description.partition(": ")[2]):
        await door.send(PRIVATE, samples.NOTICE)
    with pytest.raises(ChatGone):
        await door.edit(MessageRef(PRIVATE, "1"), samples.NOTICE)


@pytest.mark.parametrize(
    ("address", "failure"),
    [
        (Address("telegram", "555"), ChatGone),
        (Address("telegram", "-100200", "8"), ThreadGone),
        (Address("telegram", "nonsense"), ChatGone),
    ],
    ids=["unknown chat", "closed topic", "no number"],
)
async def test_a_place_that_does_not_exist(
    door: TelegramDoor, address: Address, failure: type[ChatGone]
) -> None:
    with pytest.raises(ChatGone) as raised:
        await door.send(address, samples.NOTICE)
    assert type(raised.value) is failure


async def test_a_group_that_became_a_supergroup_is_followed(
    server: TelegramServer, door: TelegramDoor
) -> None:
    old, new = server.group(-300, kind="group"), server.group(-100300)
    before = await door.send(Address("telegram", "-300"), samples.NOTICE)
    old.moved_to = new.id
    first = await door.send(Address("telegram", "-300"), samples.NOTICE)
    assert first.address == Address("telegram", "-100300")
    await door.send(Address("telegram", "-300"), samples.HELP)
    assert len(server.messages(new)) == 2
    assert [call.status for call in server.calls[1:]] == [400, 200, 200]
    with pytest.raises(MessageGone):
        await door.edit(before, samples.HELP)


async def test_a_flood_says_how_long_to_wait_and_stops_no_other_chat(
    server: TelegramServer, door: TelegramDoor
) -> None:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    server.flood = Flood(clock)
    for _ in range(3):
        await door.send(PRIVATE, samples.NOTICE)
    with pytest.raises(Flooded) as flooded:
        await door.send(PRIVATE, samples.NOTICE)
    assert flooded.value.retry_after_s == 1.0
    await door.send(GROUP, samples.NOTICE)
    clock.advance(1.0)
    await door.send(PRIVATE, samples.NOTICE)


async def test_at_the_pace_that_it_tells_a_group_is_never_flooded(
    server: TelegramServer, door: TelegramDoor
) -> None:
    clock = ManualClock(datetime(2025, 10, 29, tzinfo=UTC))
    server.flood = Flood(clock)
    ref = await door.send(GROUP, samples.PROGRESS)
    for number in range(40):
        clock.advance(door.pace(GROUP))
        await door.edit(ref, Notice(text=f"edit {number}"))
    assert server.flood.refused == []


@pytest.mark.parametrize(("code", "kind"), [(500, DeliveryFailed), (502, Unsure), (504, Unsure)])
async def test_a_failing_platform_is_a_failed_delivery_and_a_lost_answer_one_that_nobody_is_sure_of(
    server: TelegramServer, door: TelegramDoor, code: int, kind: type[DeliveryFailed]
) -> None:
    server.fail("sendMessage", code, b"<html>Bad gateway</html>")
    with pytest.raises(DeliveryFailed) as failed:
        await door.send(PRIVATE, samples.NOTICE)
    assert type(failed.value) is kind
    await door.send(PRIVATE, samples.NOTICE)


@pytest.mark.parametrize(("code", "words"), [(401, "Unauthorized"), (404, "Not Found")])
async def test_a_refused_token_is_told_as_such(
    server: TelegramServer, door: TelegramDoor, code: int, words: str
) -> None:
    ref = await door.send(PRIVATE, Notice(text="one"))
    server.fail("sendMessage", code, words)
    server.fail("editMessageText", code, words)
    for call in (door.send(PRIVATE, Notice(text="two")), door.edit(ref, Notice(text="two"))):
        with pytest.raises(DeliveryFailed, match=r"^Telegram refused the bot token\.$"):
            await call


async def test_of_junk_with_status_200_nobody_knows_what_became_of_the_message(
    server: TelegramServer, door: TelegramDoor
) -> None:
    server.fail("sendMessage", 200, json.dumps({"ok": True}).encode())
    server.fail("sendMessage", 200, b"captive portal")
    for _ in range(2):
        with pytest.raises(Unsure):
            await door.send(PRIVATE, samples.NOTICE)


async def test_of_a_message_that_was_taken_only_the_number_is_looked_at(
    server: TelegramServer, door: TelegramDoor
) -> None:
    server.fail("sendMessage", 200, json.dumps({"ok": True, "result": {"message_id": 77}}).encode())
    assert (await door.send(PRIVATE, samples.NOTICE)).message == "77"


async def test_a_platform_that_is_away_has_taken_nothing_for_sure(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await server.stop()
    await asyncio.sleep(0.05)  # until it is noticed that the connections are closed
    with pytest.raises(DeliveryFailed, match="could not be reached") as failed:
        await door.send(PRIVATE, samples.NOTICE)
    assert type(failed.value) is DeliveryFailed


async def test_a_picture_that_may_have_arrived_is_not_posted_again_as_a_document(
    server: TelegramServer, door: TelegramDoor
) -> None:
    server.fail("sendPhoto", 502, b"<html>Bad gateway</html>")
    with pytest.raises(Unsure):
        await door.send_file(PRIVATE, "chart.png", picture(800, 400), "Chart")
    assert [call.method for call in server.calls] == ["sendPhoto"]


async def test_files_are_posted_with_a_caption_that_mentions_nobody(
    server: TelegramServer, door: TelegramDoor
) -> None:
    png, wide = picture(800, 400), picture(9_000, 1_001)
    ref = await door.send_file(PRIVATE, "../odd/trades.csv", b"a,b\n1,2\n", "For @alice <3 " + "x" * 2000)
    await door.send_file(PRIVATE, "chart.png", png, "Chart")
    await door.send_file(PRIVATE, "no-picture.png", b"not a picture", "")
    await door.send_file(PRIVATE, "wide.png", wide, "")
    table, chart, broken, large = server.messages(server.chats[1001])
    assert str(table.id) == ref.message
    assert table.file == ("trades.csv", b"a,b\n1,2\n")
    assert table.of("mention") == []
    assert table.text.endswith("…")
    assert chart.file == ("chart.png", png)
    assert [call.method for call in server.calls] == [
        "sendDocument",
        "sendPhoto",
        *("sendPhoto", "sendDocument"),
        *("sendPhoto", "sendDocument"),
    ]
    assert broken.file == ("no-picture.png", b"not a picture")
    assert large.file == ("wide.png", wide)


@pytest.mark.parametrize("content", [b"", bytes(50_000_001)], ids=["empty", "over 50 MB"])
async def test_a_file_that_telegram_would_refuse_is_not_sent(
    server: TelegramServer, door: TelegramDoor, content: bytes
) -> None:
    with pytest.raises(DeliveryFailed, match="50 MB"):
        await door.send_file(PRIVATE, "x.bin", content, "")
    assert server.calls == []


async def test_a_chat_that_takes_no_files_gets_the_caption_and_stays_open(
    server: TelegramServer, door: TelegramDoor
) -> None:
    for method, kind in (("sendPhoto", "photos"), ("sendDocument", "documents")):
        server.fail(method, 400, f"Bad Request: not enough rights to send {kind} to the chat")
    await door.send_file(GROUP, "chart.png", picture(800, 400), "Curves of @everybody")
    (shown,) = server.messages(server.chats[-100200])
    assert "Curves of" in shown.text
    assert "I may not send the file chart" in shown.text
    assert (shown.file, shown.of("mention")) == (None, [])
    server.fail("sendPhoto", 400, "Bad Request: not enough rights to send photos to the chat")
    await door.send_file(GROUP, "chart.png", picture(800, 400), "Curves")
    assert server.messages(server.chats[-100200])[-1].file, "as a document"


async def test_a_group_that_moved_is_told_of_once_and_a_failure_of_that_holds_up_nothing(
    server: TelegramServer,
) -> None:
    told: list[tuple[str, str]] = []

    async def moved(old: str, new: str) -> None:
        told.append((old, new))
        raise RuntimeError("the database is away")

    old, new = server.group(-300, kind="group"), server.group(-100300)
    old.moved_to = new.id
    async with bot_of(server) as bot:
        door = TelegramDoor(bot, moved)
        for _ in range(2):
            await door.send(Address("telegram", "-300"), samples.NOTICE)
    assert told == [("-300", "-100300")]
    assert len(server.messages(new)) == 2
