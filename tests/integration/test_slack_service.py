"""The Slack service over a real socket: what people write, and what they then see."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from bot.cards import Notice, ProgressCard
from bot.door import DeliveryFailed, Door
from bot.request import Request
from bot.slack_check import check_slack
from bot.slack_service import socket_service
from core.clock import SystemClock
from core.config.secret import SecretRef
from core.config.settings import Slack
from core.domain.errors import ConfigError
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_scene import (
    ALICE,
    TRADING,
    VERDICT,
    Scene,
    ScriptedDesk,
    serving,
    settings_for,
    shown,
    slack_scene,
)
from tests.loopback.slack_server import Fault, SlackServer, slack_server


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with slack_scene(monkeypatch) as made:
        yield made


@pytest.fixture
async def small_scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """With room for one request at a time."""
    monkeypatch.setattr("bot.slack_updates.MAX_TASKS", 1)
    async with slack_scene(monkeypatch) as made:
        yield made


async def test_a_slash_command_is_acknowledged_at_once_and_answered_in_the_channel(scene: Scene) -> None:
    server, desk, _ = scene
    envelope = await server.slash("/conclave", "run NVDA quick", ALICE, TRADING)

    messages = await server.wait_messages(TRADING)

    assert envelope.ack_s is not None
    assert envelope.ack_s < 3.0
    request = desk.requests[0]
    assert request.text == "run NVDA quick"
    assert (request.address.chat_id, request.person.id) == ("slack:C0TRADING", "slack:U0ALICE")
    assert request.delivery.endswith(f":{envelope.payload['trigger_id']}")
    assert "NVDA · BUY" in shown(messages[0].blocks)
    assert messages[0].thread_ts is None


async def test_any_slash_command_is_understood_by_its_name(scene: Scene) -> None:
    server, desk, _ = scene
    await server.slash("/leaderboard", "", ALICE, TRADING)
    await server.slash("/why", "NVDA claude", ALICE, TRADING)

    await server.until(lambda: len(desk.requests) == 2)

    assert [request.text for request in desk.requests] == ["leaderboard", "why NVDA claude"]


async def test_a_mention_in_a_thread_is_answered_in_that_thread(scene: Scene) -> None:
    server, desk, _ = scene
    await server.mention("{bot} run NVDA", ALICE, TRADING, thread_ts="1760000000.000099")

    messages = await server.wait_messages(TRADING)

    assert desk.requests[0].text == "run NVDA"
    assert messages[0].thread_ts == "1760000000.000099"


async def test_a_direct_message_is_private_and_needs_no_mention(scene: Scene) -> None:
    server, desk, _ = scene
    await server.dm("run NVDA", ALICE)

    messages = await server.wait_messages("D0ALICE")

    assert desk.requests[0].private
    assert len(messages) == 1


async def test_an_event_that_slack_sends_again_has_the_same_delivery(scene: Scene) -> None:
    server, desk, _ = scene
    first = await server.mention("{bot} run NVDA", ALICE, TRADING)
    for retry in (1, 2, 3):
        await server.redeliver(first, retry=retry)

    await server.until(lambda: len(desk.requests) == 4)

    (delivery,) = {request.delivery for request in desk.requests}
    assert delivery.endswith(f":{first.payload['event_id']}")


async def test_a_desk_that_takes_long_delays_no_acknowledgement(scene: Scene) -> None:
    server, desk, _ = scene
    gate = asyncio.Event()

    async def slow(request: Request, door: Door) -> None:
        await gate.wait()

    desk.on_handle = slow
    envelopes = [await server.mention("{bot} run NVDA", ALICE, TRADING) for _ in range(20)]

    # Slack itself asks for three seconds, and its server refuses what comes later.
    assert max(envelope.ack_s or 9.0 for envelope in envelopes) < 3.0
    gate.set()


async def test_a_full_house_takes_no_new_event_and_says_so_to_a_command(
    small_scene: Scene,
) -> None:
    server, desk, _ = small_scene
    gate = asyncio.Event()

    async def slow(request: Request, door: Door) -> None:
        await gate.wait()

    desk.on_handle = slow
    await server.mention("{bot} run NVDA", ALICE, TRADING)
    await server.slash("/run", "AAPL", ALICE, TRADING)
    server.ack_s = 0.2
    again = await server.mention("{bot} run MSFT", ALICE, TRADING)

    assert "too many people" in server.ephemerals(ALICE)[0].text
    assert again.ack_s is None
    assert [request.text for request in desk.requests] == ["run NVDA"]
    assert len(server.violations) == 2
    server.violations.clear()
    gate.set()


async def test_bots_edits_and_ordinary_talk_are_ignored(scene: Scene) -> None:
    server, desk, _ = scene
    await server.dm("run NVDA", "U0BOT", bot_id="B0OTHER")
    await server.dm("run NVDA", ALICE, subtype="message_changed")
    await server.mention("{bot} run NVDA", ALICE, TRADING, edited={"user": ALICE, "ts": "1.0"})
    await server.mention("{bot} run NVDA", "U0CONCLAVE", TRADING)
    await server.dm("whoami", ALICE)

    await server.wait_messages("D0ALICE")

    assert [request.text for request in desk.requests] == ["whoami"]


async def test_a_notice_goes_to_the_asker_alone_even_where_the_app_is_not_invited(scene: Scene) -> None:
    server, desk, _ = scene
    server.add_channel("C0SECRET", joined=False)
    desk.card = Notice(text="This committee is private.")
    await server.slash("/whoami", "", ALICE, "C0SECRET")

    await server.until(lambda: server.ephemerals(ALICE))

    assert "This committee is private." in server.ephemerals(ALICE)[0].text


async def test_a_command_where_the_app_is_not_invited_says_how_to_invite_it(scene: Scene) -> None:
    server, _, _ = scene
    server.add_channel("C0SECRET", joined=False)
    await server.slash("/run", "NVDA", ALICE, "C0SECRET")

    await server.until(lambda: server.ephemerals(ALICE))

    assert "/invite @Conclave" in server.ephemerals(ALICE)[0].text


async def test_a_notice_reaches_its_person_even_between_two_other_people(scene: Scene) -> None:
    server, desk, _ = scene
    server.add_channel("D0BOBANDALICE", joined=False)
    desk.card = Notice(text="This committee is private: you are slack:U0ALICE.")
    await server.slash("/whoami", "", ALICE, "D0BOBANDALICE")

    await server.until(lambda: server.ephemerals(ALICE))

    assert ["you are slack:U0ALICE" in shown.text for shown in server.ephemerals(ALICE)] == [True]
    assert server.messages("D0BOBANDALICE") == []


async def test_a_notice_in_our_direct_message_is_posted_where_no_response_is_taken(scene: Scene) -> None:
    server, desk, _ = scene
    desk.card = Notice(text="for you")
    await server.dm("whoami", ALICE)

    assert "for you" in (await server.wait_messages("D0ALICE"))[0].text


async def test_a_run_asked_for_between_two_other_people_says_where_to_ask(scene: Scene) -> None:
    server, _, _ = scene
    server.add_channel("D0BOBANDALICE", joined=False)
    await server.slash("/run", "NVDA", ALICE, "D0BOBANDALICE")

    await server.until(lambda: server.ephemerals(ALICE))

    assert "its own direct message" in server.ephemerals(ALICE)[0].text


async def test_thanks_to_the_app_is_no_command(scene: Scene) -> None:
    server, desk, _ = scene
    await server.mention("thanks {bot} !", ALICE, TRADING)
    await server.mention("run GOOG {bot}", ALICE, TRADING)

    await server.wait_messages(TRADING)

    assert [request.text for request in desk.requests] == ["run GOOG"]


async def test_a_live_message_is_edited_and_ends_as_the_verdict(scene: Scene) -> None:
    server, desk, _ = scene

    async def run(request: Request, door: Door) -> None:
        ref = await door.send(request.address, ProgressCard(title="Asking 5 members", subtitle="", lines=()))
        await door.edit(ref, ProgressCard(title="Asking 5 members about NVDA", subtitle="", lines=()))
        await door.edit(ref, VERDICT)

    desk.on_handle = run
    await server.slash("/run", "NVDA", ALICE, TRADING)
    message = (await server.wait_messages(TRADING))[0]

    await server.until(lambda: len(message.revisions) == 2)

    assert "NVDA · BUY" in shown(message.blocks)
    assert [element["value"] for _, element in interactive(message.blocks)] == ["w.k3v9.1", "w.k3v9.2"]


async def test_the_service_follows_slack_to_a_new_socket(scene: Scene) -> None:
    server, desk, _ = scene
    await server.disconnect()
    await server.slash("/help", "", ALICE, TRADING)
    await server.drop()
    await server.wait_connected()
    await server.slash("/models", "", ALICE, TRADING)

    await server.until(lambda: len(desk.requests) == 2)

    assert [request.text for request in desk.requests] == ["help", "models"]


async def test_wrong_tokens_end_slack_with_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with SlackServer() as server:
        settings = settings_for(server, monkeypatch)
        server.bot_token = "xoxb-another"
        with caplog.at_level(logging.INFO):
            async with asyncio.timeout(PATIENCE_S):
                await socket_service(settings, ScriptedDesk(), SystemClock()).run()

    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert lines == [
        "Slack is off: Slack refused auth.test: invalid_auth. "
        "Look at the tokens and scopes of the app (docs/slack.md), then start Conclave again."
    ]


async def test_a_wrong_app_token_ends_slack_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with SlackServer() as server:
        settings = settings_for(server, monkeypatch)
        server.fail_next("apps.connections.open", Fault("account_inactive"))
        async with asyncio.timeout(PATIENCE_S):
            await socket_service(settings, ScriptedDesk(), SystemClock()).run()

    assert "apps.connections.open: account_inactive" in caplog.records[-1].getMessage()


async def test_the_check_says_as_whom_and_where_or_what_slack_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with slack_server() as server:
        settings = settings_for(server, monkeypatch)
        assert await check_slack(settings) == "conclave in Loopback"
        server.fail_next("apps.connections.open", Fault("missing_scope"))
        with pytest.raises(DeliveryFailed, match=r"apps\.connections\.open: missing_scope"):
            await check_slack(settings)


async def test_a_proxy_of_the_environment_is_not_used_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    async with slack_server() as server, serving(settings_for(server, monkeypatch), ScriptedDesk()):
        await server.slash("/run", "NVDA", ALICE, TRADING)
        await server.wait_messages(TRADING)


async def test_a_missing_token_is_named_by_its_reference() -> None:
    settings = Slack(bot_token=SecretRef("env:NO_SUCH_TOKEN_HERE"))

    with pytest.raises(ConfigError, match="NO_SUCH_TOKEN_HERE"):
        socket_service(settings, ScriptedDesk(), SystemClock())


async def test_a_slack_that_is_down_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.slack_service.FIRST_DELAY_S", 0.02)
    async with slack_server() as server:
        server.fail_next("auth.test", Fault(raw="<html>bad gateway</html>", status=502, times=2))
        server.fail_next("apps.connections.open", Fault("internal_error", status=200))
        desk = ScriptedDesk()
        async with serving(settings_for(server, monkeypatch), desk):
            await server.slash("/help", "", ALICE, TRADING)
            await server.wait_messages(TRADING)

        assert [method for method, _ in server.calls].count("auth.test") == 4


async def test_no_token_or_ticket_is_ever_logged_even_at_debug(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loggers = ["", "slack_sdk", "slack_bolt", "bot", "bot.slack", "bot.slack.sdk", "aiohttp"]
    for name in loggers:
        caplog.set_level(logging.DEBUG, name)
    async with SlackServer() as server:
        desk = ScriptedDesk()
        async with serving(settings_for(server, monkeypatch), desk):
            # Whoever turns the libraries' log up must not find a secret in it either.
            logging.getLogger("bot.slack.sdk").setLevel(logging.DEBUG)
            await server.slash("/run", "NVDA", ALICE, TRADING)
            card = (await server.wait_messages(TRADING))[0]
            await server.click(card, "conclave.why.0", ALICE)
            await server.until(lambda: server.views(ALICE))
            await server.disconnect()
            server.fail_next("chat.postMessage", Fault("fatal_error"))
            await server.slash("/run", "NVDA", ALICE, TRADING)
            await server.until(lambda: len(desk.requests) == 2)
        secrets = [server.bot_token, server.app_token, *server.tickets, *server._responses]

    logging.getLogger("bot.slack.sdk").setLevel(logging.ERROR)
    told = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "Sending a request" in told
    assert "response_url" in told
    assert len(secrets) >= 6
    assert [secret for secret in secrets if secret in told] == []
    assert "xoxb-" not in told
    assert "xapp-" not in told


async def test_a_token_that_was_copied_badly_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async with slack_server() as server:
        settings = settings_for(server, monkeypatch)
        monkeypatch.setenv("TEST_SLACK_APP", "xapp-1\nabc")
        with pytest.raises(ConfigError, match="env:TEST_SLACK_APP holds a blank or line break"):
            socket_service(settings, ScriptedDesk(), SystemClock())
        with pytest.raises(ConfigError, match="env:TEST_SLACK_APP"):
            await check_slack(settings)
        assert server.calls == []
