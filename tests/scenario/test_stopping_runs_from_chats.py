"""People stop runs from Telegram and Slack: whose button counts, and what everybody who follows then sees."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.app.app import App
from core.domain.run import RunState
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

ALICE, BOB, CAROL = User(1001, "Alice"), User(1002, "Bob"), User(1003, "Carol")
DAVE = User(1004, "Dave")
GROUP, OTHER, CHANNEL = -1001234567890, -1009876543210, "C0TRADING"
pytestmark = pytest.mark.timeout(90)


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
            access={
                "admins": [f"telegram:{ALICE.id}"],
                "people": [
                    {"id": f"telegram:{BOB.id}", "role": "runner"},
                    {"id": f"telegram:{CAROL.id}", "role": "runner"},
                    {"id": f"telegram:{DAVE.id}", "role": "admin", "chat": f"telegram:{OTHER}"},
                ],
                "chats": [{"id": f"slack:{CHANNEL}", "role": "runner"}],
            },
        )
        async with served(app):
            yield World(models, telegram, slack, app, telegram.group(GROUP))


def hang(models: ModelServer) -> None:
    """Let claude think for ever, so that there is something to stop."""
    models.say_next("claude/claude-1", hangs(), hangs())


async def live(world: World, chat: Chat, words: str = "Stop") -> Shown:
    def found() -> Shown | None:
        return next((m for m in world.telegram.messages(chat) if words in m.labels and m.edits), None)

    card = await world.telegram.until(found, "the card with a Stop button")
    assert isinstance(card, Shown)
    return card


async def toast(world: World, words: str) -> None:
    await world.telegram.until(
        lambda: any(words in given.text for given in world.telegram.answers), f"the toast {words!r}", 10
    )


async def says(world: World, chat: Chat, words: str) -> None:
    await world.telegram.until(lambda: any(words in m.text for m in world.telegram.messages(chat)), words)


async def test_the_requester_stops_a_run_for_all_chats_that_follow_it_and_nobody_else_can(
    world: World,
) -> None:
    hang(world.models)
    world.telegram.say(world.group, BOB, "/run GOOG quick")
    card = await live(world, world.group)
    await world.slack.slash("/run", "GOOG quick", "U0DORA", CHANNEL)

    def on_slack() -> Message | None:
        return next((m for m in world.slack.messages(CHANNEL) if "conclave.stop.0" in actions(m)), None)

    message = await world.slack.until(on_slack)
    world.telegram.press(card, card.button("Stop"), CAROL)
    await toast(world, "Only who asked for this run of GOOG, or an admin, can stop it.")
    await world.slack.click(message, "conclave.stop.0", "U0DORA")
    await world.slack.until(lambda: any("Only who asked" in m.text for m in world.slack.ephemerals("U0DORA")))
    world.telegram.press(card, card.button("Stop"), BOB)
    await toast(world, "The run of GOOG is being stopped, for everybody who follows it.")
    await says(world, world.group, "Stopped by Bob; what was done is kept.")
    await world.slack.until(lambda: "Stopped by Bob" in shown(message.blocks))
    assert "Stop" not in card.labels
    assert "conclave.stop.0" not in actions(message)
    # One message in each chat: the end took the place of what went on.
    assert [m.id for m in world.telegram.messages(world.group)] == [card.id]


async def test_an_admin_stops_the_run_of_somebody_else_by_command(world: World) -> None:
    hang(world.models)
    world.telegram.say(world.group, BOB, "/run GOOG quick")
    await live(world, world.group)
    private = world.telegram.private(CAROL)
    world.telegram.say(private, CAROL, "/stop GOOG")
    await says(world, private, "Only who asked for this run of GOOG, or an admin, can stop it.")
    world.telegram.say(private, CAROL, "/stop")
    await says(world, private, "No run goes on in this chat.")
    world.telegram.say(private, CAROL, "/stop GOOG now")
    await says(world, private, "One run at a time")
    world.telegram.say(world.group, ALICE, "/stop")
    await says(world, world.group, "Stopped by Alice; what was done is kept.")


async def test_the_admin_of_another_chat_stops_nothing_here_and_the_audit_trail_says_who_did_what(
    world: World,
) -> None:
    hang(world.models)
    other = world.telegram.group(OTHER)
    world.telegram.say(world.group, BOB, "/run GOOG quick")
    card = await live(world, world.group)
    (record,) = await world.app.going_on("GOOG", "telegram", str(GROUP))
    run_id = record.run_id
    for text in ("/stop GOOG", f"/stop {run_id}"):
        world.telegram.say(other, DAVE, text)
        await says(world, other, "Only who asked for this run of GOOG, or an admin, can stop it.")
    assert (await world.app.run_record(run_id)).state is RunState.RUNNING
    world.telegram.press(card, card.button("Stop"), CAROL)
    await toast(world, "Only who asked for this run of GOOG, or an admin, can stop it.")
    world.telegram.press(card, card.button("Stop"), BOB)
    await says(world, world.group, "Stopped by Bob; what was done is kept.")
    deeds = await world.app.people.deeds.last(10)
    assert len(deeds) == 4
    assert {(deed.person, deed.outcome, deed.what) for deed in deeds} == {
        ("telegram:1002", "done", "button: stop a run"),
        ("telegram:1003", "refused", "button: stop a run"),
        ("telegram:1004", "refused", "/stop GOOG"),
        ("telegram:1004", "refused", f"/stop {run_id}"),
    }


async def test_a_run_is_stopped_before_it_has_begun(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()
    convene = world.app._runs._committee.convene

    async def slowly(*asked: Any) -> Any:
        await gate.wait()
        return await convene(*asked)

    monkeypatch.setattr(world.app._runs._committee, "convene", slowly)
    hang(world.models)
    world.telegram.say(world.group, BOB, "/run GOOG")

    def first() -> Shown | None:
        return next((m for m in world.telegram.messages(world.group) if "Stop" in m.labels), None)

    card = await world.telegram.until(first, "the first card")
    world.telegram.press(card, card.button("Stop"), CAROL)
    await toast(world, "Only who asked")
    pressed = card.button("Stop")
    world.telegram.press(card, pressed, BOB)
    await toast(world, "The run of GOOG stops as soon as it has begun.")
    await says(world, world.group, "Stopping, because Bob wants that")
    gate.set()
    await says(world, world.group, "Stopped by Bob; what was done is kept.")
    run_id = re.findall(r"Run ([0-9a-z]{8})", world.telegram.messages(world.group)[0].text)[0]
    assert (await world.app.run_record(run_id)).state is RunState.CANCELLED


async def test_a_run_that_waits_for_prices_is_stopped_by_command(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    convene = world.app._runs._committee.convene

    async def slowly(*asked: Any) -> Any:
        await gate.wait()
        return await convene(*asked)

    monkeypatch.setattr(world.app._runs._committee, "convene", slowly)
    world.telegram.say(world.group, BOB, "/run GOOG")
    await says(world, world.group, "Getting prices")
    world.telegram.say(world.group, BOB, "/stop GOOG")
    await says(world, world.group, "stops as soon as it has begun")
    gate.set()
    await says(world, world.group, "Stopped by Bob; what was done is kept.")


async def test_the_bot_types_in_a_private_chat_while_a_run_works_and_once_in_a_group(world: World) -> None:
    hang(world.models)
    private = world.telegram.private(BOB)
    world.telegram.say(private, BOB, "/run GOOG quick")
    world.telegram.say(world.group, CAROL, "/run IBM quick")

    def typed(chat: Chat) -> int:
        calls = [call for call in world.telegram.calls if call.method == "sendChatAction"]
        return sum(int(call.params["chat_id"]) == chat.id for call in calls)

    await world.telegram.until(lambda: typed(private) >= 2 and typed(world.group), "typing", 60)
    world.telegram.say(private, BOB, "/stop")
    await says(world, private, "Stopped by Bob")
    before = typed(private)
    await asyncio.sleep(4.5)
    assert typed(private) == before
    assert typed(world.group) == 1
