"""The daily report of costs: posted exactly once, each call in one of them, and for admins of all chats."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.cards import Notice
from bot.cost_cards import CostCard
from bot.desk import Desk
from bot.present.notices import NO_ROLE
from bot.request import Person
from core.domain.subscription import Topic
from tests.call_facts import call_of
from tests.door_double import CHAT, DoorDouble, request
from tests.postman_scene import ADMIN, AFTER_LEASE, Opening, PostClock, Process, missing_in, until
from tests.store_values import START

pytest_plugins = ("tests.postman_fixtures",)

DAILY = "costs daily 16:00"
DAY_S = 86_400.0
BOB = Person("telegram:1002", "Bob")
ACCESS = {
    "admins": [ADMIN],
    "people": [{"id": BOB.id, "role": "runner"}],
}


def reports(process: Process) -> list[CostCard]:
    return [card for card in process.shown if isinstance(card, CostCard)]


def total(card: CostCard) -> str:
    return dict(card.facts)["Total"]


async def test_a_report_is_posted_once_however_many_processes_look(starting: Opening) -> None:
    first = await starting()
    second = await starting()
    await first.app._store.calls.add([call_of(1, at=START - timedelta(hours=1), usd="1.25")])
    await first.subscribes(DAILY)
    await asyncio.gather(*(process.works() for process in (first, second) for _ in range(3)))
    (card,) = reports(first) + reports(second)
    assert total(card) == "$1.25"
    assert card.subtitle.startswith("All chats · 2025-10-28 16:00 to 2025-10-29 16:00")
    assert card.buttons == ()
    assert await first.ended() == [("delivered", None)]


async def test_each_call_is_in_one_report_also_when_one_comes_late(
    starting: Opening, post_clock: PostClock
) -> None:
    process = await starting()
    hours = (-25, -24, -23, 0, 1, 23, 24)
    await process.app._store.calls.add([call_of(n, at=START + timedelta(hours=n), usd="0.01") for n in hours])
    await process.subscribes(DAILY)
    await process.works()
    post_clock.advance(DAY_S + 600)
    await process.works()
    assert [total(card) for card in reports(process)] == ["$0.02", "$0.03"]


async def test_a_process_that_dies_while_it_posts_leaves_one_report_or_a_note_and_never_two(
    starting: Opening, post_clock: PostClock
) -> None:
    first = await starting()
    await first.subscribes(DAILY)
    never = asyncio.Event()
    first.door.trouble = lambda kind, number: never
    await first.postman.tick()
    await until(lambda: first.door.calls)
    await first.dies()
    post_clock.advance(AFTER_LEASE)
    second = await starting()
    await second.works()
    assert reports(second) == []
    (note,) = missing_in(second.shown)
    assert "the report of costs due at 16:00" in note


async def test_a_report_ends_when_whoever_wanted_it_is_no_admin_of_all_chats_any_more(
    starting: Opening,
) -> None:
    process = await starting(access=ACCESS)
    await process.app.people.grant(BOB.id, "admin", by=ADMIN, chat=CHAT.chat_id)
    await process.subscribes(DAILY, by=BOB.id)
    await process.works()
    assert reports(process) == []
    assert await process.ended() == [("failed", NO_ROLE)]


@pytest.mark.parametrize("line", ["subscribe costs weekdays 18:00", "subscribe cost daily"])
async def test_only_an_admin_of_all_chats_subscribes_to_costs(starting: Opening, line: str) -> None:
    process = await starting(access=ACCESS)
    await process.app.people.grant(BOB.id, "admin", by=ADMIN, chat=CHAT.chat_id)
    desk, door = Desk(process.app), DoorDouble()
    await desk.handle(request(line, person=BOB, delivery="1"), door)
    assert isinstance(door.last.now, Notice)
    assert "Only an admin of all chats" in door.last.now.text
    assert await process.app.subscriptions.of_chat("telegram", CHAT.chat) == ()
    await desk.handle(request(line, delivery="2"), door)
    (listed,) = await process.app.subscriptions.of_chat("telegram", CHAT.chat)
    assert listed.subscription.wanted.topic is Topic.COSTS
    await desk.handle(request("subscribe 1 costs daily 09:00", person=BOB, delivery="3"), door)
    assert "Only an admin of all chats" in door.last.now.text


async def test_costs_in_a_chat_are_those_of_its_earlier_ids_too(starting: Opening) -> None:
    process = await starting()
    app = process.app
    await app._store.calls.add(
        [call_of(1, at=START - timedelta(hours=1), usd="0.50"), call_of(2, at=START, chat="slack:C1")]
    )
    report = await app.costs(scope=await app.costs_scope("telegram:-100123", None))
    assert report.total.spend.cost_usd == Decimal("0.50")
    assert (report.total.sent, report.forecast.days) == (1, 0)


async def test_the_limits_that_are_told_are_those_of_today(starting: Opening) -> None:
    budget = {"daily_usd": "5.00", "per_chat_daily_usd": "1.00", "tiers": {"premium": "2.00"}}
    process = await starting(budget=budget)
    app = process.app
    await app._store.calls.add(
        [
            call_of(1, at=START, usd="0.30", tier="premium"),
            call_of(2, at=START - timedelta(hours=2), usd="0.20"),
            call_of(3, at=START - timedelta(days=1), usd="4.00", tier="premium"),
        ]
    )
    everything = await app.costs(period="30d")
    told = {limit.what: (limit.spent_usd, limit.left_usd) for limit in everything.limits}
    assert told == {
        "day": (Decimal("0.50"), Decimal("4.50")),
        "tier premium": (Decimal("0.30"), Decimal("1.70")),
    }
    (here,) = (await app.costs(scope=await app.costs_scope("telegram:-100123", None))).limits
    assert (here.what, here.left_usd) == ("chat", Decimal("0.50"))
