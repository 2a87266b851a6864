"""Webhook mode through the real API client, a real HTTP server and a Telegram that brings its updates."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from bot.http_door import LARGEST_BODY, HttpDoor
from bot.request import Press, Request
from bot.telegram_updates import KINDS
from bot.telegram_webhook import HEADER, WebhookService
from core.clock import ManualClock
from core.config.secret import SecretRef
from core.config.settings import Http, Telegram
from core.domain.errors import ConfigError
from tests.http_scene import Told
from tests.loopback.patience import PATIENCE_S
from tests.loopback.telegram_scene import ALICE, BOB, MENU, DeskDouble, running, service_for
from tests.loopback.telegram_server import TelegramServer

SECRET = "A-secret_of-this-test"


class Here:
    """One process in webhook mode: its HTTP door, on a port of its own, and its desk."""

    def __init__(self, server: TelegramServer, clock: ManualClock, http: HttpDoor, port: int) -> None:
        self.server = server
        self.clock = clock
        self.http = http
        self.desk = DeskDouble()
        self.url = f"http://127.0.0.1:{port}/telegram"

    def service(self, **more: Any) -> WebhookService:
        given = {
            "token": SecretRef("env:TELEGRAM_BOT_TOKEN"),
            "base_url": self.server.base_url,
            "mode": "webhook",
            "webhook_url": self.url,
            "webhook_secret": SecretRef("env:TELEGRAM_WEBHOOK_SECRET"),
        }
        settings = Telegram.model_validate(given | more)
        return WebhookService(settings, self.desk, self.clock, MENU, http=self.http)

    async def post(self, body: bytes | dict[str, Any], secret: str | None = SECRET, **headers: str) -> int:
        told = {"Content-Type": "application/json", **({HEADER: secret} if secret else {}), **headers}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=BytesIO(data), headers=told) as answer,
        ):
            text = await answer.text()
            assert text == "" or Told(answer.status, answer.headers, text).problem
            return answer.status


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as running:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", running.token)
        monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", SECRET)
        running.private(ALICE)
        running.private(BOB)
        yield running
        assert running.violations == []


class Waiting(ManualClock):
    """Nobody looks at the webhook before the test says so."""

    def __init__(self) -> None:
        super().__init__(datetime(2025, 10, 29, tzinfo=UTC))
        self.looks = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        if seconds < 100:
            await super().sleep(seconds)
        else:
            await self.looks.acquire()


@pytest.fixture
def clock() -> Waiting:
    return Waiting()


@pytest.fixture
async def here(server: TelegramServer, clock: Waiting, unused_tcp_port: int) -> AsyncIterator[Here]:
    made = Here(server, clock, HttpDoor(Http(port=unused_tcp_port)), unused_tcp_port)
    yield made
    await made.http.close()


@pytest.fixture
async def webhook(here: Here) -> AsyncIterator[Here]:
    service = here.service()
    await here.http.start()
    async with running(service):
        yield here


def update(update_id: int = 9, text: str = "/help") -> dict[str, Any]:
    chat = {"id": 1001, "type": "private"}
    message = {"message_id": 5, "date": 1, "chat": chat, "from": ALICE.json(), "text": text}
    return {"update_id": update_id, "message": message}


async def test_telegram_brings_a_command_and_the_answer_reaches_the_chat(
    server: TelegramServer, webhook: Here
) -> None:
    chat = server.private(ALICE)
    number = server.say(chat, ALICE, "/run NVDA")
    await server.until(lambda: server.messages(chat), "the answer")
    await server.until(lambda: not server.unconfirmed, "the end of the queue")
    (request,) = webhook.desk.requests
    assert (request.text, request.delivery) == ("run NVDA", f"7000000001:{number}")
    assert (server.hook.secret, server.hook.allowed, server.hook.connections) == (SECRET, KINDS, 40)
    assert not [call for call in server.calls if call.method == "getUpdates"]


async def test_without_a_secret_of_its_own_every_start_makes_one_up(
    server: TelegramServer, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TELEGRAM_WEBHOOK_SECRET")
    service = here.service()
    await here.http.start()
    async with running(service):
        made_up = server.hook.secret or ""
        assert len(made_up) >= 32
        server.say(server.private(ALICE), ALICE, "/help")
        await server.until(lambda: here.desk.requests, "the request")
    await here.http.close()
    here.http = HttpDoor(Http())
    assert here.service()._secret != made_up


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "\udcff\udcfe"])
async def test_whoever_does_not_know_the_secret_is_turned_away_and_nothing_is_done(
    webhook: Here, secret: str | None
) -> None:
    assert await webhook.post(update(), secret) == 401
    assert await webhook.post(b"no json", secret) == 401
    await asyncio.sleep(0.01)
    assert webhook.desk.requests == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"{}", 400),
        (b'{"update_id": "9"}', 400),
        (b'{"update_id": 9, "message": {"shape": "nobody knows"}}', 200),
        (b" " * (LARGEST_BODY + 1), 413),
    ],
    ids=["empty", "text", "no UTF-8", "deep", "list", "string", "no id", "odd id", "unknown", "large"],
)
async def test_what_is_no_update_is_refused_with_its_status(webhook: Here, body: bytes, status: int) -> None:
    assert await webhook.post(body) == status
    assert webhook.desk.requests == []


async def test_what_does_not_call_itself_json_is_not_read(webhook: Here) -> None:
    assert await webhook.post(update(), **{"Content-Type": "text/plain"}) == 415
    async with aiohttp.ClientSession() as session, session.get(webhook.url) as answer:
        assert answer.status == 405


async def test_with_all_hands_busy_telegram_is_told_to_come_again_and_nothing_is_lost(
    server: TelegramServer, webhook: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    webhook.desk.before = before
    for number in range(300):
        server.say(server.private(ALICE), ALICE, f"/help {number}")
    await server.until(lambda: 503 in server.hook.statuses, "a refusal")
    assert len(webhook.desk.requests) == 256
    release.set()
    await server.until(lambda: not server.unconfirmed, "all to be taken")
    await server.until(lambda: len(webhook.desk.requests) == 300, "all to be worked on")
    assert len({request.delivery for request in webhook.desk.requests}) == 300


async def test_the_answer_to_telegram_waits_for_no_work(server: TelegramServer, webhook: Here) -> None:
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    webhook.desk.before = before
    server.say(server.private(ALICE), ALICE, "/run NVDA")
    await server.until(lambda: not server.unconfirmed, "the update to be taken")
    assert server.messages(server.private(ALICE)) == []
    release.set()


async def test_an_update_that_was_not_kept_in_time_is_brought_again(
    server: TelegramServer, webhook: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_webhook.KEPT_WITHIN_S", 0.05)
    release = asyncio.Event()

    async def before(_: Request | Press) -> None:
        await release.wait()

    webhook.desk.before, webhook.desk.keeps = before, False
    number = server.say(server.private(ALICE), ALICE, "/run NVDA")
    await server.until(lambda: 503 in server.hook.statuses, "a refusal")
    assert number in server.unconfirmed
    release.set()
    await server.until(lambda: not server.unconfirmed, "the update to be taken")
    assert {request.delivery for request in webhook.desk.requests} == {f"7000000001:{number}"}


async def test_an_update_whose_work_is_cut_off_before_it_was_kept_is_brought_to_the_next_process(
    server: TelegramServer, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_updates.STOP_WITHIN_S", 0.05)

    async def before(_: Request | Press) -> None:
        await asyncio.Event().wait()

    here.desk.before, here.desk.keeps = before, False
    service = here.service()
    await here.http.start()
    async with running(service):
        number = server.say(server.private(ALICE), ALICE, "/run NVDA")
        await server.until(lambda: here.desk.requests, "the request")
    await server.until(lambda: 503 in server.hook.statuses, "a refusal")
    assert number in server.unconfirmed


async def test_what_comes_while_nobody_is_there_is_brought_at_the_next_start(
    server: TelegramServer, here: Here
) -> None:
    service = here.service()
    await here.http.start()
    async with running(service):
        pass
    assert server.hook.url == here.url, "the webhook stays"
    server.say(server.private(ALICE), ALICE, "/help")
    await server.until(lambda: 503 in server.hook.statuses, "a try")
    await here.http.close()
    here.http = HttpDoor(here.http._settings)
    again = here.service()
    await here.http.start()
    async with running(again):
        await server.until(lambda: here.desk.requests, "the request")


async def test_from_polling_to_the_webhook_and_back_nothing_is_lost_or_done_twice(
    server: TelegramServer, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = server.private(ALICE)
    polling = service_for(server, here.desk, here.clock, monkeypatch)
    async with running(polling):
        server.say(chat, ALICE, "/run ONE")
        await server.until(lambda: len(here.desk.requests) == 1, "the first")
    server.say(chat, ALICE, "/run TWO")
    service = here.service()
    await here.http.start()
    async with running(service):
        await server.until(lambda: len(here.desk.requests) == 2, "the second")
        await server.until(lambda: not server.unconfirmed, "it to be taken")
    server.say(chat, ALICE, "/run THREE")
    async with running(service_for(server, here.desk, here.clock, monkeypatch)):
        await server.until(lambda: len(here.desk.requests) == 3, "the third")
    assert [request.text for request in here.desk.requests] == ["run ONE", "run TWO", "run THREE"]
    assert server.hook.url == ""


async def test_who_polls_while_a_webhook_is_set_reads_in_one_sentence_why_nothing_comes(
    server: TelegramServer, here: Here, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = here.service()
    await here.http.start()
    async with running(service_for(server, DeskDouble(), here.clock, monkeypatch)), running(service):
        await server.until(lambda: "another program has set a webhook" in caplog.text, "the line in the log")
    (said,) = [line for line in caplog.messages if "another program" in line]
    assert "stop one of them" in said


async def test_a_webhook_that_somebody_else_took_away_is_told_once(
    server: TelegramServer, webhook: Here, clock: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    server.hook.url = ""
    for _ in range(3):
        clock.looks.release()
    infos = lambda: [call for call in server.calls if call.method == "getWebhookInfo"]  # noqa: E731
    await server.until(lambda: len(infos()) == 3, "three looks")
    await asyncio.sleep(0.02)
    assert len([line for line in caplog.messages if "taken over the bot's messages" in line]) == 1


async def test_updates_that_do_not_arrive_are_told_with_telegrams_own_reason(
    server: TelegramServer, webhook: Here, clock: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    server.hook.secret = "another"
    server.hook.begin(server)
    server.say(server.private(ALICE), ALICE, "/help")
    await server.until(lambda: 401 in server.hook.statuses, "a refusal")
    clock.looks.release()
    await server.until(lambda: "cannot bring its updates" in caplog.text, "the line in the log")
    assert "Wrong response from the webhook: 401" in caplog.text


async def test_a_look_that_fails_ends_nothing(server: TelegramServer, webhook: Here, clock: Waiting) -> None:
    server.fail("getWebhookInfo", 502, b"<html>bad gateway</html>")
    clock.looks.release()
    server.say(server.private(ALICE), ALICE, "/help")
    await server.until(lambda: webhook.desk.requests, "the request")


async def test_where_http_is_off_telegram_is_off_with_one_sentence(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    service = here.service()
    await asyncio.wait_for(service.run(), PATIENCE_S)
    with pytest.raises(ConfigError, match="HTTP is off"):
        await service.ready()
    assert len(caplog.records) == 1


def test_without_an_http_section_the_sentence_names_it(server: TelegramServer, clock: ManualClock) -> None:
    settings = Telegram(mode="webhook", webhook_url="https://conclave.example.org/telegram")
    with pytest.raises(ConfigError, match=r"needs the section \[http\]"):
        WebhookService(settings, DeskDouble(), clock, http=None)


@pytest.mark.parametrize(
    ("url", "base_url", "sentence"),
    [
        ("", None, "needs webhook_url"),
        ("http://conclave.example.org/telegram", None, "must start with https://"),
        ("http://127.0.0.1:8080/telegram", "https://api.telegram.org/bot", "must start with https://"),
        ("https://conclave.example.org:9000/telegram", None, "the port 443, 80, 88 or 8443"),
        ("https://conclave.example.org", None, "needs a path of its own"),
        ("https://conclave.example.org/", None, "needs a path of its own"),
        ("https://conclave.example.org/health", None, "needs a path of its own"),
        ("https://conclave.example.org/{all}", None, "needs a path of its own"),
        ("https://conclave.example.org/telegram?a=b", None, "needs a path of its own"),
    ],
)
def test_an_address_to_which_telegram_would_bring_nothing_is_refused_in_words(
    *, server: TelegramServer, clock: ManualClock, url: str, base_url: str | None, sentence: str
) -> None:
    more = {"base_url": base_url or server.base_url}
    settings = Telegram.model_validate({"mode": "webhook", "webhook_url": url, **more})
    with pytest.raises(ConfigError, match=sentence):
        WebhookService(settings, DeskDouble(), clock, http=HttpDoor(Http()))


@pytest.mark.parametrize("secret", ["with space", "ü", "x" * 257])
def test_a_secret_that_telegram_would_refuse_is_refused_and_not_shown(
    *, server: TelegramServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", secret)
    settings = Telegram(mode="webhook", webhook_url="https://conclave.example.org/telegram")
    with pytest.raises(ConfigError, match="env:TELEGRAM_WEBHOOK_SECRET must hold") as refused:
        WebhookService(settings, DeskDouble(), clock, http=HttpDoor(Http()))
    assert secret not in str(refused.value)
