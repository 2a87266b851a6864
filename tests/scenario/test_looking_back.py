"""Looking back in Telegram and in Slack over real sockets, and chats that read and watch in their own way."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.domain.stage import Preset
from tests import arena
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID, Chat, Shown, User
from tests.platforms import platforms
from tests.service import served

ALICE, BOB, MALLORY = User(1001, "Alice"), User(1002, "Bob"), User(6666, "Mallory")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(120)


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    group: Chat
    runs: tuple[str, ...]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        app = await arena.opened(
            models.base_url,
            tmp_path,
            **reached.sections,
            access={
                "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
                "people": [{"id": f"telegram:{BOB.id}", "role": "viewer"}],
                "chats": [{"id": f"slack:{CHANNEL}", "role": "viewer"}],
            },
        )
        async with served(app):
            asked = [("AAPL", Preset.STANDARD), *[("MSFT", Preset.QUICK)] * 9]
            wanted = [arena.request(ticker, preset=preset) for ticker, preset in asked]
            runs = tuple([(await arena.finished(app, one)).run_id for one in wanted])
            yield World(telegram, slack, app, telegram.group(GROUP), runs)


async def said(world: World, words: str) -> Shown:
    """The message in the group that has these words, once it is there."""

    def found() -> Shown | None:
        return next((m for m in reversed(world.telegram.messages(world.group)) if words in m.text), None)

    await world.telegram.until(found, repr(words), PATIENCE_S)
    message = found()
    assert message is not None
    return message


async def pressed(world: World, card: Shown, label: str, words: str, user: User = BOB) -> None:
    """Press a button, and wait until its message says something else."""
    world.telegram.press(card, card.button(label), user)
    await world.telegram.until(lambda: words in card.text, repr(words), PATIENCE_S)


async def on_slack(world: World, words: str) -> Message:
    def found() -> Message | None:
        return next((m for m in world.slack.messages(CHANNEL) if words in shown(m.blocks)), None)

    message = await world.slack.until(found, PATIENCE_S)
    assert isinstance(message, Message)
    return message


def action(message: Message, label: str) -> str:
    """The id of the first button whose label has these words."""
    for block in message.blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            if label in element["text"]["text"]:
                return str(element["action_id"])
    raise AssertionError(f"no button {label!r}")


async def clicked(world: World, card: Message, label: str, words: str) -> None:
    """Press a button, and wait until its message says something else."""
    await world.slack.click(card, action(card, label), "U0BOB")
    await world.slack.until(lambda: words in shown(card.blocks), PATIENCE_S)


async def test_history_is_paged_in_one_message_and_opens_each_verdict(world: World) -> None:
    world.telegram.say(world.group, BOB, "/history")
    card = await said(world, "History of all tickers")
    assert "10 runs, newest first · page 1 of 2" in card.text
    assert "not settled yet" in card.text
    before = len(world.telegram.messages(world.group))
    await pressed(world, card, "Older", "page 2 of 2")
    assert "AAPL" in card.text
    await pressed(world, card, "Newer", "page 1 of 2")
    assert len(world.telegram.messages(world.group)) == before
    world.telegram.press(card, card.button("MSFT"), BOB)
    await said(world, "claude Buy · 80 %")
    world.telegram.say(world.group, BOB, "/history AAPL")
    assert "1 run, newest first" in (await said(world, "History of AAPL")).text

    await world.slack.slash("/history", "", "U0BOB", CHANNEL)
    listed = await on_slack(world, "History of all tickers")
    posted = len(world.slack.messages(CHANNEL))
    await clicked(world, listed, "Older", "page 2 of 2")
    assert len(world.slack.messages(CHANNEL)) == posted


async def test_two_models_of_one_run_stand_beside_each_other_stage_by_stage(world: World) -> None:
    world.telegram.say(world.group, BOB, "/compare claude qwen AAPL")
    card = await said(world, "claude and qwen on AAPL")
    assert "claude says BUY, qwen SELL." in card.text
    assert "qwen stood against it" in card.text
    await pressed(world, card, "Market", "page 2 of 13")
    await pressed(world, card, "News", "page 3 of 13")
    await pressed(world, card, "Market", "page 2 of 13")
    world.telegram.press(card, card.button("Open qwen"), BOB)
    await said(world, "stage 1 of 12")

    await world.slack.slash("/compare", f"claude qwen {world.runs[0]}", "U0BOB", CHANNEL)
    listed = await on_slack(world, "claude and qwen on AAPL")
    columns = [block for block in listed.blocks if block["type"] == "section" and "fields" in block]
    assert [cell["text"] for cell in columns[0]["fields"][:4]] == [
        "claude", "qwen", "Ballot: BUY", "Ballot: SELL",
    ]  # fmt: skip
    await clicked(world, listed, "Market", "page 2 of 13")


async def test_a_whole_run_comes_as_two_files_on_both_platforms(world: World) -> None:
    run_id = world.runs[0]
    world.telegram.say(world.group, BOB, "/export run AAPL")
    await said(world, f"Run {run_id} on AAPL, whole, for programs.")
    files = dict(m.file for m in world.telegram.messages(world.group) if m.file)
    assert sorted(files) == [f"conclave-AAPL-{run_id}.json", f"conclave-AAPL-{run_id}.md"]
    document = json.loads(files[f"conclave-AAPL-{run_id}.json"])
    assert [one["member"] for one in document["members"]][:5] == list(arena.FIVE)
    assert all(len(one["stages"]) == 12 for one in document["members"][:5])
    markdown = files[f"conclave-AAPL-{run_id}.md"].decode()
    assert markdown.count("\n### `qwen`: ") == 12
    assert document["run"]["evidence_sha256"] in markdown

    world.telegram.say(world.group, BOB, "/export")
    card = await said(world, "A whole run as files")
    world.telegram.press(card, card.button("MSFT"), BOB)
    await said(world, "on MSFT, whole, for programs.")

    await world.slack.slash("/export", f"run {run_id} claude", "U0BOB", CHANNEL)
    await world.slack.until(
        lambda: len(world.slack.uploads) == 2 and all(world.slack.uploads.values()), PATIENCE_S
    )


async def test_a_stranger_who_presses_gets_nothing(world: World) -> None:
    world.telegram.say(world.group, BOB, "/history")
    card = await said(world, "History of all tickers")
    for data in (f"e.{world.runs[0]}", f"k.{world.runs[0]}.1.2.1", "o.1", "h.2"):
        message = world.telegram.message_json(card, User(BOT_ID, "Conclave", is_bot=True))
        query = {"from": MALLORY.json(), "chat_instance": "1", "data": data, "message": message}
        world.telegram.put("callback_query", query)
    world.telegram.say(world.group, BOB, "/whoami")
    await said(world, "viewer")
    assert not [m for m in world.telegram.messages(world.group) if m.file]
    assert "page 1 of 2" in card.text


async def test_a_chat_reads_its_own_language_and_watches_its_own_list(world: World) -> None:
    world.telegram.say(world.group, ALICE, "/settings language de")
    await said(world, "German: 31.12.2025 16:05")
    world.telegram.say(world.group, BOB, "/portfolio claude")
    assert "Started with" in (await said(world, "10.000,00 $")).text
    world.telegram.say(world.group, ALICE, "/watch add AAPL MSFT")
    card = await said(world, "Watchlist: 2 tickers")
    await pressed(world, card, "AAPL", "Removed AAPL.", ALICE)
    assert (await world.app.watchlists.of(f"telegram:{GROUP}")).tickers == ("MSFT",)

    await world.slack.slash("/portfolio", "claude", "U0BOB", CHANNEL)
    await on_slack(world, "$10,000.00")
    await world.slack.slash("/settings", "noise digest off", "U0ALICE", CHANNEL)
    await on_slack(world, "off: digest")
    await world.slack.slash("/watch", "add NVDA", "U0ALICE", CHANNEL)
    listed = await on_slack(world, "Watchlist: 1 ticker")
    assert "Added NVDA." in shown(listed.blocks)
