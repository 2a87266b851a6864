"""The Slack service over a real socket: what people do, and what they then see."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.cards import Button, Card, Notice, ProgressCard, ReasoningCard, VerdictCard
from bot.door import Door
from bot.request import Press, Request
from bot.slack_updates import SlackService
from core.clock import SystemClock
from core.config.secret import SecretRef
from core.config.settings import Slack
from core.domain.errors import ConfigError
from tests.loopback.slack_rules import interactive, strings
from tests.loopback.slack_server import Envelope, Fault, SlackServer, slack_server

ALICE, TRADING = "U0ALICE", "C0TRADING"
VERDICT = VerdictCard(
    ticker="NVDA",
    headline="BUY",
    decision=None,
    rule=None,
    subtitle="standard",
    facts=(("Agreement", "80 %"),),
    votes=(),
    members=(),
    trades=(),
    footer="Run k3v9",
    buttons=(Button(label="claude", data="w.k3v9.1"), Button(label="gpt", data="w.k3v9.2")),
)


def page(number: int, of: int = 3, body: str = "Revenue grows.") -> ReasoningCard:
    return ReasoningCard(
        title="claude on NVDA",
        subtitle="BUY 72 %",
        stage="Bull",
        position=f"stage 5 of 12 · page {number} of {of}",
        body=f"{body} ({number})",
        footer="answered by test:model",
        page_buttons=(Button(label="Next ▶", data=f"p.k3v9.1.5.{number + 1}"),),
        stage_buttons=(
            Button(label="Bull", data="p.k3v9.1.5.1"),
            Button(label="Bear", data="p.k3v9.1.6.1"),
        ),
    )


@dataclass
class ScriptedDesk:
    """A desk that notes what it is asked and answers as the test says."""

    requests: list[Request] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    card: Card = VERDICT
    on_press: Callable[[Press], Awaitable[Card | None]] | None = None
    on_handle: Callable[[Request, Door], Awaitable[None]] | None = None

    async def handle(self, request: Request, door: Door) -> None:
        self.requests.append(request)
        if self.on_handle:
            await self.on_handle(request, door)
            return
        only_for = request.person if isinstance(self.card, Notice) else None
        await door.send(request.address, self.card, only_for=only_for)

    async def press(self, press: Press, door: Door) -> Card | None:
        self.presses.append(press)
        if self.on_press:
            return await self.on_press(press)
        return page(1) if press.data.startswith("w.") else page(int(press.data.split(".")[-1]))


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Callable[[SlackServer], Slack]:
    def settings(server: SlackServer) -> Slack:
        monkeypatch.setenv("TEST_SLACK_BOT", server.bot_token)
        monkeypatch.setenv("TEST_SLACK_APP", server.app_token)
        return Slack(
            bot_token=SecretRef("env:TEST_SLACK_BOT"),
            app_token=SecretRef("env:TEST_SLACK_APP"),
            base_url=server.base_url,
        )

    return settings


@asynccontextmanager
async def serving(settings: Slack, desk: ScriptedDesk) -> AsyncIterator[SlackService]:
    service = SlackService(settings, desk, SystemClock(), ping_s=0.2)
    task = asyncio.create_task(service.run())
    try:
        async with asyncio.timeout(5):
            await service.connected.wait()
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def scene(
    tokens: Callable[[SlackServer], Slack],
) -> AsyncIterator[tuple[SlackServer, ScriptedDesk, SlackService]]:
    desk = ScriptedDesk()
    async with slack_server() as server, serving(tokens(server), desk) as service:
        yield server, desk, service


Scene = tuple[SlackServer, ScriptedDesk, SlackService]


def shown(blocks: list[dict[str, object]]) -> str:
    return "\n".join(text for _, text in strings(blocks))


async def test_a_slash_command_is_acknowledged_at_once_and_answered_in_the_channel(scene: Scene) -> None:
    server, desk, _ = scene
    envelope = await server.slash("/conclave", "run NVDA quick", ALICE, TRADING)

    messages = await server.wait_messages(TRADING)

    assert envelope.ack_s is not None
    assert envelope.ack_s < 0.5
    request = desk.requests[0]
    assert request.text == "run NVDA quick"
    assert (request.address.chat_id, request.person.id) == ("slack:C0TRADING", "slack:U0ALICE")
    assert request.delivery == envelope.payload["trigger_id"]
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
    await server.redeliver(first)

    await server.until(lambda: len(desk.requests) == 2)

    assert desk.requests[0].delivery == desk.requests[1].delivery == first.payload["event_id"]


async def test_a_desk_that_takes_long_delays_no_acknowledgement(scene: Scene) -> None:
    server, desk, _ = scene
    gate = asyncio.Event()

    async def slow(request: Request, door: Door) -> None:
        await gate.wait()

    desk.on_handle = slow
    envelopes = [await server.mention("{bot} run NVDA", ALICE, TRADING) for _ in range(20)]

    assert max(envelope.ack_s or 9.0 for envelope in envelopes) < 0.5
    gate.set()


async def test_a_full_house_takes_no_new_event_and_says_so_to_a_command(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, desk, _ = scene
    monkeypatch.setattr("bot.slack_updates.MAX_TASKS", 1)
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


async def card_in(server: SlackServer) -> Envelope:
    return await server.slash("/run", "NVDA", ALICE, TRADING)


async def test_a_button_opens_the_reasoning_in_a_modal(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.1", ALICE)

    await server.until(lambda: server.views(ALICE))

    view = server.views(ALICE)[0]
    assert desk.presses[0].data == "w.k3v9.2"
    assert desk.presses[0].address.chat == TRADING
    assert view.view["title"]["text"] == "claude on NVDA"
    assert "Revenue grows. (1)" in shown(view.blocks)


async def test_slow_reasoning_shows_loading_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    server, desk, _ = scene
    monkeypatch.setattr("bot.slack_press.GRACE_S", 0.01)
    gate = asyncio.Event()

    async def slow(press: Press) -> Card:
        await gate.wait()
        return page(1)

    desk.on_press = slow
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    assert "Loading" in shown(view.blocks)
    gate.set()

    await server.until(lambda: "Revenue" in shown(server.views(ALICE)[0].blocks))

    assert len(server.views(ALICE)) == 1


async def test_pages_and_stages_turn_inside_the_modal(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    await server.click(view, "conclave.page.0", ALICE)
    await server.until(lambda: "(2)" in shown(server.views(ALICE)[0].blocks))
    await server.click(server.views(ALICE)[0], "conclave.stage", ALICE, option="Bear")

    await server.until(lambda: len(desk.presses) == 3)
    await server.until(lambda: "(1)" in shown(server.views(ALICE)[0].blocks))

    assert [press.data for press in desk.presses] == ["w.k3v9.1", "p.k3v9.1.5.2", "p.k3v9.1.6.1"]
    assert {press.address.chat for press in desk.presses} == {TRADING}
    assert len({press.delivery for press in desk.presses}) == 3


async def test_reasoning_goes_into_the_thread_when_the_modal_cannot_open(scene: Scene) -> None:
    server, _, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    server.fail_next("views.open", Fault("expired_trigger_id"))
    await server.click(card, "conclave.why.0", ALICE)

    messages = await server.wait_messages(TRADING, 2)

    assert messages[1].thread_ts == card.ts
    assert "Revenue grows. (1)" in shown(messages[1].blocks)


async def test_pages_of_reasoning_in_a_message_turn_in_place(scene: Scene) -> None:
    server, desk, _ = scene
    desk.card = page(1)
    await server.slash("/why", "NVDA claude", ALICE, TRADING)
    message = (await server.wait_messages(TRADING))[0]
    await server.click(message, "conclave.page.0", ALICE)

    await server.until(lambda: "(2)" in shown(message.blocks))

    assert len(server.messages(TRADING)) == 1


async def test_a_notice_after_a_press_is_for_the_presser_alone(scene: Scene) -> None:
    server, desk, _ = scene
    desk.on_press = lambda press: _soon(Notice(text="This button is too old.", tone="warning"))
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)

    await server.until(lambda: server.ephemerals(ALICE))

    assert "too old" in server.ephemerals(ALICE)[0].text
    assert len(server.messages(TRADING)) == 1
    assert server.views(ALICE) == []


async def test_a_notice_inside_a_modal_lies_on_top_of_it(scene: Scene) -> None:
    server, desk, _ = scene
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", ALICE)
    view = (await server.until(lambda: server.views(ALICE)))[0]
    desk.on_press = lambda press: _soon(Notice(text="That run is gone."))
    await server.click(view, "conclave.page.0", ALICE)

    await server.until(lambda: len(server.views(ALICE)) == 2)

    assert "That run is gone." in shown(server.views(ALICE)[1].blocks)


async def _soon(card: Card | None) -> Card | None:
    return card


async def test_a_press_that_shows_nothing_stays_silent(scene: Scene) -> None:
    server, desk, _ = scene
    desk.on_press = lambda press: _soon(None)
    await card_in(server)
    card = (await server.wait_messages(TRADING))[0]
    await server.click(card, "conclave.why.0", "U0STRANGER")
    await server.until(lambda: desk.presses)

    await asyncio.sleep(0.05)

    assert server.ephemerals("U0STRANGER") == []
    assert server.views("U0STRANGER") == []


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
    tokens: Callable[[SlackServer], Slack], caplog: pytest.LogCaptureFixture
) -> None:
    async with SlackServer() as server:
        settings = tokens(server)
        server.bot_token = "xoxb-another"
        with caplog.at_level(logging.INFO):
            async with asyncio.timeout(5):
                await SlackService(settings, ScriptedDesk(), SystemClock()).run()

    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert lines == [
        "Slack is off: Slack refused auth.test: invalid_auth. "
        "Look at the tokens and scopes of the app (docs/slack.md), then start Conclave again."
    ]


async def test_a_missing_token_is_named_by_its_reference() -> None:
    settings = Slack(bot_token=SecretRef("env:NO_SUCH_TOKEN_HERE"))

    with pytest.raises(ConfigError, match="NO_SUCH_TOKEN_HERE"):
        SlackService(settings, ScriptedDesk(), SystemClock())


async def test_a_slack_that_is_down_is_tried_again(
    tokens: Callable[[SlackServer], Slack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack_updates.FIRST_DELAY_S", 0.02)
    async with slack_server() as server:
        server.fail_next("auth.test", Fault(raw="<html>bad gateway</html>", status=502, times=2))
        server.fail_next("apps.connections.open", Fault("internal_error", status=200))
        desk = ScriptedDesk()
        async with serving(tokens(server), desk):
            await server.slash("/help", "", ALICE, TRADING)
            await server.wait_messages(TRADING)

        assert [method for method, _ in server.calls].count("auth.test") == 4


async def test_no_token_or_ticket_is_ever_logged_even_at_debug(
    tokens: Callable[[SlackServer], Slack], caplog: pytest.LogCaptureFixture
) -> None:
    loggers = ["", "slack_sdk", "slack_bolt", "bot", "bot.slack", "bot.slack.library", "aiohttp"]
    for name in loggers:
        caplog.set_level(logging.DEBUG, name)
    async with SlackServer() as server:
        desk = ScriptedDesk()
        async with serving(tokens(server), desk):
            # Whoever turns the libraries' log up must not find a secret in it either.
            logging.getLogger("bot.slack.library").setLevel(logging.DEBUG)
            await server.slash("/run", "NVDA", ALICE, TRADING)
            card = (await server.wait_messages(TRADING))[0]
            await server.click(card, "conclave.why.0", ALICE)
            await server.until(lambda: server.views(ALICE))
            await server.disconnect()
            server.fail_next("chat.postMessage", Fault("fatal_error"))
            await server.slash("/run", "NVDA", ALICE, TRADING)
            await server.until(lambda: len(desk.requests) == 2)
        secrets = [server.bot_token, server.app_token, *server.tickets, *server._responses]

    logging.getLogger("bot.slack.library").setLevel(logging.ERROR)
    told = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    assert "Sending a request" in told
    assert "response_url" in told
    assert len(secrets) >= 6
    assert [secret for secret in secrets if secret in told] == []
    assert "xoxb-" not in told
    assert "xapp-" not in told
