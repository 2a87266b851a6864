"""The Slack door against a strict Slack: what it posts, and how it says that Slack refused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.cards import Notice, ProgressCard, ReasoningCard
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef, Unsure
from bot.request import Address, Person
from bot.slack_adapter import SlackDoor
from bot.slack_api import SlackApi
from bot.slack_log import redacted
from core.clock import ManualClock
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_server import Fault, SlackServer, slack_server

TRADING = Address("slack", "C0TRADING")
ALICE = Person("slack:U0ALICE", "alice")
HELLO = Notice(text="Hello")


def live(number: int) -> ProgressCard:
    return ProgressCard(title=f"Asking 5 members ({number})", subtitle="", lines=())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 2, tzinfo=UTC))


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[SlackServer]:
    async with slack_server(limits=True, clock=clock.monotonic) as server:
        server.add_channel("C0TRADING")
        server.add_channel("D0ALICE")
        yield server


@pytest.fixture
async def door(server: SlackServer, clock: ManualClock) -> AsyncIterator[SlackDoor]:
    door = SlackDoor(SlackApi(server.bot_token, server.base_url), clock)
    yield door
    await door.close()


async def test_a_message_is_posted_without_previews_and_edited_in_place(
    door: Door, server: SlackServer
) -> None:
    ref = await door.send(TRADING, HELLO)
    await door.edit(ref, Notice(text="Done"))
    await door.edit(ref, Notice(text="Done"))

    (message,) = server.messages("C0TRADING")
    assert ref == MessageRef(TRADING, message.ts)
    assert message.text == "Done"


async def test_a_message_in_a_thread_stays_in_it(door: Door, server: SlackServer) -> None:
    root = server.write("C0TRADING")
    await door.send(Address("slack", "C0TRADING", root), HELLO)

    assert server.messages("C0TRADING")[0].thread_ts == root


async def test_a_thread_that_is_gone_and_a_message_of_others_are_told_as_gone(
    door: Door, server: SlackServer
) -> None:
    with pytest.raises(MessageGone, match="thread_not_found"):
        await door.send(Address("slack", "C0TRADING", "1.5"), HELLO)
    with pytest.raises(MessageGone, match="cant_update_message"):
        await door.edit(MessageRef(TRADING, server.write("C0TRADING")), HELLO)
    with pytest.raises(MessageGone, match="message_not_found"):
        await door.edit(MessageRef(TRADING, "1.5"), HELLO)


async def test_a_message_to_a_person_tells_in_which_chat_it_landed(door: Door, server: SlackServer) -> None:
    ref = await door.send(Address("slack", "U0BOB"), HELLO)

    assert ref.address.chat == "D0BOB"


async def test_what_is_for_one_person_is_ephemeral_in_a_channel_and_plain_in_private(
    door: Door, server: SlackServer
) -> None:
    ref = await door.send(TRADING, HELLO, only_for=ALICE)
    await door.send(Address("slack", "D0ALICE"), HELLO, only_for=ALICE)

    assert [message.channel for message in server.ephemerals("U0ALICE")] == ["C0TRADING"]
    assert len(server.messages("D0ALICE")) == 1
    with pytest.raises(MessageGone):
        await door.edit(ref, HELLO)


async def test_a_file_arrives_whole_with_its_caption(door: Door, server: SlackServer) -> None:
    ref = await door.send_file(TRADING, "board.png", b"\x89PNG" * 1000, "Leaderboard of <@U0ALICE> & co")

    assert server.uploads[ref.message] == b"\x89PNG" * 1000
    (message,) = server.messages("C0TRADING")
    assert message.text.endswith("U0ALICE&gt; &amp; co")
    with pytest.raises(MessageGone):
        await door.edit(ref, HELLO)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault("channel_not_found"), ChatGone),
        (Fault("not_in_channel"), ChatGone),
        (Fault("is_archived"), ChatGone),
        (Fault("account_inactive"), ChatGone),
        (Fault("ratelimited", status=429, retry_after=7), Flooded),
        (Fault("ratelimited"), Flooded),
        (Fault("internal_error"), DeliveryFailed),
        (Fault("fatal_error", status=500), DeliveryFailed),
        (Fault(raw="<html>bad gateway</html>", status=502), DeliveryFailed),
        (Fault(raw="not json", status=200), DeliveryFailed),
    ],
)
async def test_each_refusal_of_a_post_becomes_the_error_to_react_to(
    door: Door, server: SlackServer, fault: Fault, kind: type[DeliveryFailed]
) -> None:
    server.fail_next("chat.postMessage", fault)

    with pytest.raises(DeliveryFailed) as refused:
        await door.send(TRADING, HELLO)

    assert type(refused.value) is kind or (kind is DeliveryFailed and "Slack" in str(refused.value))
    assert not isinstance(refused.value, Flooded) or refused.value.retry_after_s == (fault.retry_after or 30)
    assert server.bot_token not in repr(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_message_that_cannot_be_edited_is_gone(door: Door, server: SlackServer, code: str) -> None:
    ref = await door.send(TRADING, HELLO)
    server.fail_next("chat.update", Fault(code))

    with pytest.raises(MessageGone):
        await door.edit(ref, HELLO)


async def test_an_unknown_message_and_an_archived_channel_are_gone(door: Door, server: SlackServer) -> None:
    server.add_channel("C0OLD", archived=True)

    with pytest.raises(MessageGone):
        await door.edit(MessageRef(TRADING, "1.0"), HELLO)
    with pytest.raises(ChatGone):
        await door.send(Address("slack", "C0OLD"), HELLO)
    with pytest.raises(ChatGone):
        await door.send(Address("slack", "C0NOWHERE"), HELLO)


async def test_a_slack_that_does_not_answer_is_given_up(
    door: Door, server: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fail_next("chat.update", Fault(hang=True))
    ref = await door.send(TRADING, HELLO)
    monkeypatch.setattr("bot.slack_api.SlackApi.call.__kwdefaults__", {"timeout_s": 0.05}, raising=False)

    with pytest.raises(Unsure, match="in time"):
        async with asyncio.timeout(PATIENCE_S):
            await door.edit(ref, HELLO)


async def test_a_slack_that_is_not_there_is_a_failed_delivery(clock: ManualClock) -> None:
    door = SlackDoor(SlackApi("xoxb-secret-token", "http://127.0.0.1:9/api/"), clock)
    with pytest.raises(DeliveryFailed) as refused:
        await door.send(TRADING, HELLO)
    await door.close()

    assert "xoxb" not in str(refused.value)
    assert type(refused.value) is DeliveryFailed


async def test_ten_live_messages_stay_within_what_slack_allows_and_all_end(
    door: SlackDoor, server: SlackServer, clock: ManualClock
) -> None:
    server.limits = False
    refs = [await door.send(TRADING, live(0)) for _ in range(10)]
    server.limits = True
    refused = 0
    for step in range(200):
        for ref in refs:
            try:
                await door.edit(ref, live(step))
            except Flooded:
                refused += 1
        clock.advance(door.pace(TRADING))
    for ref in refs:
        await door.edit(ref, Notice(text="The end"))

    assert refused > 0
    assert [message.text for message in server.messages("C0TRADING")] == ["The end"] * 10
    assert server.violations == []


async def test_posts_to_one_channel_keep_slacks_distance(
    door: SlackDoor, server: SlackServer, clock: ManualClock
) -> None:
    for _ in range(5):
        await door.send(TRADING, HELLO)

    assert len(server.messages("C0TRADING")) == 5


async def test_after_slack_asks_to_wait_live_edits_hold_back(
    door: SlackDoor, server: SlackServer, clock: ManualClock
) -> None:
    ref = await door.send(TRADING, live(0))
    server.fail_next("chat.update", Fault("ratelimited", status=429, retry_after=20))
    with pytest.raises(Flooded):
        await door.edit(ref, live(1))
    calls = len(server.calls)
    with pytest.raises(Flooded) as held:
        await door.edit(ref, live(2))

    assert len(server.calls) == calls
    assert held.value.retry_after_s == pytest.approx(20, abs=0.1)
    clock.advance(20)
    await door.edit(ref, live(3))


async def test_a_response_address_is_used_at_most_five_times(
    server: SlackServer, door: SlackDoor, clock: ManualClock
) -> None:
    server.limits = False
    url = server._response_url("U0ALICE", "C0TRADING", None)
    answering = door.replying(url)
    for _ in range(7):
        await answering.send(TRADING, HELLO, only_for=ALICE)

    assert len(server.ephemerals("U0ALICE")) == 7
    assert [method for method, _ in server.calls] == ["chat.postEphemeral"] * 2


async def test_a_response_address_is_not_used_after_half_an_hour(
    server: SlackServer, door: SlackDoor, clock: ManualClock
) -> None:
    answering = door.replying(server._response_url("U0ALICE", "C0TRADING", None))
    clock.advance(31 * 60)
    await answering.send(TRADING, HELLO, only_for=ALICE)

    assert [method for method, _ in server.calls] == ["chat.postEphemeral"]


async def test_a_page_as_large_as_the_door_says_is_taken_whole(door: SlackDoor, server: SlackServer) -> None:
    body = ('<b>&"\\' * door.page_size)[: door.page_size]
    card = ReasoningCard(title="t", subtitle="s", stage="Bull", position="1 of 1", body=body, footer="f")
    await door.send(TRADING, card)

    told = "".join(
        block["text"]["text"]
        for block in server.messages("C0TRADING")[0].blocks
        if block["type"] == "section"
    )
    assert told == body


def test_secrets_are_taken_out_of_a_text() -> None:
    told = redacted("xoxb-1-a xapp-1-B wss://x.example/?ticket=abc&app_id=A1 plain", "plain")

    assert told == "(secret) (secret) wss://x.example/?ticket=(secret)&app_id=A1 (secret)"
