"""`conclave serve` whole: Telegram, Slack, five models and a database, each over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from tests import arena
from tests.loopback.model_replies import filled, hangs, server_error
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.platforms import platforms
from tests.service import actions, served

ALICE = User(1001, "Alice")
MALLORY = User(6666, "Mallory")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer
    folder: Path


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        yield World(models, telegram, slack, tmp_path)


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[App]:
    app = await arena.opened(
        world.models.base_url,
        world.folder,
        telegram={"base_url": world.telegram.base_url},
        slack={"base_url": world.slack.base_url},
        access={
            "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
            "chats": [
                {"id": f"telegram:{GROUP}", "role": "viewer"},
                {"id": f"slack:{CHANNEL}", "role": "viewer"},
            ],
        },
    )
    async with served(app):
        yield app


async def telegram_verdict(world: World, chat: Chat) -> Shown:
    """Wait for the message that ends as a verdict card with its buttons."""

    def found() -> bool:
        return any("claude" in m.labels for m in world.telegram.messages(chat))

    await world.telegram.until(found, "the verdict card")
    return next(m for m in world.telegram.messages(chat) if "claude" in m.labels)


async def slack_verdict(world: World, channel: str) -> Message:
    def found() -> Message | None:
        cards = world.slack.messages(channel)
        return next((m for m in cards if "conclave.why.0" in actions(m)), None)

    message = await world.slack.until(found)
    assert isinstance(message, Message)
    return message


async def test_the_same_question_ends_as_the_same_verdict_on_both_platforms(world: World) -> None:
    async with serving(world) as app:
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run GOOG")
        on_telegram = await telegram_verdict(world, private)
        first = await app.record("GOOG")
        await world.slack.mention("{bot} run GOOG", "U0ALICE", CHANNEL)
        on_slack = await slack_verdict(world, CHANNEL)
        second = await app.record("GOOG")
        assert first.verdict == second.verdict
        text = shown(on_slack.blocks)
        for fact in ("BUY", "60 %", "deepseek", "outlier", "Paper trading", "Sample prices"):
            assert fact in on_telegram.text, fact
            assert fact in text, fact
        assert on_telegram.edits >= 1
        assert len(on_slack.revisions) >= 1
        # One message each: it began as progress and ended as the verdict.
        assert len(world.telegram.messages(private)) == 1
        assert len(world.slack.messages(CHANNEL)) == 1


async def test_every_reasoning_is_reachable_by_button_on_telegram(world: World) -> None:
    async with serving(world):
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run GOOG")
        card = await telegram_verdict(world, private)
        for name in arena.FIVE:
            before = len(world.telegram.messages(private))
            world.telegram.press(card, card.button(name), ALICE)
            await world.telegram.until(
                lambda n=before: len(world.telegram.messages(private)) > n, f"the reasoning of {name}"
            )
            page = world.telegram.messages(private)[-1]
            assert f"{name} on GOOG" in page.text
            assert f"{name} has looked at the figures." in page.text
        seen = set()
        for label in page.labels[:]:
            if label.startswith(("◀", "Next")) or label == "Decision":
                continue
            edits = page.edits
            world.telegram.press(page, page.button(label), ALICE)
            await world.telegram.until(lambda n=edits: page.edits > n, f"the stage {label}")
            seen.add(next(line for line in page.text.splitlines() if " · stage " in line))
        assert len(seen) >= 10


async def test_every_reasoning_is_reachable_by_button_on_slack(world: World) -> None:
    async with serving(world):
        await world.slack.slash("/run", "GOOG", "U0ALICE", CHANNEL)
        card = await slack_verdict(world, CHANNEL)
        for place, name in enumerate(arena.FIVE):
            await world.slack.click(card, f"conclave.why.{place}", "U0ALICE")
            view = await world.slack.until(
                lambda n=name: next(
                    (v for v in world.slack.views("U0ALICE") if v.view["title"]["text"] == f"{n} on GOOG"),
                    None,
                ),
                10,
            )
            assert f"{name} has looked at the figures." in shown(view.blocks)
            await world.slack.click(view, "conclave.stage", "U0ALICE", option="Bear")
            await world.slack.until(
                lambda: any("Bear" in shown(v.blocks) for v in world.slack.views("U0ALICE")), 10
            )
            world.slack.close_views("U0ALICE")


async def test_updates_that_come_twice_run_once(world: World) -> None:
    async with serving(world):
        private = world.telegram.private(ALICE)
        update = world.telegram.say(private, ALICE, "/run GOOG quick")
        await telegram_verdict(world, private)
        world.telegram.redeliver(update)
        envelope = await world.slack.mention("{bot} run IBM quick", "U0ALICE", CHANNEL)
        await slack_verdict(world, CHANNEL)
        await world.slack.redeliver(envelope)
        asked = len(world.models.requests)
        world.telegram.say(private, ALICE, "/whoami")
        await world.telegram.until(
            lambda: any("admin" in m.text for m in world.telegram.messages(private)), "an answer"
        )
        assert asked == len(world.models.requests) == 10
        assert len(world.slack.messages(CHANNEL)) == 1


async def test_a_stranger_hears_its_ids_once_and_nothing_else(world: World) -> None:
    async with serving(world):
        private = world.telegram.private(MALLORY)
        world.telegram.say(private, MALLORY, "/run GOOG")
        await world.telegram.until(lambda: world.telegram.messages(private), "the one reply")
        (reply,) = world.telegram.messages(private)
        assert f"telegram:{MALLORY.id}" in reply.text
        world.telegram.say(private, MALLORY, "/leaderboard")
        mine = world.telegram.private(ALICE)
        world.telegram.say(mine, ALICE, "/help")
        await world.telegram.until(lambda: world.telegram.messages(mine), "help for Alice")
        assert len(world.telegram.messages(private)) == 1
        assert world.models.requests == []


async def test_a_viewer_may_look_and_not_run(world: World) -> None:
    async with serving(world):
        group = world.telegram.group(GROUP)
        world.telegram.say(group, MALLORY, "/run GOOG")
        await world.telegram.until(
            lambda: any("runner" in m.text for m in world.telegram.messages(group)), "the refusal"
        )
        world.telegram.say(group, MALLORY, "/leaderboard")
        await world.telegram.until(
            lambda: any("Leaderboard" in m.text for m in world.telegram.messages(group)), "the leaderboard"
        )
        assert world.models.requests == []


async def test_a_platform_that_is_down_stops_neither_the_other_nor_the_arena(world: World) -> None:
    async with serving(world) as app:
        await world.telegram.stop()
        await world.slack.slash("/run", "GOOG quick", "U0ALICE", CHANNEL)
        await slack_verdict(world, CHANNEL)
        assert (await app.record("GOOG")).verdict is not None
        await world.telegram.start()
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/whoami")
        await world.telegram.until(
            lambda: any("admin" in m.text for m in world.telegram.messages(private)), "Telegram again"
        )


async def test_what_a_restart_interrupted_ends_in_the_same_message(world: World) -> None:
    for name in arena.FIVE:
        model = f"{name}/{name}-1"
        world.models.say_next(model, *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    private = world.telegram.private(ALICE)
    async with serving(world):
        world.telegram.say(private, ALICE, "/run GOOG")
        await asyncio.wait_for(world.models.until_asked(30), PATIENCE_S)
        await world.telegram.until(
            lambda: any("claude" in m.text for m in world.telegram.messages(private)), "progress"
        )
    async with serving(world):
        card = await telegram_verdict(world, private)
    assert "BUY" in card.text
    assert len(world.telegram.messages(private)) == 1
    # Four stages a model were paid for before the restart, and not again.
    assert len(world.models.requests) == 60 + 10


async def test_a_failing_model_is_shown_as_an_abstention_with_its_reason(world: World) -> None:
    world.models.always("qwen/qwen-1", server_error(500))
    async with serving(world):
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run GOOG quick")
        card = await telegram_verdict(world, private)
        assert "abstained" in card.text
        world.telegram.press(card, card.button("qwen"), ALICE)
        await world.telegram.until(
            lambda: any("finished no stage" in a.text for a in world.telegram.answers), "the notice"
        )


async def test_a_ticker_without_prices_is_one_clear_sentence(world: World) -> None:
    async with serving(world):
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run NVDA")
        await world.telegram.until(
            lambda: any(
                "Prices for NVDA could not be had" in m.text for m in world.telegram.messages(private)
            ),
            "the sentence",
        )
        assert world.models.requests == []


async def test_hostile_words_of_a_model_reach_people_as_plain_text(world: World) -> None:
    evil = "<b>x</b> @everyone <!channel> <@U0ALICE> [a](tg://user?id=1) *_`~ /run NVDA https://evil.example"
    world.models.opine("claude/claude-1", arena.opinion("claude", reasoning=evil))
    async with serving(world):
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run GOOG quick")
        card = await telegram_verdict(world, private)
        world.telegram.press(card, card.button("claude"), ALICE)
        await world.telegram.until(
            lambda: any("evil" in m.text for m in world.telegram.messages(private)), "the reasoning"
        )
        page = world.telegram.messages(private)[-1]
        assert "<b>x</b>" in "".join(sign for sign in page.text if sign.isprintable() or sign == "\n")
        assert page.of("mention", "text_mention", "url", "text_link", "bot_command") == []
        await world.slack.slash("/run", "IBM quick", "U0ALICE", CHANNEL)
        verdict = await slack_verdict(world, CHANNEL)
        await world.slack.click(verdict, "conclave.why.0", "U0ALICE")
        view = await world.slack.until(
            lambda: next((v for v in world.slack.views("U0ALICE") if "evil" in shown(v.blocks)), None), 10
        )
        assert "<!channel>" not in shown(view.blocks).replace("&lt;", "")


async def test_those_who_wait_for_a_run_keep_nobody_from_asking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram_intake.MAX_REQUESTS", 1)
    monkeypatch.setattr("bot.slack_updates.MAX_TASKS", 1)
    for name in arena.FIVE:
        world.models.always(f"{name}/{name}-1", hangs())
    private = world.telegram.private(ALICE)

    def tells(words: str) -> bool:
        return any(words in message.text for message in world.telegram.messages(private))

    async with serving(world):
        world.telegram.say(private, ALICE, "/run GOOG")
        await world.telegram.until(partial(tells, "Asking 5 members"), "a run in flight")
        world.telegram.say(private, ALICE, "/whoami")
        await world.telegram.until(partial(tells, "admin"), "an answer")

        await world.slack.slash("/conclave", "run IBM", "U0ALICE", CHANNEL)
        await world.slack.until(
            lambda: any("Asking 5 members" in shown(m.blocks) for m in world.slack.messages(CHANNEL)), 15
        )
        await world.slack.slash("/conclave", "whoami", "U0ALICE", CHANNEL)
        await world.slack.until(
            lambda: any("admin" in shown(m.blocks) for m in world.slack.ephemerals("U0ALICE")), 15
        )
