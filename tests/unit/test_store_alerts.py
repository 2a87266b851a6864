"""What has happened is told once, whoever notices it and however often."""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.clock import ManualClock
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import Action
from core.domain.errors import StoreError
from core.domain.season import Season
from core.domain.subscription import ChatTerms, Planned, Subscription
from core.store.store import Store
from tests.schedule_values import ALERTS, DAY, alert_of, claimed, planned, subscribed
from tests.store_values import START

pytest_plugins = ("tests.storage",)


def at_once(alert: Alert, subscription: Subscription, terms: ChatTerms) -> Planned:
    return planned(alert.at, key=alert.key)


async def test_an_alert_comes_back_as_it_was_kept(store: Store) -> None:
    flip = alert_of(
        "flip:NVDA:run00001",
        kind=AlertKind.FLIP,
        season=Season.LIVE,
        members=("claude", "gpt5"),
        run_id="run00001",
        price=Decimal("207.040000"),
        before=Action.BUY,
        after=Action.SELL,
    )
    budget = alert_of("budget", kind=AlertKind.BUDGET, percent=80, limit_usd=Decimal("5.00"))
    assert await store.alerts.add([flip, budget]) == (flip, budget)
    assert await store.alerts.get(flip.key) == flip
    assert await store.alerts.get(budget.key) == budget
    assert await store.alerts.get("unknown") is None


async def test_an_alert_is_new_once(url: str, store: Store, clock: ManualClock) -> None:
    one, two = alert_of("one"), alert_of("two")
    assert await store.alerts.add([one, one]) == (one,)
    assert await store.alerts.add([two, one]) == (two,)
    assert await store.alerts.add([]) == ()
    fresh = [alert_of(f"key {number}") for number in range(20)]
    other = await Store.open(url, clock)
    try:
        told = await asyncio.gather(
            *(own.alerts.add(each) for own, each in ((store, fresh), (other, fresh[::-1])) * 3)
        )
    finally:
        await other.close()
    assert sorted(alert.key for each in told for alert in each) == sorted(alert.key for alert in fresh)


async def test_every_chat_that_wants_alerts_is_told_a_new_one_once(store: Store) -> None:
    wanting = [await subscribed(store, chat, ALERTS) for chat in ("-1", "-2", "-3")]
    await store.subscriptions.pause(wanting[2].number, None)
    await subscribed(store, "-4")
    alert = alert_of(at=START - DAY)
    for _ in range(2):
        await store.alerts.add([alert], at_once)
    due = await claimed(store, START - DAY)
    assert sorted(one.subscription.number for one in due) == [one.number for one in wanting[:2]]
    assert {one.slot.key for one in due} == {alert.key}
    await store.alerts.add([alert], at_once)
    assert await claimed(store, START - DAY) == ()


async def test_an_alert_that_could_not_be_planned_is_noticed_again(store: Store) -> None:
    await subscribed(store, "-1", ALERTS)
    alert = alert_of()

    def broken(alert: Alert, subscription: Subscription, terms: ChatTerms) -> Planned:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.alerts.add([alert], broken)
    assert await store.alerts.get(alert.key) is None
    assert await store.alerts.add([alert], at_once) == (alert,)


async def test_a_damaged_alert_is_one_sentence(store: Store) -> None:
    await store.alerts.add([alert_of("one")])
    async with store.database.write() as connection:
        await connection.execute(text("UPDATE alerts SET alert = '{}'"))
    with pytest.raises(StoreError, match=r"^The alert one is damaged in the database; it cannot be told\.$"):
        await store.alerts.get("one")
