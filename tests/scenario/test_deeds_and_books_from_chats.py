"""What cannot be undone, what members hold, and how loud posts come, in both chats over real sockets."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.domain.alert import Alert, AlertKind
from core.domain.subscription import Planned
from tests import arena
from tests.import_scene import HEADER, imported
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.platforms import platforms
from tests.service import served

ALICE, BOB, DORA = User(1001, "Alice"), User(1002, "Bob"), User(1004, "Dora")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    group: Chat
    folder: Path

    async def said(self, words: str) -> Shown:
        """The message in the group that has these words, once it is there."""

        def found() -> Shown | None:
            return next((m for m in reversed(self.telegram.messages(self.group)) if words in m.text), None)

        message = await self.telegram.until(found, repr(words), PATIENCE_S)
        assert isinstance(message, Shown)
        return message

    async def pressed(self, card: Shown, label: str, words: str, user: User = ALICE) -> None:
        """Press a button, and wait until its message says something else."""
        self.telegram.press(card, card.button(label), user)
        await self.telegram.until(lambda: words in card.text, repr(words), PATIENCE_S)

    async def toast(self, words: str) -> None:
        await self.telegram.until(
            lambda: any(words in given.text for given in self.telegram.answers), f"the toast {words!r}"
        )

    async def on_slack(self, words: str) -> Message:
        def found() -> Message | None:
            return next((m for m in self.slack.messages(CHANNEL) if words in shown(m.blocks)), None)

        message = await self.slack.until(found, PATIENCE_S)
        assert isinstance(message, Message)
        return message


@pytest.fixture
async def ruled_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Alice and Dora are admins of all, Bob is runner; in Slack U0ALICE and U0DORA are admins."""
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        app = await arena.opened(
            models.base_url,
            tmp_path,
            **reached.sections,
            access={
                "admins": [
                    f"telegram:{ALICE.id}",
                    f"telegram:{DORA.id}",
                    "slack:U0ALICE",
                    "slack:U0DORA",
                ],
                "people": [{"id": f"telegram:{BOB.id}", "role": "runner"}],
                "chats": [{"id": f"slack:{CHANNEL}", "role": "runner"}],
            },
        )
        async with served(app):
            yield World(telegram, slack, app, telegram.group(GROUP), tmp_path)


async def test_a_member_leaves_only_by_the_second_word_of_the_admin_who_asked(ruled_world: World) -> None:
    world = ruled_world
    world.telegram.say(world.group, BOB, "/remove qwen")
    await world.said("/remove needs the role admin; you are runner here.")
    world.telegram.say(world.group, ALICE, "/remove qwen")
    card = await world.said("Remove qwen from the committee?")
    assert [one.get("style") for row in card.buttons for one in row] == ["danger", None]
    world.telegram.press(card, card.button("Yes, remove qwen"), DORA)
    await world.toast("Only who asked can confirm this.")
    assert (await world.app.member("qwen")).removed_at is None
    await world.pressed(card, "Yes, remove qwen", "qwen is removed")
    assert (await world.app.member("qwen")).removed_at is not None
    world.telegram.say(world.group, ALICE, "/audit")
    trail = await world.said("Audit trail of this chat")
    for told in (
        f"done: telegram:{ALICE.id}: button: yes to remove",
        f"refused: telegram:{DORA.id}: button: yes to remove",
        f"refused: telegram:{BOB.id}: /\u2060remove qwen",
    ):
        assert told in trail.text


async def test_on_slack_the_button_that_cannot_be_undone_is_red_and_answers_only_who_asked(
    ruled_world: World,
) -> None:
    world, slack = ruled_world, ruled_world.slack

    async def whispered(user: str, words: str) -> None:
        await slack.until(lambda: any(words in shown(m.blocks) for m in slack.ephemerals(user)), PATIENCE_S)

    await slack.slash("/conclave", "remove qwen", "U0BOB", CHANNEL)
    await whispered("U0BOB", "needs the role admin; you are runner here.")
    await slack.slash("/conclave", "reset claude", "U0ALICE", CHANNEL)
    await whispered("U0ALICE", "sample prices and replays know no reset.")
    await slack.slash("/conclave", "remove qwen", "U0ALICE", CHANNEL)
    asked = await world.on_slack("Remove qwen from the committee?")
    yes, no = (one for block in asked.blocks if block["type"] == "actions" for one in block["elements"])
    assert (yes["style"], yes["text"]["text"]) == ("danger", "Yes, remove qwen")
    assert "style" not in no
    await slack.click(asked, yes["action_id"], "U0DORA")
    await whispered("U0DORA", "Only who asked can confirm this.")
    assert (await world.app.member("qwen")).removed_at is None
    await slack.click(asked, yes["action_id"], "U0ALICE")
    await slack.until(lambda: "qwen is removed" in shown(asked.blocks), PATIENCE_S)
    assert (await world.app.member("qwen")).removed_at is not None


async def test_a_portfolio_shows_what_waits_and_turns_through_its_trades_in_one_message(
    ruled_world: World,
) -> None:
    world = ruled_world
    log = world.folder / "log.csv"
    rows = [f"2013-03-01,{number},buy,GOOG,1," for number in range(1, 13)]
    log.write_text("\n".join([HEADER, *rows, ""]))
    await imported(world.app, log, season=None)
    at_the_end = datetime(2013, 3, 1, 22, tzinfo=UTC)  # no session of the sample is left to fill in
    await arena.finished(world.app, arena.request("GOOG", preset="quick", as_of=at_the_end))
    world.telegram.say(world.group, BOB, "/portfolio claude")
    books = await world.said("Portfolio of claude")
    assert "Waiting orders" in books.text
    world.telegram.say(world.group, BOB, "/portfolio elsewhere")
    card = await world.said("Portfolio of elsewhere")
    messages = len(world.telegram.messages(world.group))
    await world.pressed(card, "Trades (12)", "page 1 of 2", BOB)
    await world.pressed(card, "Next ▶", "page 2 of 2", BOB)
    await world.pressed(card, "Overview", "Started with", BOB)
    assert len(world.telegram.messages(world.group)) == messages


async def test_a_chat_that_asks_for_silence_gets_its_alerts_without_a_sound_or_not_at_all(
    ruled_world: World,
) -> None:
    world = ruled_world

    async def alarm(key: str, kind: AlertKind, **more: object) -> None:
        now = world.app.clock.now()
        alert = Alert.model_validate({"key": key, "kind": kind, "at": now, **more})
        await world.app._store.alerts.add([alert], lambda *_: Planned(key=key, at=now, due_at=now))

    world.telegram.say(world.group, BOB, "/subscribe alerts on")
    await world.said("Subscription 1 is made")
    world.telegram.say(world.group, BOB, "/settings")
    card = await world.said("Settings of this chat")
    await world.pressed(card, "Noise…", "Noise of which kind of post?", BOB)
    await world.pressed(card, "Model down", "Model down: on, silent or off?", BOB)
    await world.pressed(card, "Silent", "silent: model down", BOB)
    world.telegram.say(world.group, BOB, "/settings noise budget off")
    await world.said("off: budget nearly spent")
    down = {"members": ("claude",), "reason": "timeout"}
    await alarm("alert:budget:1", AlertKind.BUDGET, percent=80, limit_usd="1.00", reason="the day")
    await alarm("alert:model_down:1", AlertKind.MODEL_DOWN, **down)
    told = await world.said("timeout")
    assert told.silent
    assert not card.silent
    assert not [m for m in world.telegram.messages(world.group) if "80 %" in m.text]


async def test_a_bug_is_told_with_a_reference_that_finds_it_in_the_log_and_with_no_word_of_its_own(
    ruled_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = ruled_world

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the inner words of a bug")

    monkeypatch.setattr(world.app, "leaderboard", broken)
    world.telegram.say(world.group, BOB, "/leaderboard")
    told = [(await world.said("Ask the admin to look for")).text]
    await world.slack.slash("/leaderboard", "", "U0BOB", CHANNEL)
    await world.slack.until(lambda: world.slack.ephemerals("U0BOB"), PATIENCE_S)
    told.append(shown(world.slack.ephemerals("U0BOB")[0].blocks))
    for text in told:
        assert "inner words" not in text
        assert "Traceback" not in text
        found = re.search(r"look for ([0-9a-z]+) in the log", text)
        assert found is not None
        assert found[1] in caplog.text
    assert caplog.text.count("RuntimeError: the inner words of a bug") == len(told)
