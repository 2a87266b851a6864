"""Rich messages on Telegram: drawn inside every limit, found out about once, and replaced by plain ones."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import Notice
from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, Unsure
from bot.request import Address
from bot.telegram_adapter import TelegramDoor
from bot.telegram_rich import rich
from tests import card_samples as samples
from tests.loopback.telegram_rich_rules import check_rich
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_scene import bot_of
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown, User

ALICE = User(1001)
PRIVATE = Address("telegram", "1001")
DRAWN = (samples.LEADERBOARD, samples.VERDICT, samples.REASONING)


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.rich = True
        running.private(ALICE)
        running.group(-100200, topics={7})
        yield running
        assert running.violations == []


@pytest.fixture
async def door(server: TelegramServer) -> AsyncIterator[TelegramDoor]:
    async with bot_of(server) as bot:
        yield TelegramDoor(bot)


def seen(server: TelegramServer) -> list[Shown]:
    return server.messages(server.chats[1001])


def methods(server: TelegramServer) -> list[str]:
    return [call.method for call in server.calls if call.method != "getMe"]


async def test_before_anybody_has_looked_messages_are_plain(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.send(PRIVATE, samples.LEADERBOARD)
    assert methods(server) == ["sendMessage"]


async def test_where_the_server_takes_them_three_kinds_of_cards_are_rich(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    for card in (*DRAWN, samples.PORTFOLIO, Notice(text="hello")):
        await door.send(PRIVATE, card)
    assert [bool(shown.rich) for shown in seen(server)] == [True, True, True, False, False]
    board, verdict, page = seen(server)[:3]
    assert "claude" in board.text
    assert verdict.labels == ["claude", "gpt-4.1", "gemini", "grok", "deepseek"]
    assert "◀ Back" in page.labels


async def test_a_rich_message_that_is_to_be_silent_comes_without_a_sound(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    for silent in (True, False):
        await door.send(PRIVATE, samples.LEADERBOARD, silent=silent)
    assert [(bool(shown.rich), shown.silent) for shown in seen(server)] == [(True, True), (True, False)]


async def test_an_old_server_is_asked_once_and_gets_plain_messages_from_then_on(
    server: TelegramServer, door: TelegramDoor
) -> None:
    server.rich = False
    await door.rich.detect()
    for card in DRAWN:
        await door.send(PRIVATE, card)
    assert methods(server) == ["sendRichMessage", *["sendMessage"] * 3]
    assert all(shown.rich is None for shown in seen(server))


async def test_a_progress_becomes_a_rich_verdict_and_pages_turn_in_place(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    ref = await door.send(PRIVATE, samples.PROGRESS)
    await door.edit(ref, samples.VERDICT)
    await door.edit(ref, samples.VERDICT)
    (shown,) = seen(server)
    assert (bool(shown.rich), shown.edits) == (True, 1)
    await door.edit(ref, samples.PROGRESS)
    assert seen(server)[0].rich is None


async def test_a_rich_message_goes_into_the_topic_as_a_reply(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    topic = Address("telegram", "-100200", "7")
    first = await door.send(topic, Notice(text="first"))
    await door.send(topic, samples.VERDICT, reply_to=first.message)
    _, shown = server.messages(server.chats[-100200])
    assert (shown.thread, shown.reply_to) == (7, int(first.message))


async def test_one_that_is_refused_is_sent_as_a_plain_message_and_the_next_is_tried_again(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    server.fail("sendRichMessage", 400, "Bad Request: RICH_VALIDATE_CTOR_NOT_ALLOWED")
    ref = await door.send(PRIVATE, samples.VERDICT)
    server.fail("editMessageText", 400, "Bad Request: RICH_VALIDATE_CTOR_NOT_ALLOWED")
    await door.edit(ref, samples.LEADERBOARD)
    await door.send(PRIVATE, samples.VERDICT)
    assert [bool(shown.rich) for shown in seen(server)] == [False, True]


async def test_a_server_that_knows_them_no_more_is_not_asked_again(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    server.rich = False
    await door.send(PRIVATE, samples.LEADERBOARD)
    assert not door.rich.taken
    server.calls.clear()
    await door.send(PRIVATE, samples.LEADERBOARD)
    assert [call.method.lower() for call in server.calls] == ["sendmessage"]


async def test_a_server_of_another_version_gets_no_more_of_them(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    server.fail("sendRichMessage", 400, "Bad Request: rich message must be non-empty")
    for _ in range(2):
        await door.replying(None).send(PRIVATE, samples.VERDICT)
    assert methods(server) == ["sendRichMessage", "sendRichMessage", "sendMessage", "sendMessage"]


async def test_a_refused_token_says_nothing_about_what_the_server_takes(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    ref = await door.send(PRIVATE, samples.LEADERBOARD)
    for method in ("sendRichMessage", "sendMessage", "editMessageText", "editMessageText"):
        server.fail(method, 401, "Unauthorized")
    for call in (door.send(PRIVATE, samples.VERDICT), door.edit(ref, samples.VERDICT)):
        with pytest.raises(DeliveryFailed, match=r"^Telegram refused the bot token\.$"):
            await call
    server.calls.clear()
    await door.send(PRIVATE, samples.LEADERBOARD)
    assert methods(server) == ["sendRichMessage"]


async def test_one_that_may_have_arrived_is_not_sent_again_as_a_plain_message(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    server.fail("sendRichMessage", 502, "Bad Gateway")
    with pytest.raises(Unsure):
        await door.send(PRIVATE, samples.VERDICT)
    assert methods(server).count("sendMessage") == 0


async def test_floods_and_what_is_gone_are_told_as_for_plain_messages(
    server: TelegramServer, door: TelegramDoor
) -> None:
    await door.rich.detect()
    ref = await door.send(PRIVATE, samples.VERDICT)
    server.flood_next(server.chats[1001], 7)
    with pytest.raises(Flooded):
        await door.edit(ref, samples.LEADERBOARD)
    server.forget(seen(server)[0])
    with pytest.raises(MessageGone):
        await door.edit(ref, samples.LEADERBOARD)
    server.chats[1001].refusal = Refusal("Forbidden: bot was blocked by the user", code=403, fault=False)
    with pytest.raises(ChatGone):
        await door.send(PRIVATE, samples.VERDICT)
    assert methods(server).count("sendMessage") == 0


def test_a_verdict_folds_what_is_long_and_shows_what_was_decided() -> None:
    parsed, reader = check_rich({"html": rich(samples.VERDICT), "skip_entity_detection": True})
    assert parsed.text.startswith("🟢 NVDA · BUY")
    assert reader.folded == 3
    told = ("75 % · 3 of 4 ballots", "RSI 71 is stretched & the upper band", "Overweight · 72 %", "k3v9x2ma")
    for fact in told:
        assert fact in parsed.text


def test_every_member_has_a_row_of_the_ranking() -> None:
    _, reader = check_rich({"html": rich(samples.LEADERBOARD), "skip_entity_detection": True})
    assert [len(table) for table in reader.tables] == [1 + len(samples.LEADERBOARD.standings)]


def test_what_is_too_large_for_a_rich_message_is_left_to_a_plain_one() -> None:
    page = samples.REASONING.model_copy(update={"body": "x" * 40_000})
    assert rich(page) is None
    many = samples.LEADERBOARD.model_copy(update={"standings": samples.LEADERBOARD.standings * 200})
    assert rich(many) is None


hostile = st.one_of(
    st.text(max_size=200),
    st.sampled_from(["</td></table><h1>", "&amp;<script>", "<think>x</think>", "| a | b |", "@channel", ""]),
)


@settings(max_examples=150)
@given(hostile, hostile, st.lists(hostile, max_size=8))
def test_any_text_stays_text(one: str, other: str, lines: list[str]) -> None:
    member = samples.VERDICT.members[0].model_copy(update={"member": one, "detail": other, "note": other})
    verdict = {"ticker": one, "headline": other, "subtitle": one, "rule": other, "trades": tuple(lines)}
    verdict |= {"members": (member,) * len(lines), "facts": tuple((line, one) for line in lines)}
    row = samples.LEADERBOARD.standings[0].model_copy(
        update={"member": one, "score": other, "warning": other}
    )
    board = {"title": one, "metric": other, "standings": (row,) * len(lines), "facts": tuple(lines)}
    page = {"title": one, "stage": other, "body": "\n".join(lines) * 3, "key_points": tuple(lines)}
    for card, changes in zip(DRAWN, (board, verdict, page), strict=True):
        html = rich(card.model_copy(update=changes))
        assert html is not None
        check_rich({"html": html, "skip_entity_detection": True})


def test_how_far_a_committee_agrees_and_how_sure_it_is_need_no_unfolding() -> None:
    html = rich(samples.VERDICT)
    assert html is not None
    open_part = html.split("<details>")[0]
    for name, value in samples.VERDICT.facts[:2]:
        assert f"<b>{name}</b> {value}" in open_part
    for name, _ in samples.VERDICT.facts[2:]:
        assert f"<td>{name}</td>" in html.removeprefix(open_part)
