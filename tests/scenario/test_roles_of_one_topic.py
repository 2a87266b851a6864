"""Whoever has a role in one topic or thread decides for that one alone, whatever number or id they name."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.dialogue_buttons import Change, Deed, encode, mark_of
from bot.request import Address
from core.app.app import App
from core.domain.run import RunState
from core.domain.subscription import SubscriptionState
from tests import arena
from tests.loopback.model_replies import hangs
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID, Chat, Shown, User
from tests.platforms import platforms
from tests.service import served

ALICE, EVE, DAVE = User(1001, "Alice"), User(1005, "Eve"), User(1006, "Dave")
FORUM, OURS, THEIRS = -1009876543210, 42, 43
CHANNEL, THREAD = "C0TRADING", "1750000000.000042"
PATIENCE_S = 20.0
"""The first question about a time loads the exchange's calendar."""
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer
    app: App
    forum: Chat

    def say(self, user: User, text: str, topic: int | None) -> None:
        self.telegram.say(self.forum, user, text, thread=topic)

    async def told(self, words: str, topic: int | None) -> Shown:
        """The message in a topic that has these words, once it is there."""

        def found() -> Shown | None:
            return next(
                (m for m in self.telegram.messages(self.forum) if words in m.text and m.thread == topic), None
            )

        message = await self.telegram.until(found, repr(words), PATIENCE_S)
        assert isinstance(message, Shown)
        return message

    async def toast(self, words: str) -> None:
        await self.telegram.until(
            lambda: any(words in given.text for given in self.telegram.answers), f"the toast {words!r}"
        )

    async def kept(self) -> list[tuple[int, str, SubscriptionState]]:
        listed = await self.app.subscriptions.of_chat("telegram", str(self.forum.id))
        return [(one.subscription.number, one.line, one.subscription.state) for one in listed]


@pytest.fixture
async def forum_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Alice is admin; in our topic and thread alone, Eve is runner, and Dave is admin of our topic."""
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        ours = {"chat": f"telegram:{FORUM}", "thread": str(OURS)}
        in_thread = {"chat": f"slack:{CHANNEL}", "thread": THREAD}
        app = await arena.opened(
            models.base_url,
            tmp_path,
            **reached.sections,
            access={
                "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
                "people": [
                    {"id": f"telegram:{EVE.id}", "role": "runner"} | ours,
                    {"id": f"telegram:{DAVE.id}", "role": "admin"} | ours,
                    {"id": "slack:U0EVE", "role": "runner"} | in_thread,
                ],
            },
        )
        async with served(app):
            yield World(models, telegram, slack, app, telegram.group(FORUM, topics={OURS, THEIRS}))


async def test_a_runner_of_one_topic_changes_its_subscriptions_and_those_of_no_other(
    forum_world: World,
) -> None:
    world = forum_world
    for number, (topic, line) in enumerate(((None, "alerts on"), (THEIRS, "alerts on")), 1):
        world.say(ALICE, f"/subscribe {line}", topic)
        await world.told(f"Subscription {number} is made", topic)
    world.say(EVE, "/subscribe alerts on", OURS)
    await world.told("Subscription 3 is made", OURS)
    before = await world.kept()
    of_all = "belongs to all of this chat; "
    of_another = "belongs to another topic of this chat; "
    for number, whose in ((1, of_all), (2, of_another)):
        world.say(EVE, f"/unsubscribe {number}", OURS)
        await world.told(f"Subscription {number} {whose}who made it or a runner there may delete it.", OURS)
        world.say(EVE, f"/subscribe {number} digest daily 09:00", OURS)
        await world.told(f"Subscription {number} {whose}a runner there may change it.", OURS)
    world.say(EVE, "/subscriptions", OURS)
    card = await world.told("3 subscriptions", OURS)
    world.telegram.press(card, card.button("Pause 2"), EVE)
    await world.toast(f"Subscription 2 {of_another}a runner there may change it.")
    mark = mark_of(Address("telegram", str(FORUM)))
    answered = len(world.telegram.answers)
    for deed in Deed:  # written by hand, whatever the card offers
        message = world.telegram.message_json(card, User(BOT_ID, "Conclave", is_bot=True))
        data = encode(Change(mark, deed, 1))
        query = {"from": EVE.json(), "chat_instance": "1", "data": data, "message": message}
        world.telegram.put("callback_query", query)
    await world.telegram.until(lambda: len(world.telegram.answers) == answered + len(Deed), "four answers")
    refused = [deed.what for deed in await world.app.people.deeds.last(50) if deed.outcome == "refused"]
    assert {f"button: {name} subscription 1" for name in ("pause", "resume", "delete")} <= set(refused)
    assert await world.kept() == before

    world.telegram.press(card, card.button("Pause 3"), EVE)
    await world.telegram.until(lambda: "Number 3 is paused." in card.text, "their own to be paused")
    world.say(EVE, "/unsubscribe 3", OURS)
    await world.told("Subscription 3 is deleted", OURS)
    world.say(ALICE, "/unsubscribe 2", OURS)
    await world.told("Subscription 2 is deleted", OURS)
    assert [number for number, *_ in await world.kept()] == [1]


async def test_a_runner_of_one_thread_in_slack_leaves_the_channels_subscriptions_alone(
    forum_world: World,
) -> None:
    slack, use = forum_world.slack, forum_world.app.subscriptions
    slack.write(CHANNEL, THREAD)
    await slack.slash("/subscribe", "alerts on", "U0ALICE", CHANNEL)
    await slack.wait_messages(CHANNEL)
    for text, told in (
        ("unsubscribe 1", "who made it or a runner there may delete it."),
        ("subscribe 1 digest daily 09:00", "a runner there may change it."),
    ):
        await slack.mention(f"{{bot}} {text}", "U0EVE", CHANNEL, thread_ts=THREAD)
        sentence = f"Subscription 1 belongs to all of this chat; {told}"
        await slack.until(
            lambda told=sentence: any(told in shown(m.blocks) for m in slack.ephemerals("U0EVE")), PATIENCE_S
        )
    (kept,) = await use.of_chat("slack", CHANNEL)
    assert (kept.line, kept.subscription.state) == ("alerts", SubscriptionState.ACTIVE)


async def test_an_admin_of_one_topic_stops_what_was_asked_for_there_and_nothing_else(
    forum_world: World,
) -> None:
    world = forum_world
    world.models.say_next("claude/claude-1", hangs(), hangs())
    world.say(ALICE, "/run GOOG quick", THEIRS)
    await world.told("GOOG", THEIRS)
    world.say(EVE, "/run IBM quick", OURS)
    await world.told("IBM", OURS)

    async def run_of(ticker: str) -> str:
        (record,) = await world.app.going_on(ticker, "telegram", str(FORUM))
        return record.run_id

    other = await run_of("GOOG")
    for text in ("/stop GOOG", f"/stop {other}"):
        sentences = len(world.telegram.messages(world.forum))
        world.say(DAVE, text, OURS)
        await world.told("Only who asked for this run of GOOG, or an admin, can stop it.", OURS)
        await world.telegram.until(
            lambda sentences=sentences: len(world.telegram.messages(world.forum)) > sentences, "the answer"
        )
    assert (await world.app.run_record(other)).state is RunState.RUNNING
    own = await run_of("IBM")
    world.say(DAVE, f"/stop {own}", OURS)
    await world.told("Stopped by Dave; what was done is kept.", OURS)
    world.say(ALICE, "/stop GOOG", OURS)
    await world.told("Stopped by Alice; what was done is kept.", THEIRS)


async def test_who_wants_a_run_stopped_before_it_has_begun_stops_none_of_another_topic_that_it_joins(
    forum_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, gate = forum_world, asyncio.Event()
    world.models.say_next("claude/claude-1", hangs(), hangs())
    world.say(ALICE, "/run GOOG quick", THEIRS)
    await world.told("members about GOOG", THEIRS)
    (theirs,) = await world.app.going_on("GOOG", "telegram", str(FORUM))
    freeze = world.app.freeze_if_due

    async def slowly() -> None:
        await gate.wait()
        await freeze()

    monkeypatch.setattr(world.app, "freeze_if_due", slowly)
    cards = []
    for ticker in ("GOOG", "IBM"):
        world.say(EVE, f"/run {ticker} quick", OURS)
        cards.append(card := await world.told(ticker, OURS))
        world.telegram.press(card, card.button("Stop"), DAVE)
        await world.toast(f"The run of {ticker} stops as soon as it has begun.")
    gate.set()
    await world.told("Stopped by Dave; what was done is kept.", OURS)
    await world.telegram.until(lambda: "goes on: somebody else had asked" in cards[0].text, "the refusal")
    assert (await world.app.run_record(theirs.run_id)).state is RunState.RUNNING
    world.say(ALICE, "/stop GOOG", THEIRS)
    await world.told("Stopped by Alice; what was done is kept.", THEIRS)
