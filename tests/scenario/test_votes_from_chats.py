"""People vote in Telegram and in Slack while the committee decides, over real sockets and one database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from core.app.app import App
from core.domain.ballot import Action, Ballot
from core.domain.member import MemberKind
from core.domain.run import RunRecord
from tests import arena
from tests.loopback.model_replies import filled, held
from tests.loopback.model_server import ModelServer
from tests.loopback.slack_scene import shown
from tests.loopback.slack_server import SlackServer
from tests.loopback.slack_state import Message
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Chat, Shown, User
from tests.platforms import platforms
from tests.service import actions, served

ALICE, BOB, MALLORY = User(1001, "Alice"), User(1002, "Bob"), User(6666, "Mallory")
GROUP, CHANNEL = -1001234567890, "C0TRADING"
pytestmark = pytest.mark.timeout(90)


class World(NamedTuple):
    models: ModelServer
    telegram: TelegramServer
    slack: SlackServer
    app: App
    group: Chat


@asynccontextmanager
async def serving(
    models: ModelServer, telegram: TelegramServer, slack: SlackServer, folder: Path
) -> AsyncIterator[App]:
    app = await arena.opened(
        models.base_url,
        folder,
        telegram={"base_url": telegram.base_url},
        slack={"base_url": slack.base_url},
        access={
            "admins": [f"telegram:{ALICE.id}", "slack:U0ALICE"],
            "people": [{"id": f"telegram:{BOB.id}", "role": "viewer"}],
            "chats": [{"id": f"slack:{CHANNEL}", "role": "viewer"}],
        },
    )
    async with served(app):
        yield app


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr("core.app.runs._VOTES_EVERY_S", 0.05)
    async with platforms(monkeypatch) as reached:
        models, telegram, slack = reached
        async with serving(models, telegram, slack, tmp_path) as app:
            yield World(models, telegram, slack, app, telegram.group(GROUP))


def held_back(models: ModelServer) -> asyncio.Event:
    """Let claude think until the event is set, so that people have time to vote."""
    gate = asyncio.Event()
    models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    return gate


async def live_on_telegram(world: World, ticker: str = "GOOG") -> Shown:
    def found() -> Shown | None:
        cards = world.telegram.messages(world.group)
        return next((m for m in cards if "Buy" in m.labels and ticker in m.text), None)

    await world.telegram.until(found, "the card with buttons to vote")
    card = found()
    assert card is not None
    return card


async def live_on_slack(world: World) -> Message:
    def found() -> Message | None:
        cards = world.slack.messages(CHANNEL)
        return next((m for m in cards if "conclave.vote.0" in actions(m)), None)

    message = await world.slack.until(found)
    assert isinstance(message, Message)
    return message


async def answer(world: World, words: str) -> None:
    await world.telegram.until(
        lambda: any(words in (given.text or "") for given in world.telegram.answers), f"the toast {words!r}"
    )


def press_what_was_shown(world: World, card: Shown, data: str, user: User) -> None:
    """Press a button that an application which lags behind still shows."""
    message = world.telegram.message_json(card, User(7000000001, "Conclave", is_bot=True))
    query = {"from": user.json(), "chat_instance": "1", "data": data, "message": message}
    world.telegram.put("callback_query", query)


async def whispered(world: World, user: str, words: str) -> None:
    await world.slack.until(lambda: any(words in m.text for m in world.slack.ephemerals(user)))


def crowd_of(record: RunRecord) -> Ballot:
    seat = record.follower(MemberKind.CROWD)
    assert seat is not None
    assert isinstance(seat.result, Ballot)
    return seat.result


async def test_votes_of_both_platforms_for_one_run_are_counted_together(world: World) -> None:
    decided = held_back(world.models)
    telegram, slack = world.telegram, world.slack
    telegram.say(world.group, ALICE, "/run GOOG quick")
    card = await live_on_telegram(world)
    assert "Crowd: no votes yet" in card.text
    assert card.labels == ["Buy", "Hold", "Sell", "Stop"]
    await slack.slash("/run", "GOOG quick", "U0ALICE", CHANNEL)
    on_slack = await live_on_slack(world)

    telegram.press(card, card.button("Buy"), BOB)
    await answer(world, "Your vote: BUY. So far: 1 BUY.")
    await slack.click(on_slack, "conclave.vote.2", "U0CAROL")
    await whispered(world, "U0CAROL", "Your vote: SELL. So far: 1 BUY, 1 SELL.")
    telegram.say(world.group, BOB, "/vote GOOG sell 70")
    await telegram.until(
        lambda: any(
            "Your vote is now SELL 70 %, it was BUY. So far: 2 SELL." in m.text
            for m in telegram.messages(world.group)
        ),
        "the answer in the group",
    )
    await slack.mention("{bot} vote goog HOLD 40%", "U0ALICE", CHANNEL)
    await whispered(world, "U0ALICE", "Your vote: HOLD 40 %. So far: 1 HOLD, 2 SELL.")
    await telegram.until(lambda: "Crowd: 1 HOLD, 2 SELL" in card.text, "the count on the card")
    await slack.until(lambda: "Crowd: 1 HOLD, 2 SELL" in shown(on_slack.blocks))

    decided.set()
    await telegram.until(lambda: "claude" in card.labels, "the verdict")
    await slack.until(lambda: "conclave.why.0" in actions(on_slack))
    assert not {"Buy", "Hold", "Sell"} & set(card.labels)
    assert not any(action.startswith("conclave.vote") for action in actions(on_slack))
    for text in (card.text, shown(on_slack.blocks)):
        assert "crowd" in text
        assert "70 % · Votes: 1 HOLD, 2 SELL" in text
        assert "committee" in text
    record = await world.app.record("GOOG")
    made = crowd_of(record)
    assert (made.action, made.confidence) == (Action.SELL, Decimal("0.7"))
    votes = await world.app._store.votes.of_run(record.run_id)
    assert {vote.person: vote.chat for vote in votes} == {
        "telegram:1002": f"telegram:{GROUP}",
        "slack:U0CAROL": f"slack:{CHANNEL}",
        "slack:U0ALICE": f"slack:{CHANNEL}",
    }
    # One run for both chats, and one message in each for it.
    assert len(world.models.requests) == 5
    assert len([m for m in slack.messages(CHANNEL) if "GOOG" in shown(m.blocks)]) == 1


async def test_a_press_that_comes_twice_or_too_late_or_from_a_stranger_does_not_count(world: World) -> None:
    decided = held_back(world.models)
    telegram = world.telegram
    telegram.say(world.group, ALICE, "/run GOOG quick")
    card = await live_on_telegram(world)
    buy, sell = card.button("Buy"), card.button("Sell")
    first = telegram.press(card, buy, BOB)
    await answer(world, "Your vote: BUY. So far: 1 BUY.")
    telegram.press(card, sell, BOB)
    await answer(world, "Your vote is now SELL, it was BUY. So far: 1 SELL.")
    # A query's id is its update's, behind a 9.
    telegram.redeliver(int(first.removeprefix("9")))
    telegram.press(card, buy, MALLORY)
    await answer(world, "This committee is private")
    decided.set()
    await telegram.until(lambda: "claude" in card.labels, "the verdict")
    press_what_was_shown(world, card, buy, BOB)
    await answer(world, "The run of GOOG has ended, and its votes are counted.")
    telegram.say(world.group, BOB, "/vote GOOG buy")
    await telegram.until(
        lambda: any("No run of GOOG is going on" in m.text for m in telegram.messages(world.group)),
        "the refusal",
    )
    assert crowd_of(await world.app.record("GOOG")).reasoning == "Votes: 1 SELL."
