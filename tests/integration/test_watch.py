"""What chats are told at once: found once, however often and by whomever it is looked for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from core.app import watch
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import Action
from core.domain.subscription import ChatTerms, Due, Topic, Wanted
from tests.loopback.model_replies import server_error
from tests.market_days import PRICED, Days, at, evening, market_days
from tests.schedule_values import as_it_was

pytest_plugins = ("tests.storage",)

WEEK = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30"]
FLAT = dict.fromkeys(WEEK, "100,100,100,100")
BEFORE = evening("2025-10-26")
CHAT = "-100"
UNMOVED = {"failures": 1000, "min_calls": 1000}
"""Routes stay open however often they fail: what is told of them is looked at elsewhere."""


@pytest_asyncio.fixture
async def days(url: str, tmp_path: Path) -> AsyncIterator[Days]:
    """A market that stands still, and one chat that has subscribed to alerts."""
    async with market_days(tmp_path, url=url, **PRICED, health=UNMOVED) as scene:
        scene.market.prices("NVDA", FLAT)
        scene.market.flat("SPY", "400", WEEK)
        scene.clock.set(BEFORE)
        await hears(scene)
        yield scene


async def hears(days: Days, chat: str = CHAT) -> int:
    """Subscribe a chat to alerts, and return the subscription's number."""
    wanted, now = Wanted(topic=Topic.ALERTS), days.clock.now()
    rows = days.store.subscriptions
    return (await rows.add("telegram", chat, None, wanted, "telegram:1", now, None, limit=9)).number


async def looked(days: Days) -> Alert:
    """Look out in two processes at once and once more, and return the one alert that was found."""
    other = await days.start()
    found = [alert for app in (*days._apps[:1], other) for alert in await app.look_out()]
    found += [alert for seen in await asyncio.gather(*(a.look_out() for a in days._apps)) for alert in seen]
    (alert,) = found
    assert await days.app.alert(alert.key) == alert
    return alert


async def waiting(days: Days) -> tuple[Due, ...]:
    return await days.store.slots.upcoming(50)


async def test_nobody_is_told_anything_where_nothing_happens(days: Days) -> None:
    await days.buy("NVDA", evening("2025-10-27"))
    await days.keep(evening("2025-10-28"))
    assert await days.app.look_out() == ()
    assert await waiting(days) == ()


async def test_a_stop_is_told_once_with_its_price_and_holder(days: Days) -> None:
    days.market.prices("NVDA", FLAT | {"2025-10-29": "100,100,90,90"})
    await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
    await days.keep(evening("2025-10-29"))
    alert = await looked(days)
    assert (alert.kind, alert.ticker, alert.members) == (AlertKind.STOP, "NVDA", ("claude",))
    assert alert.price == Decimal(95)
    (due,) = await waiting(days)
    assert (due.slot.key, due.subscription.chat) == (alert.key, CHAT)


async def test_a_take_profit_is_told(days: Days) -> None:
    days.market.prices("NVDA", FLAT | {"2025-10-29": "100,120,100,110"})
    await days.buy("NVDA", evening("2025-10-27"), take_profit=115)
    await days.keep(evening("2025-10-29"))
    assert (await looked(days)).kind is AlertKind.TAKE_PROFIT


async def test_another_verdict_on_what_is_held_is_told(days: Days) -> None:
    await days.buy("NVDA", evening("2025-10-27"))
    await days.keep(evening("2025-10-28"))
    run = await days.sell("NVDA", evening("2025-10-28") + timedelta(minutes=5))
    alert = await looked(days)
    assert (alert.kind, alert.run_id, alert.members) == (AlertKind.FLIP, run.run_id, ("claude",))
    assert (alert.before, alert.after) == (Action.BUY, Action.SELL)


async def test_another_verdict_on_what_nobody_holds_is_no_news(days: Days) -> None:
    days.say("SELL")
    await days.run("NVDA", evening("2025-10-27"))
    days.say("HOLD")
    await days.run("NVDA", evening("2025-10-28"))
    assert await days.app.look_out() == ()


async def test_a_model_that_fails_three_times_in_a_row_is_told_once(
    days: Days,
) -> None:
    days._models.always("claude/claude-1", server_error())
    for minute in range(3):
        await days.run("NVDA", at("2025-10-27", 22, minute))
        if minute < 2:
            assert await days.app.look_out() == ()
    alert = await looked(days)
    assert (alert.kind, alert.members) == (AlertKind.MODEL_DOWN, ("claude",))
    await days.run("NVDA", at("2025-10-27", 22, 10))
    assert await days.app.look_out() == ()


async def test_a_budget_is_told_at_four_fifths_and_when_it_is_used_up(days: Days) -> None:
    cost = (await days.run("NVDA", evening("2025-10-27"))).spend.cost_usd
    assert await (await days.start(budget={"daily_usd": str(cost * 2)})).look_out() == ()
    (found,) = await (await days.start(budget={"daily_usd": str(cost * Decimal("1.2"))})).look_out()
    assert (found.kind, found.percent, found.chat) == (AlertKind.BUDGET, 80, None)
    app = await days.start(budget={"daily_usd": str(cost)})
    (found,) = await app.look_out()
    assert (found.percent, found.limit_usd) == (100, cost)
    assert await app.look_out() == ()
    assert len(await waiting(days)) == 2


async def test_a_chats_own_budget_is_told_there_and_nowhere_else(days: Days) -> None:
    mine = await hears(days, "-200")
    record = await days.run("NVDA", evening("2025-10-27"), requested_in="telegram:-200")
    app = await days.start(budget={"per_chat_daily_usd": str(record.spend.cost_usd)})
    (found,) = await app.look_out()
    assert (found.percent, found.chat) == (100, "telegram:-200")
    assert [due.subscription.number for due in await waiting(days)] == [mine]


async def test_the_end_of_a_season_is_told(days: Days) -> None:
    await days.buy("NVDA", evening("2025-10-27"))
    await days.app.end_season_on(date(2025, 10, 28))
    await days.keep(evening("2025-10-28"))
    alert = await looked(days)
    assert (alert.kind, alert.season) == (AlertKind.SEASON, "live")


async def test_the_end_of_a_season_that_was_frozen_days_later_is_told_too(days: Days) -> None:
    await days.buy("NVDA", evening("2025-10-27"))
    await days.app.end_season_on(date(2025, 10, 28))
    await days.keep(evening("2025-10-31"))
    assert (await looked(days)).kind is AlertKind.SEASON


async def test_a_streak_is_told_once_though_its_beginning_is_looked_at_no_more(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "RESULTS", 4)
    days._models.always("claude/claude-1", server_error())
    found = []
    for minute in range(8):
        await days.run("NVDA", at("2025-10-27", 22, minute))
        found += await days.app.look_out()
    assert [one.key.rpartition(":")[2] for one in found] == [found[0].key.rpartition(":")[2], "live"]


async def test_a_model_that_sits_on_the_committee_no_more_is_not_down(days: Days) -> None:
    days._models.always("claude/claude-1", server_error())
    for minute in range(3):
        await days.run("NVDA", at("2025-10-27", 22, minute))
    other = await days.start(members=[{"name": "grok", "route": ["loopback:grok/grok-4"]}])
    assert await other.look_out() == ()


async def test_who_subscribes_after_it_happened_is_not_told(days: Days) -> None:
    days.market.prices("NVDA", FLAT | {"2025-10-29": "100,100,90,90"})
    await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
    await days.keep(evening("2025-10-29"))
    await hears(days, "-200")
    await looked(days)
    assert [due.subscription.chat for due in await waiting(days)] == [CHAT]


async def test_what_happened_days_ago_is_no_news_any_more(days: Days) -> None:
    days.market.prices("NVDA", FLAT | {"2025-10-28": "100,100,90,90"})
    await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
    await days.keep(evening("2025-10-30"))
    assert await days.app.look_out() == ()


async def test_in_quiet_hours_it_waits_for_their_end(days: Days) -> None:
    terms = ChatTerms(zone="Europe/London", quiet_from=time(21), quiet_until=time(7))
    await days.store.subscriptions.set_terms(f"telegram:{CHAT}", terms, BEFORE, as_it_was)
    days.market.prices("NVDA", FLAT | {"2025-10-29": "100,100,90,90"})
    await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
    await days.keep(evening("2025-10-29"))
    alert = await looked(days)
    (due,) = await waiting(days)
    assert (due.slot.at, due.slot.due_at) == (alert.at, at("2025-10-30", 7))


async def test_where_nobody_listens_nothing_is_noted(days: Days) -> None:
    assert await days.store.subscriptions.pause_chat("telegram", CHAT, "closed")
    days.market.prices("NVDA", FLAT | {"2025-10-29": "100,100,90,90"})
    await days.buy("NVDA", evening("2025-10-27"), stop_loss=95)
    await days.keep(evening("2025-10-29"))
    assert await days.app.look_out() == ()
