"""Pictures on Slack over real sockets: in messages that can be edited, or shared as files."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import Button
from bot.door import ChatGone, MessageGone
from bot.request import Address
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackApi
from bot.slack_picture import MAX_COMMENT_BYTES, comment, image
from bot.slack_render import render
from bot.slack_uploads import PAUSES_S, SHARED_FOR_S
from core.clock import ManualClock
from tests.loopback.slack_rules import message_error, notified
from tests.loopback.slack_server import Fault, SlackServer, slack_server
from tests.loopback.slack_state import Message
from tests.picture_facts import picture_card

TRADING = Address("slack", "C0TRADING")
PNG = b"\x89PNG one"
OTHER = b"\x89PNG two"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[SlackServer]:
    async with slack_server(limits=True, clock=clock.monotonic) as server:
        server.add_channel("C0TRADING")
        yield server


@pytest.fixture
async def door(server: SlackServer, clock: ManualClock) -> AsyncIterator[SlackDoor]:
    door = SlackDoor(SlackApi(server.bot_token, server.base_url), clock)
    yield door
    await door.close()


def seen(server: SlackServer, message: Message) -> bytes:
    """The picture that a message shows."""
    (block,) = [block for block in message.blocks if block["type"] == "image"]
    return server.uploads[block["slack_file"]["id"]]


async def test_a_picture_stands_in_a_message_with_its_facts_its_buttons_and_words_for_ears(
    door: SlackDoor, server: SlackServer
) -> None:
    ref = await door.send(TRADING, picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert ref.message == message.ts
    assert seen(server, message) == PNG
    block = message.blocks[0]
    assert block["alt_text"] == "A table: Leaderboard. claude leads with +4.12 %."
    assert server.alts[block["slack_file"]["id"]] == block["alt_text"], "the file has them as well"
    told = str(message.blocks)
    for fact in ("🥇 claude +4.12 %", "Updated 14:03:22 (New York)", "Refresh", "Paper trading"):
        assert fact in told


async def test_a_picture_is_edited_in_place(door: SlackDoor, server: SlackServer) -> None:
    ref = await door.send(TRADING, picture_card(PNG))
    await door.edit(ref, picture_card(OTHER, stamp="Updated 14:03:29 (New York)"))
    (message,) = server.messages("C0TRADING")
    assert seen(server, message) == OTHER
    assert "14:03:29" in str(message.blocks)
    first, second = message.revisions[0][1][0], message.blocks[0]
    assert first["block_id"] != second["block_id"]


async def test_a_picture_in_a_thread_stays_in_it(door: SlackDoor, server: SlackServer) -> None:
    root = server.write("C0TRADING")
    await door.send(Address("slack", "C0TRADING", root), picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert message.thread_ts == root


async def test_a_file_that_slack_does_not_know_yet_is_asked_for_again(
    door: SlackDoor, server: SlackServer
) -> None:
    server.not_ready = len(PAUSES_S) - 1
    await door.send(TRADING, picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert seen(server, message) == PNG
    assert len(server.uploads) == 1


async def test_where_slack_never_shows_it_the_picture_is_shared_as_a_file_with_its_facts(
    door: SlackDoor, server: SlackServer, clock: ManualClock
) -> None:
    server.not_ready = 1_000
    ref = await door.send(TRADING, picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert message.files[0]["id"] == ref.message
    assert server.uploads[ref.message] == PNG
    assert server.alts[ref.message].startswith("A table")
    assert "claude +4.12 %" in message.text
    with pytest.raises(MessageGone):
        await door.edit(ref, picture_card(OTHER))
    tries = len(server.calls)
    await door.send(TRADING, picture_card(PNG))
    assert [method for method, _ in server.calls[tries:]] == [
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ], "it is not tried in vain again"
    server.fail_next("files.completeUploadExternal", Fault("fatal_error"))
    ref = await door.send(TRADING, picture_card(PNG))
    assert server.messages("C0TRADING")[-1].ts == ref.message, "in words where it is not taken either"
    server.not_ready = 0
    clock.advance(SHARED_FOR_S + 1)
    await door.send(TRADING, picture_card(PNG))
    assert seen(server, server.messages("C0TRADING")[-1]) == PNG


async def test_an_edit_that_slack_does_not_take_asks_for_a_fresh_message(
    door: SlackDoor, server: SlackServer
) -> None:
    ref = await door.send(TRADING, picture_card(PNG))
    server.not_ready = 1_000
    with pytest.raises(MessageGone):
        await door.edit(ref, picture_card(OTHER))
    with pytest.raises(MessageGone):
        await door.edit(ref, picture_card(OTHER))


async def test_without_the_right_to_upload_the_facts_come_in_words(
    door: SlackDoor, server: SlackServer
) -> None:
    server.fail_next("files.getUploadURLExternal", Fault("missing_scope"))
    ref = await door.send(TRADING, picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert ref.message == message.ts
    assert "claude +4.12 %" in str(message.blocks)
    assert all(block["type"] != "image" for block in message.blocks)


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("files.getUploadURLExternal", Fault("internal_error")),
        ("files.getUploadURLExternal", Fault("http", status=503, raw="down")),
        ("files.completeUploadExternal", Fault("fatal_error")),
        ("upload", Fault(status=500, raw="down")),
    ],
    ids=["refused", "down", "not completed", "bytes not taken"],
)
async def test_where_an_upload_fails_the_facts_come_in_words_once(
    door: SlackDoor, server: SlackServer, method: str, fault: Fault
) -> None:
    server.fail_next(method, fault)
    ref = await door.send(TRADING, picture_card(PNG))
    (message,) = server.messages("C0TRADING")
    assert ref.message == message.ts
    assert "claude +4.12 %" in str(message.blocks)
    assert all(block["type"] != "image" for block in message.blocks)


async def test_a_picture_that_cannot_be_uploaded_anew_asks_for_a_fresh_message(
    door: SlackDoor, server: SlackServer
) -> None:
    ref = await door.send(TRADING, picture_card(PNG))
    server.fail_next("files.getUploadURLExternal", Fault("internal_error"))
    with pytest.raises(MessageGone):
        await door.edit(ref, picture_card(OTHER))
    (message,) = server.messages("C0TRADING")
    assert seen(server, message) == PNG


async def test_a_closed_channel_is_told_as_one(door: SlackDoor, server: SlackServer) -> None:
    server.add_channel("C0OLD", archived=True)
    with pytest.raises(ChatGone):
        await door.send(Address("slack", "C0OLD"), picture_card(PNG))


hostile = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["<!channel> <@U0ALICE>", "&" * 3000, "https://evil.example", "🤖" * 900, "x" * 11_000, "\x00"]
    ),
)


@settings(max_examples=150)
@given(st.lists(hostile, max_size=40), hostile, hostile)
def test_any_facts_fit_and_call_nobody(lines: list[str], title: str, other: str) -> None:
    card = picture_card(
        PNG,
        caption=tuple(lines),
        title=title,
        alt=other,
        footer=other,
        caveat=other or None,
        stamp=other,
        buttons=(Button(label=title, data="f.e.t.all.value.0"),),
    )
    message = render(card)
    blocks = [image(card, "F00000001"), *message.blocks]
    assert message_error({"text": message.text, "blocks": blocks}, update=True) is None
    assert notified(blocks) + notified(message.text) + notified(comment(card)) == []
    assert len(comment(card).encode()) <= MAX_COMMENT_BYTES
