"""Where other apps are known to have failed in Slack, and that this one does not: the second half.

See `test_where_other_bots_failed`: each test names its theme, a row of the list of complaints that people
have filed about other bots, and the whole service runs against strict loopback servers.
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.slack_manifest_shape import LEAVING_EVENTS
from bot.slack_service import socket_service
from bot.slack_updates import LEAVING
from tests import arena
from tests.lessons_scene import (
    ALICE,
    CHANNEL,
    SLACK_ALICE,
    World,
    both_doors,
    committee,
    data_of,
    due_now,
    whys,
)
from tests.loopback.model_replies import filled, held, refused
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import Fault
from tests.loopback.slack_state import Message
from tests.manifest_yaml import read_back

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "deploy" / "slack-manifest.yaml"
EVIL = "<&>"
pytestmark = pytest.mark.timeout(90)
pytest_plugins = ["tests.storage"]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with both_doors(tmp_path, monkeypatch) as world:
        yield world


def updates(world: World) -> list[dict[str, Any]]:
    return [given for method, given in world.slack.calls if method == "chat.update"]


# Progress and streaming.


async def test_the_progress_of_many_runs_keeps_below_slacks_rates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theme: each step of each run is an edit, Slack answers 429, and progress stops or comes in jumps."""
    async with both_doors(tmp_path, monkeypatch, limits=True) as world:
        world.models.latency_s = 0.8
        channels = [f"C0ROOM{number}" for number in range(12)]
        tickers = ("GOOG", "AAPL", "MSFT", "IBM") * 3
        async with world.serving():
            began = time.monotonic()
            for channel, ticker in zip(channels, tickers, strict=True):
                await world.slack.slash("/run", ticker, SLACK_ALICE, channel)
            for channel in channels:
                await world.slack_verdict(channel, 30)
            lasted = time.monotonic() - began
        edits = Counter(given["ts"] for given in updates(world))
        # One message in each channel, edited at most once a second; without the budget that the messages
        # share it would be more than 50 edits together, and the server would have refused some.
        assert [len(world.slack.messages(channel)) for channel in channels] == [1] * len(channels)
        assert len(edits) == len(channels)
        assert all(count <= lasted + 1 for count in edits.values()), edits
        # Who asks for a run that goes on follows it, and nothing is paid twice.
        assert world.asked == 4 * 60


# Blocks over the limit, and a paid retry loop.


async def test_a_card_that_slack_refuses_comes_in_words_and_no_model_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theme: the answer is too large for Slack, counts as failed, and the models are asked and paid again."""
    monkeypatch.setattr("tests.loopback.slack_rules.MAX_BLOCKS_TOTAL", 1_500)
    monkeypatch.setattr("bot.serve.FINISH_MESSAGES_EVERY_S", 0.2)
    async with world.serving() as app:
        await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)
        message = await world.slack_said(CHANNEL, "here it is in words")
        assert "GOOG: BUY. Agreement 60 %" in message.text
        assert (message.blocks, len(world.slack.messages(CHANNEL))) == ([], 1)
        await asyncio.sleep(1)
        before = len(world.slack.calls)
        await asyncio.sleep(1)
        assert await app.open_cards("slack") == ()
        assert len(world.slack.calls) == before
        # Pictures come with words that are short enough, too.
        await world.slack.slash("/leaderboard", "", SLACK_ALICE, CHANNEL)
        assert "Leaderboard" in (await world.slack_said(CHANNEL, "Leaderboard")).text
    assert world.asked == len(arena.FIVE)


async def test_a_chat_that_takes_nothing_does_not_make_a_run_happen_twice(world: World) -> None:
    """Theme: the same, where the platform fails at every post of the answer."""
    gate = asyncio.Event()
    world.models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    async with world.serving() as app:
        await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)
        await world.slack_said(CHANNEL, "claude")
        world.slack.fail_next("chat.update", Fault("internal_error", times=2))
        gate.set()
        await world.slack_verdict(CHANNEL)
        refused_edits = len(updates(world)) - len(world.slack.messages(CHANNEL)[0].revisions)
        assert refused_edits == 2
        assert (await app.record("GOOG")).verdict is not None
    assert world.asked == len(arena.FIVE)


# The final answer gets lost, and the spinner turns for ever.


async def test_a_final_answer_full_of_signs_that_slack_escapes_fits_into_an_update(world: World) -> None:
    """Theme: `chat.update` takes 4,000 bytes of escaped text, and a longer one never replaces the spinner."""
    essay = (EVIL * 3_667)[:11_000]
    world.models.opine("qwen/qwen-1", arena.opinion("qwen", reasoning=essay))
    for name in ("gemini", "deepseek"):
        world.models.always(f"{name}/{name}-1", refused(400, essay))
    async with world.serving():
        await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)
        message = await world.slack_verdict(CHANNEL)
        assert len(message.revisions) >= 1
        told = shown(message.blocks)
        assert "BUY" in told
        assert told.count("abstained") == 2
        assert EVIL in told
        texts = [given["text"] for given in updates(world)]
        assert max(len(text.encode()) for text in texts) <= 4_000
        assert all("<" not in text for text in texts)
        await world.slack.click(message, whys(message)[-1], SLACK_ALICE)
        (view,) = await world.slack.until(lambda: world.slack.views(SLACK_ALICE))
        assert EVIL * 100 in shown(view.blocks)
        # The same page for everybody, as a message in the thread.
        post = next(
            element["action_id"]
            for block in view.blocks
            if block["type"] == "actions"
            for element in block["elements"]
            if "thread" in element.get("text", {}).get("text", "").lower()
        )
        await world.slack.click(view, post, SLACK_ALICE)

        def in_thread() -> Message | None:
            messages = world.slack.messages(CHANNEL)
            return next((one for one in messages if one.thread_ts == message.ts), None)

        posted = await world.slack.until(in_thread)
        assert len(posted.text.encode()) <= 4_000


async def test_the_end_comes_as_a_fresh_message_where_the_spinner_is_gone(world: World) -> None:
    """Theme: the same, where somebody has deleted the message that the answer was to replace."""
    gate = asyncio.Event()
    world.models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    async with world.serving():
        await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)
        spinner = await world.slack_said(CHANNEL, "claude")
        world.slack._messages.remove(spinner)
        gate.set()
        fresh = await world.slack_verdict(CHANNEL)
        assert fresh.ts != spinner.ts
    assert len(world.slack.messages(CHANNEL)) == 1


# The limits of blocks.


async def test_a_committee_of_55_fits_on_both_platforms_with_a_button_for_each(world: World) -> None:
    """Theme: 50 blocks and about 13,000 signs for a message, and each part of an answer takes one block."""
    named = [
        (f"one-family-of-language-models-number-{number:03d}", f"m/{number:03d}") for number in range(55)
    ]
    assert {len(name) for name, _ in named} == {40}
    for number, (name, model) in enumerate(named):
        one = arena.opinion("qwen" if number % 3 == 0 else "claude", reasoning=f"{name} has looked.")
        world.models.opine(model, one)
    async with world.serving(**committee(named)):
        await world.slack.slash("/run", "GOOG quick", SLACK_ALICE, CHANNEL)
        message = await world.slack_verdict(CHANNEL)
        assert "BUY" in shown(message.blocks)
        assert len(message.blocks) <= 50
        assert len(set(whys(message))) == len(named)
        for place in (0, 26, 54):
            await world.slack.click(message, whys(message)[place], SLACK_ALICE)
            told = f"{named[place][0]} has looked."
            await world.slack.until(
                lambda told=told: any(told in shown(one.blocks) for one in world.slack.views(SLACK_ALICE)), 10
            )
            world.slack.close_views(SLACK_ALICE)
        private = world.telegram.private(ALICE)
        world.telegram.say(private, ALICE, "/run IBM quick")
        card = await world.verdict(private)
        data = [one for one in data_of(card) if one.startswith("w.")]
        assert len(set(data)) == len(named)
        world.telegram.press(card, data[-1], ALICE)
        await world.said(private, f"{named[-1][0]} has looked.")
    assert world.asked == 2 * len(named)


# Socket Mode dies silently.


async def test_dead_connections_are_noticed_replaced_and_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Theme: the socket is open, nothing comes over it any more, and the app looks healthy for days."""
    monkeypatch.setattr("bot.slack_socket.SILENT_S", 0.8)
    monkeypatch.setitem(socket_service.__kwdefaults__, "ping_s", 0.1)
    async with world.serving():
        await world.slack.wait_connected(count=2)
        dead = world.slack.sockets
        for socket in dead:
            world.slack.fall_silent(socket)
        await world.slack.until(lambda: {"hello 3", "hello 4"} <= set(world.slack.log))
        await world.slack.until(lambda: not set(dead) & set(world.slack.sockets))
        await world.slack.mention("{bot} health", SLACK_ALICE, CHANNEL)
        card = await world.slack_said(CHANNEL, "Slack connection 2")
        assert shown(card.blocks).count("connected since") == 2
    assert "nothing was heard on it for too long" in caplog.text


# Several instances.


async def started(config: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", "serve", "--config", str(config)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_two_processes_on_one_database_act_once(
    world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theme: every instance gets the event, or a retry of it, and each of them runs, posts and pays."""
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN")
    config = world.folder / "config.toml"
    members = "".join(f'[[members]]\nname = "{n}"\nroute = ["loopback:{n}/{n}-1"]\n' for n in arena.FIVE)
    config.write_text(
        f'[store]\nurl = "{url}"\n[archive]\ndir = "{world.folder}/modelchats"\n'
        f'[market]\nprices = ["sample"]\n[slack]\nbase_url = "{world.slack.base_url}"\n'
        f'[access]\nadmins = ["slack:{SLACK_ALICE}"]\n'
        f'[[providers]]\nname = "loopback"\nbase_url = "{world.models.base_url}"\nlocal = true\n{members}'
    )
    admins = [f"slack:{SLACK_ALICE}"]
    app = await arena.opened(world.models.base_url, world.folder, url=url, access={"admins": admins})
    world.slack.join("C0REPORTS")
    await due_now(app, "slack", "C0REPORTS", "digest daily 09:00")
    await app.close()
    processes = [await started(config), await started(config)]
    try:
        await world.slack.wait_connected(40, count=4)
        envelope = await world.slack.mention("{bot} run GOOG quick", SLACK_ALICE, CHANNEL)
        for socket in world.slack.sockets:
            again = await world.slack._send("events_api", envelope.payload, socket, retry_attempt=1)
            await world.slack._acked(again)
        await world.slack_verdict(CHANNEL)
        await world.slack.wait_messages("C0REPORTS", within=20)
        await asyncio.sleep(1)
        assert (len(world.slack.messages(CHANNEL)), len(world.slack.messages("C0REPORTS"))) == (1, 1)
        assert world.asked == len(arena.FIVE)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0], ends
    assert not [log for _, log in ends if b"Traceback" in log]


# Missing mentions.


async def test_slack_sends_nothing_that_is_not_used_and_no_mention_is_lost_in_talk(world: World) -> None:
    """Theme: the app subscribes to every message, reaches 30,000 events an hour, and loses mentions."""
    made = read_back(MANIFEST.read_text(encoding="utf-8"))
    events = made["settings"]["event_subscriptions"]["bot_events"]
    assert set(LEAVING_EVENTS) == LEAVING
    async with world.serving():

        async def home() -> None:
            await world.slack.open_home(SLACK_ALICE)
            await world.slack.until(lambda: world.slack.page_of(SLACK_ALICE))

        async def mention() -> None:
            await world.slack.mention("{bot} leaderboard", SLACK_ALICE, CHANNEL)
            await world.slack_said(CHANNEL, "Leaderboard")

        async def direct() -> None:
            await world.slack.dm("leaderboard", SLACK_ALICE)
            await world.slack_said(f"D{SLACK_ALICE[1:]}", "Leaderboard")

        # Each event that is subscribed to does something, and there is no other.
        used = {"app_home_opened": home, "app_mention": mention, "message.im": direct}
        assert set(events) == set(used)
        for event in events:
            await used[event]()
        # Where an operator has subscribed to all the talk of a channel, that costs nothing.
        calls, at = len(world.slack.calls), time.monotonic()
        talk = {"type": "message", "channel_type": "channel", "user": "U0BOB", "channel": CHANNEL}
        for number in range(300):
            await world.slack._event(talk | {"text": f"run GOOG {number}", "ts": world.slack.write(CHANNEL)})
        assert len(world.slack.calls) == calls
        assert max(one.ack_s or 9 for one in world.slack.envelopes) < 3
        await world.slack.mention("{bot} whoami", SLACK_ALICE, CHANNEL)
        await world.slack.until(lambda: world.slack.ephemerals(SLACK_ALICE))
        assert time.monotonic() - at < 20
    assert world.asked == 0
