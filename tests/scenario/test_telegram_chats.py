"""`conclave serve` in groups, forums and channels that move, close and open, as Telegram tells of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.app.app import App
from core.domain.alert import Alert, AlertKind
from core.domain.subscription import Planned, SubscriptionState
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.telegram_chats import ANONYMOUS, bot_becomes, migrate
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID, Chat, Shown, User
from tests.service import served, worked_on

ALICE, BOB, CAROL = User(1001, "Alice"), User(1002, "Bob"), User(1003, "Carol")
OLD, NEW, FORUM, CHANNEL = -300, -1001234567300, -1001234567890, -1009876543210
TOPIC = 42
PATIENCE_S = 20.0
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    telegram: TelegramServer
    app: App
    models: ModelServer

    async def until(self, chat: Chat, text: str) -> Shown:
        """Wait for a message of the bot in a chat with this text in it, and return it."""

        def found() -> Shown | None:
            shown = self.telegram.messages(chat)
            return next((message for message in reversed(shown) if text in message.text), None)

        message = await self.telegram.until(found, f"“{text}” in {chat.id}", PATIENCE_S)
        assert isinstance(message, Shown)
        return message

    async def quiet(self, update: int) -> None:
        """Wait until an update was taken, and all work for it is done."""
        await self.telegram.until(lambda: update not in self.telegram.unconfirmed, "the update", PATIENCE_S)
        await self.telegram.until(lambda: not worked_on(), "the end of its work", PATIENCE_S)

    async def has(self, chat: Chat) -> list[tuple[int, str, SubscriptionState]]:
        listed = await self.app.subscriptions.of_chat("telegram", str(chat.id))
        return [(one.subscription.number, one.line, one.subscription.state) for one in listed]

    async def alarms(self, key: str) -> None:
        """Let an alert happen now: it comes due in every chat that wants to hear of it."""
        now = self.app.clock.now()
        alert = Alert(key=key, kind=AlertKind.MODEL_DOWN, at=now, members=("claude",), reason="timeout")
        await self.app._store.alerts.add([alert], lambda *_: Planned(key=key, at=now, due_at=now))


@asynccontextmanager
async def serving(server: TelegramServer, folder: Path, **more: Any) -> AsyncIterator[World]:
    async with ModelServer() as models:
        access = {
            "admins": [f"telegram:{ALICE.id}"],
            "people": [{"id": f"telegram:{BOB.id}", "role": "runner"}],
            "chats": [
                {"id": f"telegram:{OLD}", "role": "viewer"},
                {"id": f"telegram:{FORUM}", "role": "viewer"},
            ],
        }
        told = {"base_url": server.base_url} | more.pop("telegram", {})
        app = await arena.opened(models.base_url, folder, telegram=told, access=access, **more)
        async with served(app):
            yield World(server, app, models)


@pytest.fixture
async def telegram(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", server.token)
        monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
        monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
        monkeypatch.setattr("bot.timer.TICK_S", 0.2)
        monkeypatch.setattr("bot.serve.FINISH_MESSAGES_EVERY_S", 0.3)
        for person in (ALICE, BOB, CAROL):
            server.private(person)
        yield server
        assert server.violations == []


@pytest.fixture
async def world(telegram: TelegramServer, tmp_path: Path) -> AsyncIterator[World]:
    async with serving(telegram, tmp_path) as world:
        yield world


# Groups that move


async def test_a_group_that_becomes_a_supergroup_takes_everything_along(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = world.telegram.group(OLD, kind="group"), world.telegram.group(NEW)
    world.telegram.say(old, BOB, "/subscribe alerts on")
    await world.until(old, "Subscription 1 is made")
    world.telegram.say(old, BOB, "/settings cheaper on")
    await world.until(old, "heaper")
    migrate(world.telegram, old, new, ALICE)
    await world.telegram.until(lambda: "has become" in caplog.text, "the line in the log", PATIENCE_S)
    world.telegram.say(new, CAROL, "/subscriptions")
    await world.until(new, "1 subscription")
    assert await world.has(new) == [(1, "alerts", SubscriptionState.ACTIVE)]
    assert (await world.app.subscriptions.terms("telegram", str(NEW))).terms.cheaper
    await world.alarms("alert:1")
    await world.until(new, "claude")
    warnings = [line for line in caplog.messages if "[[access.chats]] names" in line]
    assert warnings == [
        f"[[access.chats]] names telegram:{OLD}, which has become telegram:{NEW}. "
        "Its role still holds; put the new id there."
    ]


async def test_what_was_on_its_way_to_a_group_that_moves_arrives_where_it_went(world: World) -> None:
    old, new = world.telegram.group(OLD, kind="group"), world.telegram.group(NEW)
    world.telegram.say(old, BOB, "/subscribe alerts on")
    await world.until(old, "Subscription 1 is made")
    migrate(world.telegram, old, new, ALICE, told=False)
    await world.alarms("alert:1")
    await world.until(new, "claude")
    assert await world.has(new) == [(1, "alerts", SubscriptionState.ACTIVE)]
    assert await world.app.known_chats.earlier(f"telegram:{NEW}") == (f"telegram:{OLD}",)
    posts = len(world.telegram.messages(new))
    await world.alarms("alert:2")
    await world.telegram.until(lambda: len(world.telegram.messages(new)) == posts + 1, "the next", PATIENCE_S)
    refused = [call for call in world.telegram.calls if call.method == "sendMessage" and call.status == 400]
    assert len(refused) == 1, "the old id is asked once"


async def test_a_run_whose_group_moves_ends_in_the_new_group_once(world: World) -> None:
    old, new = world.telegram.group(OLD, kind="group"), world.telegram.group(NEW)
    world.telegram.say(old, BOB, "/run AAPL quick")
    await world.telegram.until(lambda: world.telegram.messages(old), "the live message", PATIENCE_S)
    migrate(world.telegram, old, new, ALICE)

    def ends() -> list[Shown]:
        """The messages that show a run which is over: only they open a member's reasoning."""
        everywhere = (*world.telegram.messages(new), *world.telegram.messages(old))
        return [shown for shown in everywhere if any("claude" in label for label in shown.labels)]

    await world.telegram.until(ends, "the end", PATIENCE_S)
    await asyncio.sleep(0.3)
    assert len(ends()) == 1
    assert (await world.app.record("AAPL")).requested_in == f"telegram:{NEW}", "its chat's budget goes along"


# Closed and opened


async def test_a_group_that_removes_the_bot_rests_and_goes_on_when_it_is_added_again(world: World) -> None:
    group = world.telegram.group(FORUM)
    world.telegram.say(group, BOB, "/subscribe alerts on")
    await world.until(group, "Subscription 1 is made")
    bot_becomes(world.telegram, group, "kicked", BOB)
    told = await world.until(world.telegram.private(ALICE), "is closed to Conclave")
    assert "its subscription 1 is paused. The bot is no longer in the group." in told.text

    def refused() -> int:
        # The menu is set beside everything else, perhaps still now.
        tried = [call for call in world.telegram.calls if call.method.startswith(("send", "edit"))]
        return len([call for call in tried if call.status == 403])

    calls = refused()
    await world.alarms("alert:1")
    await asyncio.sleep(0.6)
    assert refused() == calls, "nothing is tried"
    world.telegram.say(world.telegram.private(ALICE), ALICE, "/health")
    health = await world.until(world.telegram.private(ALICE), "Closed to us")
    assert f"telegram:{FORUM}: closed. The bot is no longer in the group." in health.text
    bot_becomes(world.telegram, group, "member", BOB)
    await world.until(group, "I may post here again. Subscription 1 goes on")
    assert await world.has(group) == [(1, "alerts", SubscriptionState.ACTIVE)]
    await world.alarms("alert:2")
    await world.until(group, "claude")


async def test_who_blocks_the_bot_gets_nothing_and_all_again_after_unblocking(world: World) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, "/subscribe alerts on")
    await world.until(chat, "Subscription 1 is made")
    await world.quiet(bot_becomes(world.telegram, chat, "kicked", BOB))
    await world.until(world.telegram.private(ALICE), "The person has blocked the bot.")
    bot_becomes(world.telegram, chat, "member", BOB)
    await world.until(chat, "Subscription 1 goes on")


async def test_what_somebody_paused_by_hand_does_not_go_on_by_itself(world: World) -> None:
    group = world.telegram.group(FORUM)
    for line in ("alerts on", "digest weekdays 09:00"):
        world.telegram.say(group, BOB, f"/subscribe {line}")
    await world.until(group, "Subscription 2 is made")
    first = await world.has(group)
    by_hand = first[0][0]
    await world.app.subscriptions.pause("telegram", str(FORUM), by_hand)
    bot_becomes(world.telegram, group, "left", BOB)
    await world.until(world.telegram.private(ALICE), "is closed to Conclave")
    bot_becomes(world.telegram, group, "member", BOB)
    await world.until(group, "I may post here again.")
    assert [state for _, _, state in await world.has(group)] == [
        SubscriptionState.PAUSED,
        SubscriptionState.ACTIVE,
    ]


async def test_in_a_group_that_mutes_the_bot_no_message_is_tried_until_it_may_write(world: World) -> None:
    group = world.telegram.group(FORUM)
    await world.quiet(bot_becomes(world.telegram, group, "restricted", ALICE, can_send_messages=False))
    calls = len(world.telegram.calls)
    await world.quiet(world.telegram.say(group, BOB, "/run AAPL"))
    await world.quiet(world.telegram.say(group, BOB, "/help"))
    # The menu is set beside everything else, perhaps still now, and the admins may hear of it elsewhere.
    there = [
        call for call in world.telegram.calls[calls:] if str(call.params.get("chat_id")) == str(group.id)
    ]
    tried = {call.method for call in there}
    assert not [method for method in tried if method.startswith(("send", "edit", "answer"))]
    await world.quiet(bot_becomes(world.telegram, group, "member", ALICE))
    world.telegram.say(group, BOB, "/leaderboard")
    await world.telegram.until(lambda: world.telegram.messages(group), "an answer", PATIENCE_S)


async def test_a_group_without_a_role_is_greeted_once_with_its_id(world: World) -> None:
    group = world.telegram.group(-1005550001)
    bot_becomes(world.telegram, group, "member", BOB)
    await world.until(group, "Hello")
    for status in ("left", "member", "administrator"):
        await world.quiet(bot_becomes(world.telegram, group, status, BOB))
    (hello,) = world.telegram.messages(group)
    assert "telegram:-1005550001" in hello.text


# Forums


async def test_in_a_forum_every_answer_goes_where_it_was_asked_for(world: World) -> None:
    forum = world.telegram.group(FORUM, topics={TOPIC, 43})
    world.telegram.say(forum, BOB, "/leaderboard", TOPIC)
    world.telegram.say(forum, BOB, "/models")
    world.telegram.say(forum, BOB, "/run AAPL quick", 43)
    await world.telegram.until(
        lambda: {shown.thread for shown in world.telegram.messages(forum) if shown.text} == {TOPIC, 43, None},
        "three answers",
        PATIENCE_S,
    )
    await world.telegram.until(
        lambda: any("claude" in "".join(m.labels) for m in world.telegram.messages(forum) if m.thread == 43),
        "the verdict in its topic",
        PATIENCE_S,
    )
    verdict = next(m for m in world.telegram.messages(forum) if m.thread == 43 and m.buttons)
    world.telegram.press(verdict, verdict.button("claude"), BOB)
    await world.telegram.until(
        lambda: len([m for m in world.telegram.messages(forum) if m.thread == 43]) == 2,
        "the reasoning in the topic",
        PATIENCE_S,
    )


@pytest.mark.parametrize("closed", [TOPIC, None], ids=["a topic", "the general topic"])
async def test_a_topic_that_is_closed_pauses_only_what_goes_there(world: World, closed: int | None) -> None:
    forum = world.telegram.group(FORUM, topics={TOPIC, 43})
    places: tuple[int | None, ...] = (TOPIC, 43, None)
    for number, thread in enumerate(places, start=1):
        world.telegram.say(forum, BOB, "/subscribe alerts on", thread)
        await world.until(forum, f"Subscription {number} is made")
    before = len(world.telegram.messages(forum))
    forum.closed_topics.add(closed)
    await world.alarms("alert:1")
    await world.telegram.until(
        lambda: len(world.telegram.messages(forum)) == before + 2, "the other two", PATIENCE_S
    )
    place = "The general topic" if closed is None else "A thread"
    await world.until(world.telegram.private(ALICE), f"{place} of the chat telegram:{FORUM} is closed")
    states = dict(zip(places, [state for _, _, state in await world.has(forum)], strict=True))
    assert states.pop(closed) is SubscriptionState.PAUSED
    assert set(states.values()) == {SubscriptionState.ACTIVE}


# Who is heard


async def test_an_anonymous_administrator_may_look_and_is_told_why_not_more(world: World) -> None:
    group = world.telegram.group(FORUM)
    itself = {"sender_chat": group.json()}
    world.telegram.say(group, ANONYMOUS, "/models", **itself)
    await world.telegram.until(lambda: world.telegram.messages(group), "an answer", PATIENCE_S)
    world.telegram.say(group, ANONYMOUS, "/run AAPL", **itself)
    await world.until(group, "You are anonymous here, and I cannot see who you are.")


async def test_a_message_that_is_edited_into_a_command_is_one_and_only_once(world: World) -> None:
    chat = world.telegram.private(BOB)
    world.telegram.say(chat, BOB, "/modls")
    await world.until(chat, "I don't know the command")
    (typed,) = [shown.id for shown in world.telegram.shown.values() if not shown.by_bot]
    world.telegram.rewrite(chat, BOB, typed, "/models")
    await world.telegram.until(lambda: len(world.telegram.messages(chat)) == 2, "the models", PATIENCE_S)
    for _ in range(3):
        await world.quiet(world.telegram.rewrite(chat, BOB, typed, "/models"))
    await world.quiet(world.telegram.rewrite(chat, BOB, typed, "/leaderboard"))
    assert len(world.telegram.messages(chat)) == 2


async def test_with_privacy_mode_off_nothing_is_answered_that_is_not_meant_for_the_bot(world: World) -> None:
    group = world.telegram.group(FORUM)
    talk = ("hello", "run NVDA", "NVDA is up", "/ban @bob", "/run@SomeOtherBot NVDA", "@SomeOtherBot help")
    for text in talk:
        await world.quiet(world.telegram.say(group, CAROL, text))
    assert world.telegram.messages(group) == []
    world.telegram.say(group, CAROL, "@ConclaveBot models")
    answer = await world.telegram.until(lambda: world.telegram.messages(group), "an answer", PATIENCE_S)
    ours = {"reply_to_message": {"message_id": answer[0].id, "from": {"id": BOT_ID, "is_bot": True}}}
    await world.quiet(world.telegram.say(group, CAROL, "why did it buy that?", **ours))
    await world.quiet(world.telegram.say(group, CAROL, "nice", **ours))
    assert len(world.telegram.messages(group)) == 1
    world.telegram.say(group, CAROL, "models", **ours)
    await world.telegram.until(lambda: len(world.telegram.messages(group)) == 2, "an answer", PATIENCE_S)


# Channels


async def test_an_admin_subscribes_a_channel_from_a_private_chat_and_it_is_posted_there(world: World) -> None:
    channel = world.telegram.group(CHANNEL, "News", kind="channel")
    channel.username = "conclave_news"
    chat = world.telegram.private(ALICE)
    world.telegram.say(chat, ALICE, "/subscribe alerts on in @conclave_news")
    await world.until(chat, "Add me there first")
    await world.quiet(bot_becomes(world.telegram, channel, "administrator", BOB))
    world.telegram.say(chat, ALICE, "/subscribe alerts on in @conclave_news")
    await world.until(chat, "Make me an administrator there")
    await world.quiet(bot_becomes(world.telegram, channel, "administrator", BOB, can_post_messages=True))
    world.telegram.say(chat, ALICE, f"/subscribe alerts on in telegram:{CHANNEL}")
    await world.until(chat, f"You do not administer telegram:{CHANNEL}")
    channel.members[ALICE.id] = "creator"
    world.telegram.say(chat, ALICE, "/subscribe alerts on in @conclave_news")
    made = await world.until(chat, "Subscription 1 is made")
    assert f"telegram:{CHANNEL}" in made.text
    await world.alarms("alert:1")
    await world.until(channel, "claude")
    world.telegram.say(chat, ALICE, "/subscriptions in @conclave_news")
    await world.until(chat, "1 subscription in")
    world.telegram.say(chat, ALICE, "/unsubscribe 1 in @conclave_news")
    await world.until(chat, "Subscription 1 is deleted")
    assert await world.has(channel) == []
    world.telegram.say(chat, ALICE, "/subscribe alerts on in @nobody_there")
    await world.until(chat, "I am in no chat @\u2060nobody_there.")
    assert len(world.telegram.messages(channel)) == 1


async def test_only_an_admin_in_private_decides_for_a_channel_and_posts_there_are_no_commands(
    world: World,
) -> None:
    channel = world.telegram.group(CHANNEL, "News", kind="channel")
    await world.quiet(bot_becomes(world.telegram, channel, "administrator", BOB, can_post_messages=True))
    world.telegram.say(world.telegram.private(BOB), BOB, f"/subscribe alerts on in telegram:{CHANNEL}")
    await world.until(world.telegram.private(BOB), "Only an admin of this committee decides for another chat")
    group = world.telegram.group(FORUM)
    world.telegram.say(group, ALICE, f"/subscribe alerts on in telegram:{CHANNEL}")
    await world.until(group, "in a private chat with me")
    post = {"message_id": 900, "date": 1, "chat": channel.json(), "sender_chat": channel.json()}
    await world.quiet(world.telegram.put("channel_post", {**post, "text": "/subscribe alerts on"}))
    assert world.telegram.messages(channel) == []
    assert await world.has(channel) == []


# Webhook mode


async def test_in_webhook_mode_the_whole_service_works_behind_one_server(
    telegram: TelegramServer, tmp_path: Path, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/telegram"
    more = {"telegram": {"mode": "webhook", "webhook_url": url}, "http": {"port": unused_tcp_port}}
    async with serving(telegram, tmp_path, **more) as world:
        group = telegram.group(FORUM)
        telegram.say(group, BOB, "/run AAPL quick")
        await telegram.until(
            lambda: any("claude" in "".join(shown.labels) for shown in telegram.messages(group)),
            "the verdict",
            PATIENCE_S,
        )
        await world.quiet(bot_becomes(telegram, group, "kicked", ALICE))
        assert [chat.chat_id for chat in await world.app.known_chats.shut()] == [f"telegram:{FORUM}"]
    assert not [call for call in telegram.calls if call.method == "getUpdates"]
    runs = [shown for shown in telegram.messages(telegram.chats[FORUM]) if shown.buttons]
    assert len(runs) == 1
