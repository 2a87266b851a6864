"""Strangers are let in by a button, quotas bite and the audit trail is read, over both real SDKs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.clock import SystemClock
from core.domain.people import InvitationState, Role
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID, Shown, User
from tests.service import served

ALICE, ANNE, BOB, MALLORY = (
    User(1001, "Alice"),
    User(1004, "Anne"),
    User(1002, "Bob"),
    User(6666, "Mallory <b>@all</b>"),
)
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(90)


class Shifted(SystemClock):
    """The real clock, which a test moves ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    clock: Shifted


@asynccontextmanager
async def serving(
    telegram: TelegramServer, slack: SlackServer, folder: Path, clock: Shifted
) -> AsyncIterator[App]:
    async with ModelServer() as models:
        app = await arena.opened(
            models.base_url,
            folder,
            clock=clock,
            telegram={"base_url": telegram.base_url},
            slack={"base_url": slack.base_url},
            access={
                "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
                "people": [
                    {"id": f"telegram:{ANNE.id}", "role": "admin"},
                    {"id": f"telegram:{BOB.id}", "role": "runner"},
                    {"id": "slack:U0CAROL", "role": "viewer"},
                ],
                "runs_per_person_daily": 2,
            },
        )
        async with served(app):
            yield app


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    clock = Shifted()
    async with TelegramServer() as telegram, SlackServer() as slack:
        for admin in (ALICE, ANNE):
            telegram.private(admin)
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        async with serving(telegram, slack, tmp_path, clock) as app:
            yield World(telegram, slack, app, clock)
        assert telegram.violations == []
        assert slack.violations == []


async def said_to(world: World, chat: int, words: str) -> Shown:
    """The newest message in a Telegram chat that has these words, once it is there."""
    there = next(c for c in world.telegram.chats.values() if c.id == chat)

    def found() -> Shown | None:
        return next((m for m in reversed(world.telegram.messages(there)) if words in m.text), None)

    await world.telegram.until(found, repr(words), PATIENCE_S)
    message = found()
    assert message is not None
    return message


async def on_slack(world: World, channel: str, words: str) -> Message:
    def found() -> Message | None:
        return next((m for m in world.slack.messages(channel) if words in shown(m.blocks)), None)

    message = await world.slack.until(found, PATIENCE_S)
    assert isinstance(message, Message)
    return message


def action(message: Message, label: str) -> str:
    for block in message.blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            if label in element["text"]["text"]:
                return str(element["action_id"])
    raise AssertionError(f"no button {label!r}")


async def test_a_stranger_in_telegram_is_let_in_by_a_button_and_may_run_until_the_quota_is_used_up(
    world: World,
) -> None:
    telegram = world.telegram
    private = telegram.private(MALLORY)
    telegram.say(private, MALLORY, "/run AAPL")
    await said_to(world, MALLORY.id, "I have asked its admins")
    telegram.say(private, MALLORY, "/start")  # not answered, and nobody is asked again

    card = await said_to(world, ALICE.id, "Somebody asks to be let in")
    other = await said_to(world, ANNE.id, "Somebody asks to be let in")
    assert "Mallory <b>@all</b> (telegram:6666)" in card.text.replace("\N{WORD JOINER}", "")
    assert card.of("mention", "url") == []
    assert card.labels == ["Approve as viewer", "Approve as runner", "Deny"]
    telegram.press(card, card.button("runner"), ALICE)
    for each in (card, other):
        await telegram.until(
            lambda each=each: "Approved as runner by telegram:1001" in each.text, "the decision", PATIENCE_S
        )
        assert each.labels == []
    await said_to(world, MALLORY.id, "Welcome! An admin has let you in as runner")
    assert sum("asks to be let in" in m.text for m in telegram.messages(telegram.private(ALICE))) == 0

    telegram.say(private, MALLORY, "/run AAPL quick")
    live = await said_to(world, MALLORY.id, "AAPL")
    await telegram.until(lambda: "Agreement" in live.text or "SELL" in live.text, "the verdict", PATIENCE_S)
    telegram.say(private, MALLORY, "/whoami")
    await said_to(world, MALLORY.id, "Quota: 1 of your 2 runs left today")
    telegram.say(private, MALLORY, "/run MSFT quick")
    await said_to(world, MALLORY.id, "MSFT")
    telegram.say(private, MALLORY, "/run IBM quick")
    refused = await said_to(world, MALLORY.id, "Not started: your 2 runs of today are used up.")
    assert "The count begins anew at 00:00 (New York)." in refused.text
    group = telegram.group(GROUP)
    telegram.say(group, MALLORY, "/run AAPL")
    await said_to(world, GROUP, "This committee is private.")

    telegram.say(telegram.private(ALICE), ALICE, "/audit")
    trail = await said_to(world, ALICE.id, "Audit trail of all chats")
    for words in (
        "telegram:6666 in telegram:6666: stranger: /run",
        "telegram:1001 in telegram:6666: approve telegram:6666 as runner",
        "telegram:6666 in telegram:6666: /run IBM · Not started: your 2 runs of today are used up.",
    ):
        assert words in trail.text.replace("\N{WORD JOINER}", "")


async def test_who_is_denied_is_told_once_and_then_hears_nothing_even_in_other_chats(world: World) -> None:
    telegram = world.telegram
    group = telegram.group(GROUP)
    telegram.say(group, MALLORY, "/leaderboard")
    await said_to(world, GROUP, "I have asked its admins")
    card = await said_to(world, ALICE.id, "Somebody asks to be let in")
    assert f"telegram:{GROUP}" in card.text
    telegram.press(card, card.button("Deny"), ALICE)
    await telegram.until(lambda: "Denied by telegram:1001" in card.text, "the decision", PATIENCE_S)
    await said_to(world, GROUP, "An admin has decided not to let you in.")

    before = len(telegram.messages(group))
    telegram.say(group, MALLORY, "/leaderboard")
    telegram.say(telegram.private(MALLORY), MALLORY, "/start")
    telegram.say(group, BOB, "/whoami")
    await said_to(world, GROUP, "You are Bob")
    assert len(telegram.messages(group)) == before + 1
    assert telegram.messages(telegram.private(MALLORY)) == []

    telegram.say(telegram.private(ALICE), ALICE, f"/people telegram:{MALLORY.id} viewer")
    await said_to(world, ALICE.id, "telegram:6666 is viewer everywhere now.")
    telegram.say(group, MALLORY, "/leaderboard")
    await telegram.until(lambda: len(telegram.messages(group)) == before + 2, "the ranking", PATIENCE_S)


async def test_a_request_that_nobody_decides_expires_and_may_be_made_again(world: World) -> None:
    telegram = world.telegram
    private = telegram.private(MALLORY)
    telegram.say(private, MALLORY, "/start")
    await said_to(world, MALLORY.id, "I have asked its admins")
    card = await said_to(world, ALICE.id, "Somebody asks to be let in")
    world.clock.ahead = timedelta(hours=25)
    telegram.press(card, card.button("viewer"), ALICE)
    await telegram.until(lambda: "Expired: nobody decided it" in card.text, "the end", PATIENCE_S)
    assert await world.app.people.role(f"telegram:{MALLORY.id}", f"telegram:{MALLORY.id}") is None
    telegram.say(private, MALLORY, "/start")
    await telegram.until(lambda: len(telegram.messages(private)) == 2, "the second greeting", PATIENCE_S)
    (again,) = await world.app.people.waiting()
    assert (again.number, again.state) == (2, InvitationState.ASKED)


async def test_a_stranger_in_slack_is_let_in_by_a_button_of_a_direct_message(world: World) -> None:
    slack = world.slack
    slack.join(CHANNEL)
    await slack.slash("/conclave", "run AAPL quick", "U0MALLORY", CHANNEL, "mallory")
    await slack.until(
        lambda: any("I have asked its admins" in shown(m.blocks) for m in slack.ephemerals("U0MALLORY")), 10
    )
    card = await on_slack(world, "D0ALICE", "Somebody asks to be let in")
    assert "slack:U0MALLORY" in shown(card.blocks)
    await slack.click(card, action(card, "Approve as viewer"), "U0ALICE")
    await slack.until(lambda: "Approved as viewer by slack:U0ALICE" in shown(card.blocks), PATIENCE_S)
    await slack.until(
        lambda: any("let you in as viewer" in shown(m.blocks) for m in slack.ephemerals("U0MALLORY")), 10
    )
    assert await world.app.people.role("slack:U0MALLORY", f"slack:{CHANNEL}") is Role.VIEWER
    await slack.slash("/run", "AAPL quick", "U0MALLORY", CHANNEL)
    await slack.until(
        lambda: any("needs the role runner" in shown(m.blocks) for m in slack.ephemerals("U0MALLORY")), 10
    )
    await slack.slash("/audit", "", "U0ALICE", CHANNEL)
    trail = await on_slack(world, CHANNEL, "Audit trail of this chat")
    assert "slack:U0MALLORY: /run AAPL quick" in shown(trail.blocks)
    assert "approve slack:U0MALLORY as viewer" in shown(trail.blocks)
    await slack.slash("/people", "<@U0DAVE|dave> runner here", "U0ALICE", CHANNEL)
    await slack.until(
        lambda: any("slack:U0DAVE is runner" in shown(m.blocks) for m in slack.messages(CHANNEL))
    )
    assert await world.app.people.role("slack:U0DAVE", f"slack:{CHANNEL}") is Role.RUNNER
    assert any("/people @bob runner here" in shown(m.blocks) for m in slack.messages(CHANNEL))
    await slack.mention("{bot} people <@U0MALLORY> runner here", "U0ALICE", CHANNEL)
    await on_slack(world, CHANNEL, f"slack:U0MALLORY is runner in slack:{CHANNEL} now.")
    await slack.slash("/people", "", "U0CAROL", CHANNEL)
    await slack.until(
        lambda: any("/people needs the role admin" in shown(m.blocks) for m in slack.ephemerals("U0CAROL")),
        10,
    )


async def test_a_button_that_a_stranger_or_a_runner_forges_decides_nothing(world: World) -> None:
    telegram = world.telegram
    group = telegram.group(GROUP)
    telegram.say(group, MALLORY, "/start")
    await said_to(world, GROUP, "I have asked its admins")
    (asked,) = await world.app.people.waiting()
    telegram.say(group, BOB, "/whoami")
    card = await said_to(world, GROUP, "You are Bob")
    for user, data in ((MALLORY, f"g.{asked.number}.r"), (BOB, f"g.{asked.number}.r"), (BOB, "au.a.50.1")):
        message = telegram.message_json(card, User(BOT_ID, "Conclave", is_bot=True))
        query = {"from": user.json(), "chat_instance": "1", "data": data, "message": message}
        telegram.put("callback_query", query)
    await telegram.until(
        lambda: sum("needs the role admin" in a.text for a in telegram.answers) == 2, "two toasts", PATIENCE_S
    )
    assert (await world.app.people.invitation(asked.number)).state is InvitationState.ASKED
    assert card.edits == 0
