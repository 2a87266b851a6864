"""From a verdict to what its members read and back, on Telegram and Slack over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.app.app import App
from tests import arena
from tests.loopback.slack_rules import strings
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message, View
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown, User
from tests.platforms import platforms
from tests.service import actions, served

ALICE, MALLORY = User(1001, "Alice"), User(6666, "Mallory")
SLACK_ALICE, CHANNEL = "U0ALICE", "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(120)


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    sha256: str


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        app = await arena.opened(
            models.base_url,
            tmp_path,
            **reached.sections,
            access={"admins": [f"telegram:{ALICE.id}", f"slack:{SLACK_ALICE}"]},
        )
        record = await arena.finished(app, arena.request("GOOG", preset="quick"))
        async with served(app):
            yield World(telegram, slack, app, record.evidence_sha256)


async def said(world: World, *words: str) -> Shown:
    """The newest message to Alice, once it says these words."""
    mine = world.telegram.private(ALICE)

    def found() -> Shown | None:
        newest = world.telegram.messages(mine)[-1:]
        return next((one for one in newest if all(word in one.text for word in words)), None)

    message = await world.telegram.until(found, repr(words), PATIENCE_S)
    assert isinstance(message, Shown)
    return message


async def window(world: World, words: str) -> View:
    """The window on top, once it says these words."""

    def found() -> View | None:
        on_top = world.slack.views(SLACK_ALICE)[-1:]
        return next((v for v in on_top if words in "\n".join(text for _, text in strings(v.view))), None)

    view = await world.slack.until(found, PATIENCE_S)
    assert isinstance(view, View)
    return view


def action(view: View, label: str) -> str:
    """The action id of the button or menu with this label."""
    elements: list[dict[str, Any]] = [
        element for block in view.blocks if block["type"] == "actions" for element in block["elements"]
    ]
    return next(one["action_id"] for one in elements if label in str(one.get("options") or one.get("text")))


async def test_in_telegram_a_button_opens_it_and_others_turn_its_pages_in_place(world: World) -> None:
    mine = world.telegram.private(ALICE)
    world.telegram.say(mine, ALICE, "/why GOOG")
    verdict = await said(world, "Confidence")
    world.telegram.press(verdict, verdict.button("Evidence"), ALICE)
    evidence = await said(world, "Evidence on GOOG", world.sha256)
    assert evidence.id != verdict.id
    assert "sessions from sample" in evidence.text
    world.telegram.press(evidence, evidence.button("Prices"), ALICE)
    await world.telegram.until(lambda: "SMA 20" in evidence.text, "the prices", PATIENCE_S)
    world.telegram.press(evidence, evidence.button("News (0)"), ALICE)
    await world.telegram.until(lambda: "No news was given" in evidence.text, "no news", PATIENCE_S)
    world.telegram.say(mine, ALICE, "/why GOOG evidence")
    again = await said(world, "Evidence on GOOG", world.sha256)
    assert again.id != evidence.id
    assert evidence.silent_preview
    assert again.silent_preview


async def test_in_telegram_a_stranger_gets_none_of_it(world: World) -> None:
    hers = world.telegram.private(MALLORY)
    world.telegram.say(hers, MALLORY, "/why GOOG evidence")
    await world.telegram.until(lambda: world.telegram.messages(hers), "an answer", PATIENCE_S)
    assert not any("Evidence on" in one.text for one in world.telegram.messages(hers))


async def test_in_slack_it_is_a_window_from_which_the_verdict_opens_and_back(world: World) -> None:
    await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)

    def ended() -> Message | None:
        return next((m for m in world.slack.messages(CHANNEL) if "conclave.why.0" in actions(m)), None)

    verdict = await world.slack.until(ended, PATIENCE_S)
    assert isinstance(verdict, Message)
    buttons = [
        element for block in verdict.blocks if block["type"] == "actions" for element in block["elements"]
    ]
    (opens,) = [one["action_id"] for one in buttons if one["text"]["text"] == "Evidence"]
    await world.slack.click(verdict, opens, SLACK_ALICE)
    overview = await window(world, "sessions from sample")
    await world.slack.click(overview, action(overview, "Prices"), SLACK_ALICE, option="Prices")
    prices = await window(world, "The last 5 of")
    await world.slack.click(prices, action(prices, "Verdict"), SLACK_ALICE)
    explained = await window(world, "saw the same evidence")
    await world.slack.click(explained, action(explained, "Evidence"), SLACK_ALICE)
    await window(world, "sessions from sample")
    assert len(world.slack.views(SLACK_ALICE)) == 1
