"""The update loop through the real API client over real sockets, with a double in place of the desk."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from bot.request import Address, Person, Press, Request
from core.clock import ManualClock
from core.domain.errors import ConfigError
from tests.counted_slices import CountedSlices
from tests.loopback.patience import PATIENCE_S
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_scene import ALICE, BOB, DeskDouble, Make, running, service_for
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        running.private(ALICE)
        running.private(BOB)
        yield running
        assert running.violations == []


@pytest.fixture
def desk() -> DeskDouble:
    return DeskDouble()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2025, 10, 29, tzinfo=UTC))


@pytest.fixture
def make(
    server: TelegramServer, desk: DeskDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Make:
    return lambda: service_for(server, desk, clock, monkeypatch)


async def test_a_command_reaches_the_desk_and_its_answer_the_chat(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    chat = server.private(ALICE)
    async with running(make()):
        update = server.say(chat, ALICE, "/run@ConclaveBot NVDA")
        await server.until(lambda: server.messages(chat), "an answer")
    assert desk.requests == [
        Request(
            text="run NVDA",
            address=Address("telegram", "1001"),
            person=Person("telegram:1001", "Alice"),
            delivery=f"7000000001:{update}",
            private=True,
            message="1",
            once="7000000001:1001:1",
        )
    ]
    (answer,) = server.messages(chat)
    assert (answer.text, answer.reply_to) == ("did run NVDA", None)


async def test_updates_that_come_together_are_taken_some_in_each_turn_of_the_loop(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    chat, service = server.private(ALICE), make()
    service._slices = slices = CountedSlices()
    async with running(service):
        for _ in range(20):
            server.say(chat, ALICE, "/models")
        await server.until(lambda: len(desk.requests) == 20, "all commands")
    assert slices.begun == 20


async def test_an_answer_in_a_group_says_whom_it_answers(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    group = server.group(-100200)
    async with running(make()):
        for user in (ALICE, BOB):
            server.say(group, user, "/leaderboard")
        await server.until(lambda: len(server.messages(group)) == 2, "both answers")
    commands = [shown.id for shown in server.shown.values() if not shown.by_bot]
    assert sorted(answer.reply_to or 0 for answer in server.messages(group)) == commands


async def test_an_answer_to_a_command_that_was_deleted_is_posted_all_the_same(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    group = server.group(-100200)

    async def before(_: Request | Press) -> None:
        server.forget(next(shown for shown in server.shown.values() if not shown.by_bot))

    desk.before = before
    async with running(make()):
        server.say(group, ALICE, "/leaderboard")
        await server.until(lambda: server.messages(group), "the answer")
    assert server.messages(group)[0].reply_to is None


async def test_another_bots_command_in_a_group_is_not_ours(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    group = server.group(-100200)
    async with running(make()):
        server.say(group, ALICE, "/ban @someone")
        server.say(group, ALICE, "/roll@ConclaveBot")
        await server.until(lambda: desk.requests, "the command to us")
    assert [request.text for request in desk.requests] == ["roll"]


async def test_the_menu_is_made_from_the_commands(server: TelegramServer, make: Make) -> None:
    async with running(make()):
        pass
    assert server.commands == [("run", "Ask the committee"), ("help", "Explain the commands")]


@pytest.mark.parametrize("body", ["Bad Request: BOT_COMMANDS_TOO_MUCH", b"junk", b"{}"])
async def test_a_menu_that_is_not_taken_stops_nothing(
    server: TelegramServer, make: Make, caplog: pytest.LogCaptureFixture, body: str | bytes
) -> None:
    server.fail("setMyCommands", 400 if isinstance(body, str) else 200, body)
    async with running(make()):
        pass
    assert "did not take the menu" in caplog.text


async def test_a_webhook_of_another_time_is_removed(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    server.hook.url = "https://old.example/hook"
    async with running(make()):
        server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: desk.requests, "the request")


async def test_a_slow_request_blocks_nobody(server: TelegramServer, desk: DeskDouble, make: Make) -> None:
    release = asyncio.Event()

    async def before(asked: Request | Press) -> None:
        if isinstance(asked, Request) and asked.person.id == "telegram:1001":
            await release.wait()

    desk.before = before
    async with running(make()):
        server.say(server.private(ALICE), ALICE, "/run NVDA")
        server.say(server.private(BOB), BOB, "/help")
        await server.until(lambda: server.messages(server.private(BOB)), "Bob's answer")
        assert server.messages(server.private(ALICE)) == []
        release.set()
        await server.until(lambda: server.messages(server.private(ALICE)), "Alice's answer")


async def test_a_redelivered_update_has_the_same_delivery(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    async with running(make()):
        update = server.say(server.private(ALICE), ALICE, "/run NVDA")
        await server.until(lambda: desk.requests and update not in server.unconfirmed, "the confirmation")
        server.redeliver(update)
        await server.until(lambda: len(desk.requests) == 2, "the second delivery")
    assert {request.delivery for request in desk.requests} == {f"7000000001:{update}"}


async def test_what_was_received_is_confirmed_when_it_stops(server: TelegramServer, make: Make) -> None:
    async with running(make()):
        update = server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: server.messages(server.private(ALICE)), "the answer")
    assert update not in server.unconfirmed


async def test_a_request_that_fails_ends_nothing(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(make()):
        server.chats[1001].refusal = Refusal("Forbidden: bot was blocked by the user", code=403, fault=False)
        server.say(server.private(ALICE), ALICE, "/help")
        server.say(server.private(BOB), BOB, "/help")
        await server.until(lambda: server.messages(server.private(BOB)), "Bob's answer")
        await server.until(lambda: "failed" in caplog.text, "the line in the log")


async def test_updates_that_are_not_for_us_are_confirmed_and_forgotten(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    chat = server.group(-100200)
    async with running(make()):
        server.say(chat, ALICE, "hello all")
        server.say(chat, User(9, "Bot", is_bot=True), "/run NVDA")
        server.put("message", {"shape": "nobody knows"})
        server.put("edited_message", {})
        server.say(chat, ALICE, "/help")
        await server.until(lambda: desk.requests and not server.unconfirmed, "the end of the queue")
    assert [request.text for request in desk.requests] == ["help"]


@pytest.mark.parametrize(
    ("code", "body", "told"),
    [
        (502, b"<html>bad gateway</html>", "Bad Gateway"),
        (500, "Internal Server Error", "Internal Server Error"),
        (409, "Conflict: terminated by other getUpdates request", "another program polls"),
        (200, b"captive portal", "Invalid server response"),
        (200, b'{"ok": true}', "could not be read"),
        (429, "Too Many Requests: retry after 5", "Too Many Requests"),
    ],
)
async def test_polling_goes_on_after_every_failure_and_says_so_once(
    *,
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    code: int,
    body: str | bytes,
    told: str,
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(4):
        server.fail("getUpdates", code, body)
    async with running(make()):
        server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: desk.requests, "the request")
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert told in warnings[0]
    assert "answers again" in caplog.text
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


async def test_a_platform_that_goes_away_and_comes_back(
    server: TelegramServer, desk: DeskDouble, make: Make, clock: ManualClock
) -> None:
    async with running(make()):
        await server.stop()
        await server.until(lambda: len(clock.slept) >= 3, "back-off")
        await server.start()
        server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: desk.requests, "the request")
    assert max(clock.slept) <= 60.0


async def test_it_starts_when_the_platform_is_away(
    server: TelegramServer, desk: DeskDouble, make: Make, clock: ManualClock
) -> None:
    await server.stop()
    service = make()
    async with running(service, wait=False):
        await server.until(lambda: len(clock.slept) >= 2, "back-off")
        await server.start()
        await asyncio.wait_for(service.ready(), PATIENCE_S)


async def test_two_programs_with_one_token_are_told_and_go_on(
    server: TelegramServer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(make()), running(make()):
        await server.until(
            lambda: "another program polls with the same bot token" in caplog.text, "the warning"
        )


async def test_a_refused_token_ends_telegram_alone_with_one_sentence(
    server: TelegramServer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    service = make()
    server.token = "7000000001:AAanother"
    await asyncio.wait_for(service.run(), PATIENCE_S)
    with pytest.raises(ConfigError, match="refused the bot token"):
        await service.ready()
    errors = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(errors) == 1
    assert "refused the bot token" in errors[0].getMessage()


async def test_stopping_lets_what_goes_on_finish_and_cancels_the_rest(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram_updates.STOP_WITHIN_S", 0.2)
    stopped = asyncio.Event()

    async def before(asked: Request | Press) -> None:
        if isinstance(asked, Request) and asked.text == "run NVDA":
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()
        await asyncio.sleep(0.01)

    desk.before = before
    async with running(make()):
        server.say(server.private(ALICE), ALICE, "/run NVDA")
        server.say(server.private(BOB), BOB, "/help")
        await server.until(lambda: len(desk.requests) == 2, "both requests")
    assert stopped.is_set()
    assert len(server.messages(server.private(BOB))) == 1


async def test_when_all_hands_are_busy_the_next_request_waits_its_turn(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_intake.MAX_REQUESTS", 1)
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    desk.before = before
    async with running(make()):
        for text in ("/run NVDA", "/run AAPL"):
            server.say(server.private(ALICE), ALICE, text)
        await server.until(lambda: desk.requests, "the first request")
        await asyncio.sleep(0.05)
        assert [request.text for request in desk.requests] == ["run NVDA"]
        release.set()
        await server.until(lambda: len(desk.requests) == 2, "the second request")


def test_a_token_that_was_copied_badly_is_refused_at_the_start(server: TelegramServer, make: Make) -> None:
    server.token = "AAonlyTheSecondHalf"
    with pytest.raises(ConfigError, match="env:TELEGRAM_BOT_TOKEN does not hold a bot token of Telegram"):
        make()
