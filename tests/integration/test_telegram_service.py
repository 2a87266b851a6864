"""The update loop through the real API client over real sockets, with a double in place of the desk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.cards import Card, Notice
from bot.door import Door
from bot.request import Address, Person, Press, Request
from bot.telegram_updates import TelegramService
from core.clock import ManualClock
from core.config.secret import SecretRef
from core.config.settings import Telegram
from core.domain.errors import ConfigError
from tests.loopback import telegram_samples as samples
from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User

ALICE, BOB = User(1001, "Alice"), User(1002, "Bob")


@dataclass(frozen=True)
class Entry:
    name: str
    summary: str


MENU = (Entry("run", "Ask the committee"), Entry("help", "Explain the commands"), Entry("Bad Name", "x"))


@dataclass
class DeskDouble:
    """Remembers what it was asked, and does what the test wants."""

    requests: list[Request] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    opens: Card | Exception | None = None
    before: Callable[[Request | Press], Awaitable[None]] | None = None

    async def handle(self, request: Request, door: Door) -> None:
        self.requests.append(request)
        if self.before:
            await self.before(request)
        await door.send(request.address, Notice(text=f"did {request.text}"))

    async def press(self, press: Press, door: Door) -> Card | None:
        self.presses.append(press)
        if self.before:
            await self.before(press)
        if isinstance(self.opens, Exception):
            raise self.opens
        return self.opens


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


Make = Callable[[], TelegramService]


@pytest.fixture
def make(
    server: TelegramServer, desk: DeskDouble, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Make:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)

    def build() -> TelegramService:
        settings = Telegram(token=SecretRef("env:TELEGRAM_BOT_TOKEN"), base_url=server.base_url)
        return TelegramService(settings, desk, clock, MENU)

    return build


@asynccontextmanager
async def running(service: TelegramService, *, wait: bool = True) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(service.run())
    try:
        if wait:
            await asyncio.wait_for(service.ready(), 5)
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_command_reaches_the_desk_and_its_answer_the_chat(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    chat = server.private(ALICE)
    async with running(make()):
        update = server.say(chat, ALICE, "/run@ConclaveBot NVDA")
        await server.until(lambda: server.messages(chat), "an answer")
    assert desk.requests == [
        Request("run NVDA", Address("telegram", "1001"), Person("telegram:1001", "Alice"), str(update), True)
    ]
    assert server.messages(chat)[0].text == "did run NVDA"


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
    server.webhook = "https://old.example/hook"
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
    assert {request.delivery for request in desk.requests} == {str(update)}


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


async def press(server: TelegramServer, service: TelegramService, data: str) -> str:
    """Post the card that carries `data`, and press that button."""
    address = Address("telegram", "1001")
    card = samples.REASONING if data.startswith("p.") else samples.VERDICT
    ref = await service.door.send(address, card)
    shown = next(shown for shown in server.messages(server.chats[1001]) if str(shown.id) == ref.message)
    return server.press(shown, data, ALICE)


async def test_opening_a_reasoning_replies_to_the_verdict(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        query = await press(server, service, "w.k3v9x2ma.1")
        card, page = await server.until(
            lambda: len(found := server.messages(server.chats[1001])) == 2 and found
        )
    assert (page.reply_to, card.edits) == (card.id, 0)
    assert [(answer.query, answer.text) for answer in server.answers] == [(query, "")]
    assert desk.presses[0].data == "w.k3v9x2ma.1"


async def test_turning_a_page_edits_it_in_place(server: TelegramServer, desk: DeskDouble, make: Make) -> None:
    desk.opens = samples.REASONING.model_copy(update={"body": "the next page"})
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        await server.until(lambda: server.messages(server.chats[1001])[0].edits == 1, "the edit")
    (page,) = server.messages(server.chats[1001])
    assert "the next page" in page.text


async def test_turning_a_page_that_was_deleted_posts_it_afresh(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        server.forget(server.messages(server.chats[1001])[0])
        await server.until(lambda: server.messages(server.chats[1001]), "a fresh page")
    assert len(server.answers) == 1


@pytest.mark.parametrize(
    ("opens", "text", "alert"),
    [
        (Notice(text="This button is too old."), "This button is too old.", False),
        (Notice(text="x" * 200, tone="error"), "x" * 200, True),
        (None, "", False),
        (RuntimeError("a bug"), "Something went wrong here; the log says what.", True),
    ],
    ids=["notice", "error", "nothing", "bug"],
)
async def test_a_press_is_always_answered(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    opens: Card | Exception | None,
    text: str,
    *,
    alert: bool,
) -> None:
    desk.opens = opens
    service = make()
    async with running(service):
        query = await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: server.answers, "the answer")
    (answer,) = server.answers
    assert (answer.query, answer.text, answer.alert) == (query, text, alert)
    assert len(server.messages(server.chats[1001])) == 1


async def test_a_notice_that_a_toast_cannot_hold_is_posted_as_well(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    text = "This stage was not run. " * 12
    desk.opens = Notice(text=text, tone="warning")
    service = make()
    async with running(service):
        await press(server, service, "p.k3v9x2ma.1.5.2")
        page, notice = await server.until(
            lambda: len(found := server.messages(server.chats[1001])) == 2 and found, "the whole notice"
        )
    assert server.answers[0].text.endswith("…")
    assert notice.text == f"⚠️ {text}".strip()
    assert (notice.reply_to, page.edits) == (page.id, 0)


async def test_a_notice_whose_press_is_too_old_to_be_answered_is_posted(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = Notice(text="This button is too old.")
    service = make()
    async with running(service):
        server.queries.discard(await press(server, service, "w.k3v9x2ma.1"))
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the notice")
    assert server.messages(server.chats[1001])[1].text == "This button is too old."


async def test_a_slow_press_is_answered_before_it_is_done(
    server: TelegramServer,
    desk: DeskDouble,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram_presses.ANSWER_WITHIN_S", 0.05)
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    desk.before, desk.opens = before, Notice(text="late, but told")
    service = make()
    async with running(service):
        await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: server.answers, "the answer")
        release.set()
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the notice as a message")
    assert [answer.text for answer in server.answers] == [""]


async def test_a_press_without_a_message_is_answered_all_the_same(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    async with running(make()):
        server.put("callback_query", {"from": ALICE.json(), "chat_instance": "1", "data": "w.r.1"})
        await server.until(lambda: server.answers, "the answer")
    assert desk.presses == []


@pytest.mark.parametrize("body", [b"junk", b"{}"])
async def test_a_press_that_cannot_be_answered_still_opens_its_card(
    server: TelegramServer, desk: DeskDouble, make: Make, body: bytes
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.fail("answerCallbackQuery", 200, body)
        await press(server, service, "w.k3v9x2ma.1")
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the page")


async def test_what_a_button_opens_waits_for_a_flood_to_end(
    server: TelegramServer, desk: DeskDouble, make: Make, clock: ManualClock
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.chats[1001].refusal = None
        await press(server, service, "w.k3v9x2ma.1")
        refusal = Refusal(
            "Too Many Requests: retry after 7", code=429, parameters={"retry_after": 7}, fault=False
        )
        server.chats[1001].refusal = refusal
        await server.until(lambda: 7.0 in clock.slept, "the pause")
        server.chats[1001].refusal = None
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2 or len(clock.slept) >= 3)


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
        await asyncio.wait_for(service.ready(), 5)


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
    await asyncio.wait_for(service.run(), 5)
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


async def test_a_press_that_is_too_old_to_be_answered_still_opens_its_card(
    server: TelegramServer, desk: DeskDouble, make: Make
) -> None:
    desk.opens = samples.REASONING
    service = make()
    async with running(service):
        server.queries.discard(await press(server, service, "w.k3v9x2ma.1"))
        await server.until(lambda: len(server.messages(server.chats[1001])) == 2, "the page")


async def test_when_all_hands_are_busy_the_next_request_waits_its_turn(
    server: TelegramServer, desk: DeskDouble, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_updates.MAX_REQUESTS", 1)
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


def test_a_mode_that_does_not_exist_is_refused_in_words(desk: DeskDouble, clock: ManualClock) -> None:
    with pytest.raises(ConfigError, match='mode must be "polling"'):
        TelegramService(Telegram(mode="webhook"), desk, clock)
