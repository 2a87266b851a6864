"""HTTP mode: what Slack signed is taken once and answered at once, and nothing else is taken."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.door import Door
from bot.http_door import HttpDoor
from bot.request import Request
from bot.slack_http import MAX_BODY
from bot.slack_service import slack_service
from core.clock import MarketClock
from core.domain.errors import ConfigError, StoreError
from tests import arena
from tests.loopback.slack_http_scene import HttpScene, http_scene, real_scene, set_secrets
from tests.loopback.slack_scene import ALICE, TRADING, ScriptedDesk
from tests.loopback.slack_server import slack_server
from tests.loopback.slack_state import ACK_S

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MINUTE = 60.0


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HttpScene]:
    async with slack_server() as server, http_scene(server, tmp_path, monkeypatch) as made:
        yield made


def event(text: str = "<@U0CONCLAVE> help", number: int = 1) -> str:
    said = {"type": "app_mention", "user": ALICE, "text": text, "ts": "1.1", "channel": TRADING}
    about = {"team_id": "T0LOOPBACK", "api_app_id": "A0CONCLAVE", "event_id": f"Ev{number}"}
    return json.dumps(about | {"type": "event_callback", "event": said})


async def test_commands_mentions_messages_and_presses_all_come_in_signed(scene: HttpScene) -> None:
    server, desk = scene.server, scene.desk
    command = await server.slash("/conclave", "run NVDA", ALICE, TRADING)
    card = (await server.wait_messages(TRADING))[0]
    mention = await server.mention("{bot} run AAPL", ALICE, TRADING, thread_ts=card.ts)
    direct = await server.dm("run MSFT", ALICE)
    await server.until(lambda: len(desk.requests) == 3)
    press = await server.click(card, "conclave.why.0", ALICE)
    await server.until(lambda: server.views(ALICE))

    assert [request.text for request in desk.requests] == ["run NVDA", "run AAPL", "run MSFT"]
    assert desk.requests[1].address.thread == card.ts
    assert desk.requests[2].private
    assert max(one.ack_s or 9.0 for one in (command, mention, direct, press)) < 0.5
    assert {status for status, _ in server.answers} == {200}


async def test_slack_may_verify_the_address_and_the_certificate(scene: HttpScene) -> None:
    server = scene.server
    challenge = json.dumps({"type": "url_verification", "challenge": "3eZbrw", "token": "x"})
    status, text = await server.post(challenge, JSON | server.signed(challenge))
    assert (status, json.loads(text)) == (200, {"challenge": "3eZbrw"})

    unsigned = await server.post(challenge, JSON)
    assert unsigned[0] == 401

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert await server.post(urlencode({"ssl_check": "1", "token": "x"}), form) == (200, "")


async def test_what_is_not_signed_by_slack_is_refused(scene: HttpScene) -> None:
    server, body = scene.server, event()
    good = server.signed(body)
    forged: list[dict[str, str]] = [
        {},
        server.signed(body, secret="another-secret-1234"),
        server.signed(body + " "),
        good | {"X-Slack-Request-Timestamp": str(int(time.time()) + 1)},
        {"X-Slack-Signature": good["X-Slack-Signature"]},
        {"X-Slack-Request-Timestamp": good["X-Slack-Request-Timestamp"]},
        good | {"X-Slack-Signature": "v0="},
        good | {"X-Slack-Signature": "v0=é"},
        *(good | {"X-Slack-Request-Timestamp": wrong} for wrong in ("", "now", "-1", "1e9", "٣", "9" * 400)),
    ]
    for headers in forged:
        status, text = await server.post(body, JSON | headers)
        assert status == 401, headers
        assert "signature" in json.loads(text)["detail"]
    assert (await server.post(b"\xff\xfe", JSON | good))[0] == 400
    assert scene.desk.requests == []
    assert (await server.post(body, JSON | good))[0] == 200
    await server.until(lambda: scene.desk.requests)


@pytest.mark.parametrize(
    ("late_s", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False), (86_400, False)]
)
async def test_a_request_is_taken_within_five_minutes_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late_s: float, taken: bool
) -> None:
    # It stands still: what sleeps in the service meanwhile must not move the five minutes.
    clock = MarketClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    async with (
        slack_server() as server,
        http_scene(server, tmp_path, monkeypatch, clock=clock) as scene,
    ):
        body, at = event(), clock.now().timestamp() - late_s
        status, _ = await server.post(body, JSON | server.signed(body, at))
        assert (status == 200) is taken
        if taken:
            await server.until(lambda: scene.desk.requests)
        assert bool(scene.desk.requests) is taken


async def test_a_request_that_was_here_before_is_refused_by_any_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with slack_server() as server, http_scene(server, tmp_path, monkeypatch) as first:
        body = event()
        headers = JSON | server.signed(body)
        assert (await server.post(body, headers))[0] == 200
        assert (await server.post(body, headers))[0] == 401
        async with http_scene(server, tmp_path, monkeypatch) as second:
            status, text = await server.post(body, headers)
        assert (status, json.loads(text)["detail"]) == (401, "This request was here before.")
        assert (len(first.desk.requests), second.desk.requests) == (1, [])
    assert "was here before" in caplog.text
    assert headers["X-Slack-Signature"] not in caplog.text


async def test_a_forged_request_does_not_use_up_the_signature_of_a_good_one(scene: HttpScene) -> None:
    server, body = scene.server, event()
    headers = JSON | server.signed(body)
    assert (await server.post(event("<@U0CONCLAVE> run NVDA"), headers))[0] == 401
    assert (await server.post(body, headers))[0] == 200


async def test_an_event_that_slack_sends_again_is_acknowledged_each_time(scene: HttpScene) -> None:
    server = scene.server
    first = await server.mention("{bot} run NVDA", ALICE, TRADING)
    again = [await server.redeliver(first, retry) for retry in (1, 2, 3)]

    await server.until(lambda: len(scene.desk.requests) == 4)
    assert all(one.ack_s is not None for one in again)
    assert len({request.delivery for request in scene.desk.requests}) == 1


async def test_a_replay_that_says_it_is_a_retry_runs_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with slack_server() as server:
        access = {"admins": [f"slack:{ALICE}"]}
        async with real_scene(server, tmp_path, monkeypatch, access=access):
            server.join("D0ALICE")
            body = event("whoami").replace("app_mention", "message").replace(TRADING, "D0ALICE")
            body = body.replace('"ts"', '"channel_type": "im", "ts"')
            headers = JSON | server.signed(body)
            statuses = [
                (await server.post(body, headers | {"X-Slack-Retry-Num": retry}))[0]
                for retry in ("", "1", "2", "3", "1", "4", "x")
            ]
            assert statuses == [200, 200, 200, 200, 401, 401, 401]
            await server.wait_messages("D0ALICE")
            again = body.replace("Ev1", "Ev2")
            await server.post(again, JSON | server.signed(again))
            await server.wait_messages("D0ALICE", 2)
            assert len(server.messages("D0ALICE")) == 2


@pytest.mark.parametrize(
    "body",
    [
        "{not json",
        "[1, 2]",
        "null",
        '"x"',
        "[" * 50_000,
        '{"authorizations": [5]}',
        '{"response_urls": [null]}',
    ],
    ids=["junk", "list", "null", "text", "deep", "odd authorization", "odd address"],
)
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
async def test_a_signed_body_that_cannot_be_read_is_refused_in_one_line(
    scene: HttpScene, caplog: pytest.LogCaptureFixture, body: str, form: bool
) -> None:
    server, kind = scene.server, FORM if form else JSON
    sent = urlencode({"payload": body}) if form else body
    status, told = await server.post(sent, kind | server.signed(sent))
    assert (status, json.loads(told)["detail"]) == (400, "The body is nothing that Slack sends.")
    assert "a signed request could not be read" in caplog.text
    assert "Traceback" not in caplog.text
    assert scene.desk.requests == []


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(scene: HttpScene) -> None:
    server = scene.server
    large = event("x" * MAX_BODY)
    assert (await server.post(large, JSON | server.signed(large)))[0] == 413
    assert scene.desk.requests == []


async def test_a_body_that_never_ends_is_given_up(scene: HttpScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack_http.READ_S", 0.1)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    url = scene.server.request_url or ""
    async with aiohttp.ClientSession() as session, session.post(url, data=trickle()) as answer:
        assert answer.status == 408


async def test_nothing_but_a_post_is_answered(scene: HttpScene) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(scene.server.request_url or "") as answer,
    ):
        assert answer.status == 405


async def test_a_desk_that_takes_long_delays_no_acknowledgement(scene: HttpScene) -> None:
    server, desk = scene.server, scene.desk
    await server.slash("/run", "NVDA", ALICE, TRADING)
    card = (await server.wait_messages(TRADING))[0]
    gate = asyncio.Event()
    done: list[str] = []

    async def slow(request: Request, door: Door) -> None:
        await gate.wait()
        done.append(request.text)

    async def slow_press(press: object) -> None:
        await gate.wait()

    desk.on_handle, desk.on_press = slow, slow_press
    envelopes = [await server.slash("/run", "NVDA", ALICE, TRADING) for _ in range(10)]
    envelopes += [await server.mention("{bot} run NVDA", ALICE, TRADING) for _ in range(10)]
    envelopes += [await server.click(card, "conclave.why.0", ALICE) for _ in range(10)]
    assert max(envelope.ack_s or 9.0 for envelope in envelopes) < ACK_S
    gate.set()
    await server.until(lambda: done == ["run NVDA"] * 20)


async def test_a_store_that_does_not_answer_leaves_the_request_to_be_sent_again(
    scene: HttpScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, body = scene.server, event()

    async def broken(platform: str, delivery: str) -> bool:
        raise StoreError("The database is away.")

    headers = JSON | server.signed(body)
    with monkeypatch.context() as away:
        away.setattr(scene.app, "claim_delivery", broken)
        assert (await server.post(body, headers))[0] == 503
    assert scene.desk.requests == []
    assert (await server.post(body, headers))[0] == 200


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("http", r'\[slack\] mode = "http" needs the section \[http\]'),
        ("SLACK_SIGNING_SECRET", "the environment variable SLACK_SIGNING_SECRET is not set"),
        ("SLACK_BOT_TOKEN", "the environment variable SLACK_BOT_TOKEN is not set"),
    ],
)
async def test_what_http_mode_lacks_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, said: str
) -> None:
    async with slack_server() as server:
        set_secrets(server, monkeypatch)
        monkeypatch.delenv(missing, raising=False)
        app = await arena.opened("http://127.0.0.1:9/v1", tmp_path, slack={"mode": "http"})
        door = None if missing == "http" else HttpDoor(app.settings.http)
        with pytest.raises(ConfigError, match=said):
            slack_service(app, ScriptedDesk(), door)
        await app.close()


async def test_no_secret_is_logged(
    scene: HttpScene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_log.REPEAT_S", 0.0)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("bot.slack.sdk").setLevel(logging.DEBUG)
    server = scene.server
    await server.slash("/run", "NVDA", ALICE, TRADING)
    await server.wait_messages(TRADING)
    await server.post(event(), JSON)
    logging.getLogger("bot.slack.sdk").setLevel(logging.ERROR)
    told = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "Sending a request" in told
    assert [one for one in (server.signing_secret, server.bot_token) if one in told] == []
