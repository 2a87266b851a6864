"""People subscribe in Telegram and in Slack, by a line and by buttons, over real sockets and one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.domain.subscribed import Listed
from core.domain.subscription import SubscriptionState
from tests import arena
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import BOT_ID, Chat, Shown, User
from tests.service import served

ALICE, BOB, CAROL, MALLORY = (
    User(1001, "Alice"),
    User(1002, "Bob"),
    User(1003, "Carol <b>&"),
    User(6666, "Mallory"),
)
GROUP, CHANNEL, TOPIC = -1001234567890, "C0TRADING", 42
PATIENCE_S = 20.0
"""The first question about a time loads the exchange's calendar."""
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    telegram: TelegramServer
    slack: SlackServer
    app: App
    group: Chat


@asynccontextmanager
async def serving(telegram: TelegramServer, slack: SlackServer, folder: Path) -> AsyncIterator[App]:
    async with ModelServer() as models:
        app = await arena.opened(
            models.base_url,
            folder,
            arena={"watchlist": ["AAPL", "BTC-USD"]},
            schedule={"max_per_chat": 3},
            telegram={"base_url": telegram.base_url},
            slack={"base_url": slack.base_url},
            access={
                "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
                "people": [
                    {"id": f"telegram:{BOB.id}", "role": "viewer"},
                    {"id": f"telegram:{CAROL.id}", "role": "runner"},
                    {"id": "slack:U0CAROL", "role": "runner"},
                ],
                "chats": [{"id": f"slack:{CHANNEL}", "role": "viewer"}],
            },
        )
        async with served(app):
            yield app


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with TelegramServer() as telegram, SlackServer() as slack:
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", telegram.token)
        monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
        monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
        async with serving(telegram, slack, tmp_path) as app:
            yield World(telegram, slack, app, telegram.group(GROUP))
        assert telegram.violations == []
        assert slack.violations == []


async def of_telegram(world: World) -> tuple[Listed, ...]:
    return await world.app.subscriptions.of_chat("telegram", str(GROUP))


async def of_slack(world: World) -> tuple[Listed, ...]:
    return await world.app.subscriptions.of_chat("slack", CHANNEL)


async def said(world: World, words: str) -> Shown:
    """The message in the group that has these words, once it is there."""

    def found() -> Shown | None:
        return next((m for m in reversed(world.telegram.messages(world.group)) if words in m.text), None)

    await world.telegram.until(found, repr(words), PATIENCE_S)
    message = found()
    assert message is not None
    return message


async def toast(world: World, words: str) -> None:
    await world.telegram.until(
        lambda: any(words in (given.text or "") for given in world.telegram.answers), f"the toast {words!r}"
    )


async def pressed(world: World, card: Shown, label: str, words: str, user: User = CAROL) -> None:
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
    """The id of the button with this label."""
    for block in message.blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            if element["text"]["text"] == label:
                return str(element["action_id"])
    raise AssertionError(f"no button {label!r}")


async def clicked(world: World, card: Message, label: str, words: str, user: str = "U0CAROL") -> None:
    """Click a button, and wait until its message says something else."""
    await world.slack.click(card, action(card, label), user)
    await world.slack.until(lambda: words in shown(card.blocks), PATIENCE_S)


async def whispered(world: World, user: str, words: str) -> None:
    await world.slack.until(lambda: any(words in shown(m.blocks) for m in world.slack.ephemerals(user)))


async def test_the_dialogue_in_telegram_goes_on_in_one_message_and_its_undo_too(world: World) -> None:
    world.telegram.say(world.group, CAROL, "/subscribe")
    card = await said(world, "What would you like to receive here?")
    await pressed(world, card, "Verdicts", "Verdicts on which tickers?")
    await pressed(world, card, "Watchlist (AAPL, BTC-USD)", "Verdicts on the watchlist: when?")
    await pressed(world, card, "Another time", "Write the time in one line")
    await pressed(world, card, "Back", "Verdicts on the watchlist: when?")
    await pressed(world, card, "Weekdays 16:30", "Subscription 1 is made")
    assert "verdicts watchlist weekdays 16:30" in card.text
    assert "what it costs is not known yet" in card.text or "costs nothing" in card.text
    (made,) = await of_telegram(world)
    assert made.subscription.created_by == f"telegram:{CAROL.id}"
    assert made.slot is not None
    await pressed(world, card, "Delete 1", "Subscription 1 is deleted")
    assert await of_telegram(world) == ()
    assert len(world.telegram.messages(world.group)) == 1


async def test_the_dialogue_in_slack_goes_on_in_one_message(world: World) -> None:
    await world.slack.slash("/subscribe", "", "U0CAROL", CHANNEL)
    card = await on_slack(world, "What would you like to receive here?")
    await clicked(world, card, "Digest", "Digest: when?")
    await clicked(world, card, "Before the open", "Subscription 1 is made")
    assert "digest daily before open" in shown(card.blocks) or "before" in shown(card.blocks)
    (made,) = await of_slack(world)
    assert (made.subscription.created_by, made.subscription.thread) == ("slack:U0CAROL", None)
    await clicked(world, card, "Delete 1", "Subscription 1 is deleted")
    assert await of_slack(world) == ()
    assert len(world.slack.messages(CHANNEL)) == 1


async def test_one_line_on_both_platforms_pause_edit_and_the_end_of_all(world: World) -> None:
    telegram, slack = world.telegram, world.slack
    telegram.say(world.group, CAROL, "/subscribe leaderboard fridays 17:00 america/new_york")
    await said(world, "Subscription 1 is made")
    await slack.slash("/conclave", "subscribe digest weekdays 09:00", "U0CAROL", CHANNEL)
    await on_slack(world, "Subscription 2 is made")
    telegram.say(world.group, CAROL, "/subscribe 2 alerts on")
    await said(world, "This chat has no subscription 2.")

    telegram.say(world.group, BOB, "/subscriptions")
    card = await said(world, "1 subscription")
    assert "leaderboard fridays 17:00 America/New_York" in card.text
    assert "(New York)" in card.text
    telegram.press(card, card.button("Pause 1"), BOB)
    await toast(world, "needs the role runner; you are viewer here")
    await pressed(world, card, "Pause 1", "Number 1 is paused.")
    assert [one.subscription.state for one in await of_telegram(world)] == [SubscriptionState.PAUSED]
    await pressed(world, card, "Resume 1", "Number 1 is active again.")
    telegram.say(world.group, CAROL, "/subscribe 1 digest before open")
    await said(world, "Subscription 1 is changed")
    assert [one.line for one in await of_slack(world)] == ["digest weekdays 09:00"]

    await slack.slash("/conclave", "unsubscribe all", "U0CAROL", CHANNEL)
    asked = await on_slack(world, "Delete the 1 subscription of this chat?")
    buttons = [one for block in asked.blocks if block["type"] == "actions" for one in block["elements"]]
    assert [(one["text"]["text"], one.get("style")) for one in buttons] == [
        ("Yes, delete 1 subscription", "danger"),
        ("No", None),
    ]
    await clicked(world, asked, "No", "Nothing was changed")
    telegram.say(world.group, CAROL, "/unsubscribe all")
    sure = await said(world, "Delete the 1 subscription of this chat?")
    assert "Only Carol <b>& can confirm it" in sure.text
    assert [one.get("style") for row in sure.buttons for one in row] == ["danger", None]
    telegram.press(sure, sure.button("Yes, delete 1"), ALICE)
    await toast(world, "Only who asked can confirm this.")
    await pressed(world, sure, "Yes, delete 1", "1 subscription deleted.")
    assert await of_telegram(world) == ()
    assert len(await of_slack(world)) == 1


async def test_a_topic_and_a_thread_are_kept_and_a_reply_below_a_card_makes_no_thread(world: World) -> None:
    forum = world.telegram.group(-1009876543210, topics={TOPIC})
    world.telegram.say(forum, CAROL, "/subscribe", thread=TOPIC)
    await world.telegram.until(lambda: world.telegram.messages(forum), "the card in the topic")
    (card,) = world.telegram.messages(forum)
    assert card.thread == TOPIC
    world.telegram.press(card, card.button("Alerts"), CAROL)
    await world.telegram.until(lambda: "Subscription 1 is made" in card.text, "the end of the dialogue")
    (made,) = await world.app.subscriptions.of_chat("telegram", str(forum.id))
    assert made.subscription.thread == str(TOPIC)

    world.slack.join(CHANNEL)
    thread = world.slack.write(CHANNEL)
    await world.slack.mention("{bot} subscribe digest daily 10:00", "U0CAROL", CHANNEL, thread_ts=thread)
    await on_slack(world, "digest daily 10:00")
    (in_thread,) = await of_slack(world)
    assert in_thread.subscription.thread == thread


async def test_strangers_hear_once_and_limits_and_doubles_are_told(world: World) -> None:
    telegram = world.telegram
    telegram.say(world.group, MALLORY, "/subscribe alerts on")
    await said(world, "This committee is private.")
    telegram.say(world.group, MALLORY, "/subscribe alerts on")
    telegram.say(world.group, BOB, "/subscribe digest daily 09:00")
    await said(world, "/subscribe needs the role runner; you are viewer here.")
    for hour in ("09", "10", "11"):
        telegram.say(world.group, CAROL, f"/subscribe digest daily {hour}:00")
        await said(world, f"digest daily {hour}:00")
    before = len(telegram.messages(world.group))
    telegram.say(world.group, CAROL, "/subscribe digest daily 09:00")
    await telegram.until(lambda: len(telegram.messages(world.group)) == before + 1, "that it is there")
    telegram.say(world.group, CAROL, "/subscribe digest daily 12:00")
    await telegram.until(lambda: len(telegram.messages(world.group)) == before + 2, "that there is no room")
    assert len(await of_telegram(world)) == 3
    assert sum("private" in m.text for m in telegram.messages(world.group)) == 1


async def test_settings_by_a_line_in_slack_and_by_buttons_in_telegram(world: World) -> None:
    await world.slack.slash("/subscribe", "digest daily 23:00", "U0CAROL", CHANNEL)
    await on_slack(world, "Subscription 1 is made")
    await world.slack.slash("/settings", "quiet 22:00-07:00", "U0CAROL", CHANNEL)
    await on_slack(world, "22:00 to 07:00")
    (held,) = await of_slack(world)
    assert held.slot is not None
    assert (held.slot.due_at - held.slot.at).total_seconds() == 8 * 3600
    await world.slack.slash("/settings", "timezone Lodnon", "U0CAROL", CHANNEL)
    await whispered(world, "U0CAROL", "Did you mean Europe/London?")
    await world.slack.slash("/settings", "default", "U0BOB", CHANNEL)
    await whispered(world, "U0BOB", "needs the role runner; you are viewer here")

    world.telegram.say(world.group, CAROL, "/settings")
    card = await said(world, "Settings of this chat")
    await pressed(world, card, "Time zone", "Which time zone?")
    await pressed(world, card, "Hong Kong", "Asia/Hong_Kong")
    shown_terms = await world.app.subscriptions.terms("telegram", str(GROUP))
    assert shown_terms.terms.zone == "Asia/Hong_Kong"
    assert (await world.app.subscriptions.terms("slack", CHANNEL)).terms.zone is None


async def test_a_press_and_words_written_with_evil_intent_change_nothing(world: World) -> None:
    telegram = world.telegram
    telegram.say(world.group, CAROL, "/subscribe")
    card = await said(world, "What would you like to receive here?")
    for data in ("s.00000000.a.a", "s.x", "s." + "9" * 60):
        message = telegram.message_json(card, User(BOT_ID, "Conclave", is_bot=True))
        query = {"from": CAROL.json(), "chat_instance": "1", "data": data, "message": message}
        telegram.put("callback_query", query)
    await toast(world, "This button belongs to another chat.")
    await toast(world, "This button is too old.")
    telegram.say(world.group, CAROL, "/subscribe <b>@all</b> https://evil.example /run NVDA")
    answer = await said(world, "I can't subscribe you to")
    assert answer.of("mention", "url", "bold") == []
    await world.slack.slash("/subscribe", "<!channel> daily", "U0CAROL", CHANNEL)
    await whispered(world, "U0CAROL", "I can't subscribe you to")
    assert await of_telegram(world) == ()
    assert await of_slack(world) == ()
