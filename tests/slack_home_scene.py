"""A Slack with `conclave serve` whole behind a real socket, and what people do there with pages and forms."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from bot.signs import ACTION_SIGNS
from core.app.app import App
from core.domain.ballot import Action
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_rules import interactive
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message, View
from tests.service import actions, served

ALICE, BOB, CAROL, MALLORY = "U0ALICE", "U0BOB", "U0CAROL", "U0MALLORY"
TRADING, READERS = "C0TRADING", "C0READERS"
BOUGHT = f"{ACTION_SIGNS[Action.BUY]} GOOG · BUY"
ASK, EXPLAIN = "conclave-form.ask", "conclave-form.explain"


class World(NamedTuple):
    models: ModelServer
    slack: SlackServer
    folder: Path


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[App]:
    app = await arena.opened(
        world.models.base_url,
        world.folder,
        arena={"watchlist": ["GOOG", "IBM"]},
        slack={"base_url": world.slack.base_url},
        access={
            "admins": [f"slack:{ALICE}"],
            "chats": [
                {"id": f"slack:{TRADING}", "role": "runner"},
                {"id": f"slack:{READERS}", "role": "viewer"},
            ],
            "people": [{"id": f"slack:{CAROL}", "role": "viewer"}],
        },
    )
    async with served(app):
        yield app


async def verdict_in(slack: SlackServer, channel: str) -> Message:
    def found() -> Message | None:
        return next((m for m in slack.messages(channel) if "conclave.why.0" in actions(m)), None)

    message = await slack.until(found)
    assert isinstance(message, Message)
    return message


async def home_of(slack: SlackServer, user: str, text: str = "") -> View:
    """The person's page once it says `text`."""
    page = await slack.until(lambda: (seen := slack.page_of(user)) and text in shown(seen.blocks) and seen)
    assert isinstance(page, View)
    return page


async def window(slack: SlackServer, user: str, title: str) -> View:
    """The modal on top once it has this title and what was asked for is in it."""

    def found() -> View | None:
        views = (v for v in slack.views(user)[-1:] if v.view["title"]["text"] == title)
        return next((v for v in views if "Loading…" not in shown(v.blocks)), None)

    view = await slack.until(found)
    assert isinstance(view, View)
    return view


async def refusals(app: App, user: str) -> list[str]:
    """What was refused to a person, newest first."""
    deeds = await app.people.deeds.last(50)
    return [one.what for one in deeds if one.person == f"slack:{user}" and one.outcome == "refused"]


def fields(view: View) -> dict[str, str]:
    """The fields of a form by name, with the ids of their blocks."""
    return {b["block_id"].partition(".")[0]: b["block_id"] for b in view.blocks if b["type"] == "input"}


def ids(view: View) -> list[str]:
    return [element["action_id"] for _, element in interactive(view.blocks)]


async def form_of(slack: SlackServer, user: str, form: str, title: str) -> View:
    """The window that a person opens from their page, which knows the channel once they asked there."""
    await slack.slash("/leaderboard", "", user, TRADING)
    await slack.wait_messages(TRADING)
    await slack.open_home(user)
    page = await home_of(slack, user, "Leaderboard")
    await slack.click(page, f"conclave-form.open.{form}.top", user)
    return await window(slack, user, title)
