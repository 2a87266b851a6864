"""Where other bots are known to have failed in chats, and that this one does not: the first half.

Each test names its theme: a row of the list of complaints that people have filed about other bots. The whole
service runs, and people talk to it over strict loopback servers. The second half, about Slack's own limits
and about connections, is in `test_where_other_slack_apps_failed`.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import buttons, slack_render, telegram_render
from bot.present.verdict import verdict_card
from core.clock import SystemClock
from core.config.field_types import NAME
from core.domain.ballot import Rating
from core.domain.member import Member, MemberKind
from core.domain.verdict import WeightUsed
from tests import arena, arena_facts
from tests.lessons_scene import (
    ALICE,
    BOB,
    CHANNEL,
    GROUP,
    MALLORY,
    SLACK_ALICE,
    SLACK_MALLORY,
    World,
    both_doors,
    committee,
    data_of,
    due_now,
    plain,
    whys,
)
from tests.loopback import slack_rules, telegram_rules
from tests.loopback.model_replies import filled, held
from tests.loopback.slack_scene import shown
from tests.loopback.telegram_world import Flood

FOREVER_S = 60
pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with both_doors(tmp_path, monkeypatch) as world:
        yield world


@pytest.fixture
async def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The same, where Telegram refuses what comes too fast, which fails the test in the end."""
    monkeypatch.setattr("bot.timer.TICK_S", 0.2)
    async with both_doors(tmp_path, monkeypatch, flood=Flood(SystemClock())) as world:
        yield world


# Long model ids break per-model buttons.

STEM = "claude-sonnet-4.5-thinking-high-eu-west"
LONG = [(f"{STEM}{sign}", f"{STEM}{sign}/".ljust(65, "x") + sign) for sign in "ab1"]


async def test_long_names_and_ids_of_models_leave_every_button_working(world: World) -> None:
    """Theme: a button that carries `model:provider:id` is refused as soon as that has 66 bytes."""
    assert {(len(name), len(model.encode())) for name, model in LONG} == {(40, 66)}
    for name, model in LONG:
        world.models.opine(model, arena.opinion("claude", reasoning=f"This is what {name} thinks."))
    private = world.telegram.private(ALICE)
    async with world.serving(**committee(LONG)):
        world.telegram.say(private, ALICE, "/run GOOG quick")
        card = await world.verdict(private)
        ours = [data for data in data_of(card) if data.startswith("w.")]
        assert len(ours) == len(LONG)
        for data, (name, _) in zip(ours, LONG, strict=True):
            world.telegram.press(card, data, ALICE)
            await world.said(private, f"This is what {name} thinks.")

        await world.slack.slash("/run", "IBM quick", SLACK_ALICE, CHANNEL)
        message = await world.slack_verdict(CHANNEL)
        assert len(whys(message)) == len(LONG)
        for action, (name, _) in zip(whys(message), LONG, strict=True):
            await world.slack.click(message, action, SLACK_ALICE)
            told = f"This is what {name} thinks."
            await world.slack.until(
                lambda told=told: any(told in shown(v.blocks) for v in world.slack.views(SLACK_ALICE)), 10
            )
            world.slack.close_views(SLACK_ALICE)


names = st.from_regex(NAME, fullmatch=True)
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(names, any_text), min_size=1, max_size=12, unique_by=lambda one: one[0]))
def test_whatever_models_are_called_each_button_leads_to_its_own(called: list[tuple[str, str]]) -> None:
    """Theme: the same, for any names that may be configured and any ids that a provider may answer with."""
    members = [
        Member(number=number * 1_000_003 + 1, name=name, kind=MemberKind.LLM, weight=1, route=(f"p:{name}",))
        for number, (name, _) in enumerate(called)
    ]
    ballots = [arena_facts.ballot(name, Rating.BUY, "0.7", model=model) for name, model in called]
    verdict = arena_facts.VERDICT.model_copy(
        update={"outliers": (), "dissent": (), "abstained": (), "weights": tuple[WeightUsed, ...]()}
    )
    record = arena_facts.record(
        seats=arena_facts.seats(ballots, members), verdict=verdict, orders=(), fills=()
    )
    card = verdict_card(record, {member.name: member for member in members}, ZoneInfo("UTC"))
    numbers = [member.number for member in members]

    on_telegram = telegram_render.render(card)
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in on_telegram.keyboard]
    telegram_rules.check_keyboard({"inline_keyboard": rows})
    telegram_rules.check_text(on_telegram.text_html, "HTML")
    assert [_member(data) for row in on_telegram.keyboard for _, data in row] == numbers

    on_slack = slack_render.render(card)
    sent = {"text": on_slack.text, "blocks": on_slack.blocks}
    assert slack_rules.message_error(sent, update=True) is None
    assert [_member(one["value"]) for _, one in slack_rules.interactive(on_slack.blocks)] == numbers


def _member(data: str) -> int:
    wish = buttons.decode(data)
    assert isinstance(wish, buttons.OpenReasoning)
    return wish.member


# Live edits freeze the bot for everyone.


async def test_chats_in_flood_delay_nobody_else(counting: World) -> None:
    """Theme: one chat whose edits are refused with "retry after" halts every request of the bot."""
    gate = asyncio.Event()
    counting.models.say_next("claude/claude-1", *[held(filled(arena.opinion("claude")), gate)] * 2)
    closed = [counting.telegram.group(GROUP), counting.telegram.group(GROUP - 1)]
    private = counting.telegram.private(BOB)
    async with counting.serving():
        for chat, ticker in zip(closed, ("AAPL", "MSFT"), strict=True):
            counting.telegram.say(chat, ALICE, f"/run {ticker} quick")
        for chat in closed:
            await counting.said(chat, "claude")
        for chat in closed:
            counting.telegram.flood_next(chat, FOREVER_S)

        def refused() -> bool:
            return sum(call.status == 429 for call in counting.telegram.calls) == len(closed)

        gate.set()
        await counting.telegram.until(refused, "two chats that are flooded")
        began, before = time.monotonic(), len(counting.telegram.calls)
        counting.telegram.say(private, BOB, "/whoami")
        await counting.said(private, "runner")
        counting.telegram.say(private, BOB, "/run GOOG quick")
        await counting.verdict(private)
        await counting.slack.slash("/run", "IBM quick", SLACK_ALICE, CHANNEL)
        await counting.slack_verdict(CHANNEL)
        assert time.monotonic() - began < FOREVER_S / 2
        # And the flooded chats were left alone meanwhile, as Telegram asks.
        after = [str(call.params.get("chat_id")) for call in counting.telegram.calls[before:]]
        assert not {str(chat.id) for chat in closed} & set(after)


# A scheduled job hits the flood limits.


async def test_a_morning_report_for_many_chats_keeps_below_telegrams_limits(counting: World) -> None:
    """Theme: all subscriptions come due in one second, and half of the chats get a 429 and no report."""
    chats = [counting.telegram.group(GROUP - number) for number in range(35)]
    unlucky = chats[7]
    counting.telegram.flood_next(unlucky, 10)
    async with counting.serving() as app:
        for chat in chats:
            await due_now(app, "telegram", str(chat.id))

        def arrived() -> bool:
            return all(len(counting.telegram.messages(chat)) == 2 for chat in chats)

        await counting.telegram.until(arrived, "a report in every chat", 45)
        at = {
            call.params["chat_id"]: call.at
            for call in counting.telegram.calls
            if call.method == "sendMessage" and call.status == 200
        }
        assert len(at) == len(chats)
        flooded = next(call.at for call in counting.telegram.calls if call.status == 429)
        late = at.pop(next(chat for chat in at if int(chat) == unlucky.id))
        assert late - flooded >= 10
        # The others did not wait for the chat that was flooded.
        assert max(at.values()) < late
        assert sum(flooded < moment for moment in at.values()) >= 10
        await asyncio.sleep(0.5)
    # The leaderboard and its picture, once each.
    for chat in chats:
        assert [one.file is not None for one in counting.telegram.messages(chat)] == [False, True]


# A message that is too long is swallowed.


def _essay() -> tuple[str, list[str]]:
    """11,000 characters in lines of up to 2,188, and the words that stand in them everywhere."""
    marks = [f"mark{number:03d}" for number in range(110)]
    text = " ".join(f"{mark} <b>&amp; margins</b> *shrink* & grow 📉 again {'~' * 45}" for mark in marks)
    lines = [text[at : at + 2_188] for at in range(0, 11_000, 2_188)]
    joined = "\n".join(lines)[:11_000]
    return joined, [mark for mark in marks if mark in joined]


async def test_a_reasoning_of_any_length_is_read_to_its_end_on_both_platforms(world: World) -> None:
    """Theme: what is longer than a message is refused by the platform, and nobody is told."""
    essay, marks = _essay()
    assert len(essay) > 8_000
    assert len(marks) > 80
    world.models.opine("claude/claude-1", arena.opinion("claude", reasoning=essay))
    private = world.telegram.private(ALICE)
    async with world.serving():
        world.telegram.say(private, ALICE, "/run GOOG quick")
        card = await world.verdict(private)
        world.telegram.press(card, card.button("claude"), ALICE)
        page = await world.said(private, marks[0])
        read = plain(page.text)
        while any("Next" in label for label in page.labels):
            edits = page.edits
            world.telegram.press(page, page.button("Next"), ALICE)
            await world.telegram.until(lambda n=edits: page.edits > n, "the next page")
            read += plain(page.text)
        assert [mark for mark in marks if mark not in read] == []

        await world.slack.slash("/run", "IBM quick", SLACK_ALICE, CHANNEL)
        message = await world.slack_verdict(CHANNEL)
        await world.slack.click(message, whys(message)[0], SLACK_ALICE)
        (view,) = await world.slack.until(lambda: world.slack.views(SLACK_ALICE))
        read = ""
        for _ in range(30):
            read += shown(view.blocks)
            turns = [one for _, one in slack_rules.interactive(view.blocks) if one["type"] == "button"]
            onward = next((one for one in turns if "Next" in one["text"]["text"]), None)
            if onward is None:
                break
            seen = view.hash
            await world.slack.click(view, onward["action_id"], SLACK_ALICE)
            await world.slack.until(lambda n=seen: view.hash != n)
        assert [mark for mark in marks if mark not in read] == []


async def test_a_card_that_telegram_refuses_comes_in_words_and_no_model_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Theme: the same, where a platform takes less than it says: the answer never comes, or is paid twice."""
    monkeypatch.setattr(telegram_rules, "MESSAGE_UNITS", 500)
    monkeypatch.setattr(telegram_rules.check_text, "__defaults__", (500,))
    monkeypatch.setattr("bot.telegram_words.SHORT", 400)
    private = world.telegram.private(ALICE)
    async with world.serving() as app:
        world.telegram.say(private, ALICE, "/run GOOG quick")
        card = await world.said(private, "here it is in words")
        assert "GOOG · BUY" in plain(card.text)
        assert (len(world.telegram.messages(private)), card.buttons) == (1, [])
        world.telegram.say(private, ALICE, "/help")
        await world.said(private, "/run")
        assert await app.open_cards("telegram") == ()
    assert world.asked == len(arena.FIVE)
    assert {one.rpartition(": ")[2] for one in world.telegram.violations} == {"message is too long"}
    world.telegram.violations.clear()  # they are what this test is about


# Groups, several users, access.


async def test_without_any_access_nobody_is_let_in(world: World) -> None:
    """Theme: a bot that anybody can use, because "allow all" was the default."""
    group, private = world.telegram.group(GROUP), world.telegram.private(MALLORY)
    async with world.serving(access={}) as app:
        world.telegram.say(private, MALLORY, "/run GOOG")
        await world.said(private, f"telegram:{MALLORY.id}")
        world.telegram.say(group, ALICE, "/leaderboard")
        await world.said(group, f"telegram:{GROUP}")
        await world.slack.slash("/run", "GOOG", SLACK_MALLORY, CHANNEL)
        told = await world.slack.until(lambda: world.slack.ephemerals(SLACK_MALLORY))
        assert f"slack:{SLACK_MALLORY}" in shown(told[0].blocks)
        # Once, and then silence.
        world.telegram.say(private, MALLORY, "/run GOOG")
        world.telegram.say(group, ALICE, "/portfolio claude")
        await world.slack.slash("/leaderboard", "", SLACK_MALLORY, CHANNEL)
        await world.telegram.until(lambda: not world.telegram.unconfirmed, "that all was taken")
        await asyncio.sleep(0.5)
        assert len(world.telegram.messages(private)) == len(world.telegram.messages(group)) == 1
        assert len(world.slack.ephemerals(SLACK_MALLORY)) == 1
        assert world.slack.messages(CHANNEL) == []
        assert await app.open_cards("telegram") == ()
    assert world.asked == 0


async def test_that_a_group_may_look_lets_nobody_in_it_act(world: World) -> None:
    """Theme: the chat is authorised, and so everybody in it may trade, stop and change everything."""
    access = {
        "admins": [f"telegram:{ALICE.id}"],
        "people": [{"id": f"telegram:{BOB.id}", "role": "runner"}],
        "chats": [{"id": f"telegram:{GROUP}", "role": "viewer"}],
    }
    gate = asyncio.Event()
    world.models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    group, elsewhere = world.telegram.group(GROUP), world.telegram.group(GROUP - 1)
    async with world.serving(access=access):
        world.telegram.say(group, MALLORY, "/run IBM")
        await world.said(group, "/run needs the role runner; you are viewer here.")
        world.telegram.say(group, BOB, "/run GOOG quick")
        card = await world.said(group, "claude")
        world.telegram.press(card, card.button("Stop"), MALLORY)
        await world.telegram.until(
            lambda: any("Only who asked" in one.text for one in world.telegram.answers), "the refusal", 10
        )
        gate.set()
        card = await world.verdict(group)
        assert "BUY" in card.text
        world.telegram.press(card, card.button("qwen"), MALLORY)
        await world.said(group, "qwen has looked at the figures.")
        # In a group that is not allowed the same person is a stranger, and a runner still is a runner.
        world.telegram.say(elsewhere, MALLORY, "/leaderboard")
        await world.said(elsewhere, f"telegram:{MALLORY.id}")
        world.telegram.say(elsewhere, BOB, "/whoami")
        await world.said(elsewhere, "runner")
    assert world.asked == len(arena.FIVE)


# Topics.


async def test_answers_buttons_and_reports_stay_in_the_topic_or_thread_where_they_were_asked_for(
    world: World,
) -> None:
    """Theme: everything lands in the general topic, because the bot forgets where it was asked."""
    forum = world.telegram.group(GROUP, topics={42, 43})
    async with world.serving():
        world.telegram.say(forum, ALICE, "/run GOOG quick", thread=42)
        world.telegram.say(forum, BOB, "/run IBM quick", thread=43)

        def ended() -> bool:
            return sum("claude" in one.labels for one in world.telegram.messages(forum)) == 2

        await world.telegram.until(ended, "both verdicts", 20)
        cards = {one.thread: one for one in world.telegram.messages(forum)}
        assert "GOOG" in cards[42].text
        assert "IBM" in cards[43].text
        world.telegram.press(cards[43], cards[43].button("qwen"), BOB)
        page = await world.said(forum, "qwen has looked at the figures.")
        assert page.thread == 43
        world.telegram.say(forum, ALICE, "/subscribe alerts on", thread=42)
        assert (await world.said(forum, "Subscription 1 is made")).thread == 42
        assert {one.thread for one in world.telegram.messages(forum)} == {42, 43}

        world.slack.join(CHANNEL)
        thread = world.slack.write(CHANNEL)
        await world.slack.mention("{bot} run MSFT quick", SLACK_ALICE, CHANNEL, thread_ts=thread)
        message = await world.slack_verdict(CHANNEL)
        assert (message.thread_ts, len(world.slack.messages(CHANNEL))) == (thread, 1)
        await world.slack.mention("{bot} leaderboard", SLACK_ALICE, CHANNEL, thread_ts=thread)
        assert (await world.slack_said(CHANNEL, "Leaderboard")).thread_ts == thread
    assert re.search(r"MSFT", shown(message.blocks))
