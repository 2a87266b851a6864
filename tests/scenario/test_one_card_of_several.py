"""Several tickers in one command end as one card more, on Telegram and Slack over real sockets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from tests import arena
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.platforms import platforms
from tests.service import actions, served

ALICE = User(1001, "Alice")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(120)


class World(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer
    app: App
    group: Chat


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        app = await arena.opened(
            models.base_url,
            tmp_path,
            **reached.sections,
            access={"admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"]},
        )
        async with served(app):
            yield World(models, telegram, slack, app, telegram.group(GROUP))


async def said(world: World, words: str) -> Shown:
    """The message in the group that begins with these words, once it is there."""

    def found() -> Shown | None:
        return next((m for m in world.telegram.messages(world.group) if m.text.startswith(words)), None)

    message = await world.telegram.until(found, repr(words), PATIENCE_S)
    assert isinstance(message, Shown)
    return message


async def on_slack(world: World, words: str) -> Message:
    def found() -> Message | None:
        return next((m for m in world.slack.messages(CHANNEL) if m.text.startswith(words)), None)

    message = await world.slack.until(found, PATIENCE_S)
    assert isinstance(message, Message)
    return message


async def test_three_tickers_end_as_one_card_from_which_each_verdict_opens_in_telegram(world: World) -> None:
    world.telegram.say(world.group, ALICE, "/run GOOG AAPL IBM quick")
    card = await said(world, "Verdicts")
    before = world.telegram.messages(world.group)
    assert before[-1] is card
    assert len(before) == 4
    lines = [line for line in card.text.splitlines() if line.endswith("BUY")]
    assert [line.split()[1] for line in lines] == ["GOOG", "AAPL", "IBM"]
    assert card.text.count("60 % agree") == 3
    assert card.text.count("3 BUY, 1 HOLD, 1 SELL · against: deepseek (HOLD) and qwen (SELL)") == 3
    records = [await world.app.record(ticker) for ticker in ("GOOG", "AAPL", "IBM")]
    assert len({record.run_id for record in records}) == 3
    assert len({record.as_of for record in records}) == 1
    for record in records:
        known = len(world.telegram.messages(world.group))
        world.telegram.press(card, card.button(record.ticker), ALICE)
        await world.telegram.until(
            lambda known=known: len(world.telegram.messages(world.group)) > known, record.ticker, PATIENCE_S
        )
        opened = world.telegram.messages(world.group)[-1]
        assert record.ticker in opened.text.splitlines()[0]
        assert "claude" in opened.labels


async def test_a_run_that_was_stopped_has_its_line_among_the_verdicts(world: World) -> None:
    world.models.say_next("claude/claude-1", hangs())
    world.telegram.say(world.group, ALICE, "/run GOOG AAPL quick")

    def one_is_left() -> bool:
        ended = [m for m in world.telegram.messages(world.group) if "claude" in m.labels]
        return len(ended) == 1

    await world.telegram.until(one_is_left, "one verdict", PATIENCE_S)
    assert not any(m.text.startswith("Verdicts") for m in world.telegram.messages(world.group))
    world.telegram.say(world.group, ALICE, "/stop")
    card = await said(world, "Verdicts")
    assert "stopped" in card.text
    assert "Stopped by Alice" in card.text
    assert card.text.count("60 % agree") == 1
    assert len(card.labels) == 2


async def test_three_tickers_end_as_one_card_from_which_each_verdict_opens_in_slack(world: World) -> None:
    await world.slack.slash("/run", "GOOG AAPL IBM quick", "U0ALICE", CHANNEL)
    card = await on_slack(world, "Verdicts. GOOG BUY; AAPL BUY; IBM BUY")
    assert len(world.slack.messages(CHANNEL)) == 4
    assert shown(card.blocks).count("60 % agree") == 3
    (row,) = [block for block in card.blocks if block["type"] == "actions"]
    assert [one["text"]["text"] for one in row["elements"]] == ["GOOG", "AAPL", "IBM"]
    for place, button in enumerate(row["elements"]):
        await world.slack.click(card, button["action_id"], "U0ALICE")
        await world.slack.until(
            lambda wanted=place + 1: len(world.slack.ephemerals("U0ALICE")) == wanted, PATIENCE_S
        )
        opened = world.slack.ephemerals("U0ALICE")[-1]
        assert button["text"]["text"] in opened.text
        assert "conclave.why.0" in actions(opened)
