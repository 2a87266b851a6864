"""`conclave serve` whole, between loopback platforms and simulated models, after half a year of runs."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from core.app.app import App
from tests import arena
from tests.gallery.said import MODELS, speaks
from tests.loopback.model_replies import ModelRequest, Reply
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import User
from tests.service import served

ALICE, BEN = User(1001, "Alice"), User(1002, "Ben")
SLACK_ALICE, CHANNEL, CHANNEL_NAME = "U0ALICE", "C0TRADING", "trading"
KEY = "SIMULATED_KEY"
FIRST_DAY, WEEKS = date(2012, 9, 7), 25
LATENCY_S = 0.4
PAIRS = (("AAPL", "GOOG"), ("MSFT", "IBM"))
PRICES = {"price_in_usd_per_mtok": "3", "price_out_usd_per_mtok": "15"}


@dataclass
class Stage:
    """Everything that a picture may need. `waits` has the models that are held back, each at a stage."""

    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer
    folder: Path
    waits: dict[str, tuple[str, asyncio.Event]] = field(default_factory=dict)

    def hold(self, model: str, prompt: str) -> None:
        """Let a model wait at the stage whose prompt has this text, until `go_on`."""
        self.waits[model] = (prompt, asyncio.Event())

    def go_on(self) -> None:
        """Let all models go on."""
        for _, gate in self.waits.values():
            gate.set()
        self.waits = {}


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Start all servers; none of them may have seen anything wrong in the end."""
    async with ModelServer(keep_log=False) as models, TelegramServer() as telegram:
        async with SlackServer() as slack:
            made = Stage(models, telegram, slack, folder)
            for name in MODELS:
                models.always(name, _patient(made, name))
            yield made
            assert not slack.violations, slack.violations
        assert not telegram.violations, telegram.violations


def _patient(made: Stage, name: str) -> Any:
    answer = speaks(name)

    def behave(request: ModelRequest) -> Reply:
        text, gate = made.waits.get(name, ("", None))
        held = gate is not None and text in request.messages[-1]["content"]
        return replace(answer(request), gate=gate) if held else answer(request)

    return behave


@asynccontextmanager
async def conclave(made: Stage, *, season: bool = True) -> AsyncIterator[App]:
    """Serve both platforms, with `season` after half a year of weekly runs."""
    members: list[dict[str, Any]] = [
        {"name": name, "route": [f"simulated:{name}"], **PRICES} for name in MODELS
    ]
    members.append({"name": "trend", "kind": "baseline"})
    app = await arena.opened(
        made.models.base_url,
        made.folder,
        environ={KEY: "made-up"},
        arena={"watchlist": ["GOOG", "AAPL", "MSFT", "IBM"], "benchmark": "MSFT"},
        providers=[
            {
                "name": "simulated",
                "base_url": made.models.base_url,
                "keys": [{"name": "main", "secret": f"env:{KEY}"}],
            }
        ],
        members=members,
        telegram={"base_url": made.telegram.base_url},
        slack={"base_url": made.slack.base_url},
        access={"admins": [f"telegram:{ALICE.id}", f"slack:{SLACK_ALICE}"]},
    )
    tokens = {
        "TELEGRAM_BOT_TOKEN": made.telegram.token,
        "SLACK_BOT_TOKEN": made.slack.bot_token,
        "SLACK_APP_TOKEN": made.slack.app_token,
    }
    with _environment(tokens):
        if season:
            await _season(app)
        made.models.latency_s = LATENCY_S
        async with served(app):
            yield app


async def _season(app: App) -> None:
    for week in range(WEEKS):
        day = FIRST_DAY + timedelta(weeks=week)
        for ticker in PAIRS[week % 2]:
            when = f"{day.isoformat()}T21:30:00+00:00"
            await arena.finished(app, arena.request(ticker, as_of=when, preset="quick"))


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
