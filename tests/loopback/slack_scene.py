"""A Slack with our service connected to it, and a desk that answers as a test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.cards import Button, Card, Notice, ReasoningCard, VerdictCard
from bot.door import Door
from bot.request import Press, Request
from bot.slack_service import SlackService, socket_service
from core.clock import SystemClock
from core.config.secret import SecretRef
from core.config.settings import Slack
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_rules import strings
from tests.loopback.slack_server import SlackServer, slack_server

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


def settings_for(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> Slack:
    monkeypatch.setenv("TEST_SLACK_BOT", server.bot_token)
    monkeypatch.setenv("TEST_SLACK_APP", server.app_token)
    return Slack(
        bot_token=SecretRef("env:TEST_SLACK_BOT"),
        app_token=SecretRef("env:TEST_SLACK_APP"),
        base_url=server.base_url,
    )


@asynccontextmanager
async def serving(settings: Slack, desk: ScriptedDesk) -> AsyncIterator[SlackService]:
    service = socket_service(settings, desk, SystemClock(), ping_s=0.2)
    task = asyncio.create_task(service.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await service.connected.wait()
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


Scene = tuple[SlackServer, ScriptedDesk, SlackService]


@asynccontextmanager
async def slack_scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A server that must see nothing wrong, a desk, and the service between them."""
    desk = ScriptedDesk()
    async with slack_server() as server, serving(settings_for(server, monkeypatch), desk) as service:
        yield server, desk, service


def shown(blocks: list[dict[str, object]]) -> str:
    return "\n".join(text for _, text in strings(blocks))
