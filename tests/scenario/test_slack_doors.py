"""`conclave serve` with Slack over several sockets, over HTTP, and for many workspaces."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

from core.app.app import App
from core.domain.subscription import Planned
from core.schedule.reading import read_wanted
from tests import arena
from tests.loopback.model_replies import filled, hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_http_scene import browser_at, free_port, set_secrets
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.service import actions, served

ALICE, CAROL = "U0ALICE", "U0CAROL"
TRADING, ELSEWHERE = "C0TRADING", "C0ELSEWHERE"
OTHER = "T0OTHER"
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    slack: SlackServer
    folder: Path
    root: str


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with ModelServer() as models, SlackServer() as slack:
        for name in arena.FIVE:
            models.opine(f"{name}/{name}-1", arena.opinion(name))
        set_secrets(slack, monkeypatch)
        yield World(models, slack, tmp_path, f"http://127.0.0.1:{free_port()}")
        assert slack.violations == []


@asynccontextmanager
async def serving(world: World, **slack: Any) -> AsyncIterator[App]:
    if slack.get("mode") == "http":
        world.slack.request_url = f"{world.root}/slack/events"
    world.slack.redirect_url = f"{world.root}/slack/oauth_redirect"
    app = await arena.opened(
        world.models.base_url,
        world.folder,
        slack={"base_url": world.slack.base_url} | slack,
        http={"port": int(world.root.rpartition(":")[2])},
        access={"admins": [f"slack:{ALICE}", f"slack:{CAROL}"]},
    )
    async with served(app):
        yield app


async def verdict(world: World, channel: str) -> str:
    def found() -> str | None:
        cards = world.slack.messages(channel)
        return next((shown(card.blocks) for card in cards if "conclave.why.0" in actions(card)), None)

    text = await world.slack.until(found)
    assert isinstance(text, str)
    return text


async def health(world: World) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(f"{world.root}/health") as answer:
        return answer.status, json.loads(await answer.text())


async def test_an_event_that_comes_over_both_connections_runs_once(world: World) -> None:
    async with serving(world):
        await world.slack.wait_connected(count=2)
        envelope = await world.slack.mention("{bot} run GOOG quick", ALICE, TRADING)
        for socket in world.slack.sockets:
            again = await world.slack._send("events_api", envelope.payload, socket, retry_attempt=1)
            await world.slack._acked(again)
        assert "GOOG" in await verdict(world, TRADING)
        await world.slack.slash("/whoami", "", ALICE, TRADING)
        await world.slack.until(lambda: world.slack.ephemerals(ALICE))
        assert len(world.slack.messages(TRADING)) == 1
        assert len(world.models.requests) == len(arena.FIVE)


async def test_the_health_tells_of_each_connection_and_since_when(world: World) -> None:
    async with serving(world):
        await world.slack.wait_connected(count=2)
        status, told = await health(world)
        assert (status, told["status"], told["platforms"]["Slack"]) == (200, "ok", "connected")
        assert [one["name"] for one in told["connections"]["Slack"]] == ["connection 1", "connection 2"]
        assert {one["state"] for one in told["connections"]["Slack"]} == {"connected"}
        assert all("T" in one["since"] for one in told["connections"]["Slack"])
        await world.slack.slash("/health", "", ALICE, TRADING)
        (card,) = await world.slack.wait_messages(TRADING)
        assert "Slack connection 2: connected since" in shown(card.blocks)


async def test_over_http_a_retried_event_runs_once(world: World) -> None:
    async with serving(world, mode="http"):
        envelope = await world.slack.mention("{bot} run GOOG quick", ALICE, TRADING)
        for retry in (1, 2, 3):
            await world.slack.redeliver(envelope, retry)
        assert "GOOG" in await verdict(world, TRADING)
        direct = await world.slack.dm("whoami", ALICE)
        await world.slack.wait_messages("D0ALICE")
        assert direct.ack_s is not None
        assert len(world.slack.messages(TRADING)) == 1
        assert len(world.models.requests) == len(arena.FIVE)
        assert (await health(world))[1]["platforms"] == {"Slack": "connected"}
        assert world.slack.sockets == []


async def install(world: World, team: str) -> None:
    world.slack.allowing = team
    async with browser_at(world.root) as session, session.get(f"{world.root}/slack/install") as answer:
        assert answer.status == 200, await answer.text()


async def test_what_goes_on_by_itself_finds_its_workspace_after_a_restart(world: World) -> None:
    for name in arena.FIVE:
        model = f"{name}/{name}-1"
        world.models.say_next(model, *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    world.slack.home.installed = False
    world.slack.add_team(OTHER, "Other", installed=False)
    many = {"mode": "http", "client_id": world.slack.client_id}
    async with serving(world, **many) as app:
        await install(world, "T0LOOPBACK")
        await install(world, OTHER)
        await world.slack.dm("whoami", ALICE)
        with world.slack.people_of(OTHER):
            await world.slack.slash("/run", "GOOG", CAROL, ELSEWHERE)
        await asyncio.wait_for(world.models.until_asked(30), PATIENCE_S)
        await world.slack.until(lambda: "claude" in shown(world.slack.messages(ELSEWHERE)[0].blocks))
        # A report is due in a minute, when nobody of this process is there any more.
        due = app.clock.now() + timedelta(seconds=1)
        await app._store.subscriptions.add(
            "slack",
            ELSEWHERE,
            None,
            read_wanted(["leaderboard", "daily", "09:00"]),
            f"slack:{CAROL}",
            app.clock.now(),
            Planned(key=f"{due:%Y-%m-%dT%H:%MZ}", at=due, due_at=due),
            limit=10,
        )
    async with serving(world, **many):
        # The interrupted run ends in the message that it had, and the report comes to the same channel.
        assert "BUY" in await verdict(world, ELSEWHERE)
        await world.slack.until(lambda: len(world.slack.messages(ELSEWHERE)) >= 2)
        texts = [shown(message.blocks) for message in world.slack.messages(ELSEWHERE)]
        assert any("Leaderboard" in text for text in texts)
        assert world.slack.channels[ELSEWHERE].team == OTHER
    assert len(world.models.requests) == 60 + 10


async def test_a_person_of_two_workspaces_has_a_page_in_each_with_the_channels_of_that_one(
    world: World,
) -> None:
    slack = world.slack
    slack.home.installed = False
    slack.add_team(OTHER, "Other", installed=False)
    async with serving(world, mode="http", client_id=slack.client_id):
        await install(world, "T0LOOPBACK")
        await install(world, OTHER)
        await slack.slash("/subscribe", "digest weekdays 09:00", ALICE, TRADING)
        await slack.wait_messages(TRADING)
        with slack.people_of(OTHER):
            await slack.slash("/subscribe", "leaderboard daily 10:00", ALICE, ELSEWHERE)
            await slack.wait_messages(ELSEWHERE)
            await slack.open_home(ALICE)
            page = await slack.until(lambda: slack.page_of(ALICE))
            assert ELSEWHERE in str(page.blocks)
            assert TRADING not in str(page.blocks)
            await slack.click(page, "conclave-form.open.settings.top", ALICE)
            (view,) = await slack.until(lambda: slack.views(ALICE))
            assert ELSEWHERE in str(view.blocks)
        await slack.open_home(ALICE)
        await slack.until(lambda: TRADING in str(slack.page_of(ALICE).blocks))
        assert ELSEWHERE not in str(slack.page_of(ALICE).blocks)
