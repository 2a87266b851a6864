"""The watchlists of chats, and what they make of times that are planned and claimed."""

import asyncio
from datetime import time, timedelta

import pytest

from core.domain.errors import Refused
from core.domain.subscription import AtTime, ChatTerms, Due, Planned, Slot, Step, Subscription, Topic, Wanted
from core.store.due_changes import Replan
from core.store.store import Store
from tests.schedule_values import DAY, DIGEST, planned, subscribed
from tests.store_values import START

pytest_plugins = ("tests.storage",)

CHAT = "telegram:-100"
ON_LIST = Wanted(topic=Topic.VERDICTS, when=AtTime(days=(1,), at=time(9)))
LATER = START + 2 * DAY


def planning(watchlist: tuple[str, ...], terms: ChatTerms) -> Replan:
    assert terms == ChatTerms()

    def replan(found: Subscription, slot: Slot | None) -> Planned | None:
        assert found.wanted.on_watchlist
        assert slot is not None
        return planned(LATER, tickers=watchlist)

    return replan


async def changed(
    store: Store, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> tuple[str, ...]:
    _, after = await store.watched.change(
        CHAT, add=add, remove=remove, by="telegram:1", at=START, limit=3, planning=planning
    )
    return after


async def test_a_list_keeps_the_order_in_which_it_was_made(store: Store) -> None:
    assert await changed(store, add=("NVDA", "AAPL")) == ("NVDA", "AAPL")
    store.database.clock.advance(1)  # type: ignore[attr-defined]
    assert await changed(store, add=("AAPL",), remove=("NVDA",)) == ("AAPL",)
    assert await store.watched.of_chat(CHAT) == ("AAPL",)
    assert await store.watched.of_chats([CHAT, "slack:C1"]) == {CHAT: ("AAPL",)}
    assert await store.watched.of_chats([]) == {}


async def test_a_list_that_would_be_too_long_stays_as_it_was(store: Store) -> None:
    await changed(store, add=("A", "B"))
    with pytest.raises(Refused, match="3 tickers at most, and this would be 4"):
        await changed(store, add=("C", "D"))
    assert await store.watched.of_chat(CHAT) == ("A", "B")


async def test_two_who_add_at_once_do_not_both_get_the_last_place(store: Store) -> None:
    await changed(store, add=("A", "B"))
    done = await asyncio.gather(
        *(changed(store, add=(ticker,)) for ticker in ("C", "D")), return_exceptions=True
    )
    assert sum(isinstance(one, Refused) for one in done) == 1
    assert len(await store.watched.of_chat(CHAT)) == 3


async def test_a_change_plans_what_is_about_the_watchlist_anew_and_nothing_else(store: Store) -> None:
    on_list = await subscribed(store, wanted=ON_LIST, first=planned(START + DAY, tickers=("SPY",)))
    other = await subscribed(store, wanted=DIGEST, first=planned(START + DAY))
    await changed(store, add=("NVDA",))
    slots = {due.subscription.number: due.slot for due in await store.slots.upcoming(9)}
    assert (slots[on_list.number].at, slots[on_list.number].tickers) == (LATER, ("NVDA",))
    assert slots[other.number].at == START + DAY


async def test_a_claim_knows_the_list_of_the_chat_for_what_is_about_it(store: Store) -> None:
    await changed(store, add=("NVDA", "AAPL"))
    await subscribed(store, wanted=ON_LIST, first=planned())
    await subscribed(store, wanted=DIGEST, first=planned())
    await subscribed(store, "-200", wanted=ON_LIST, first=planned())
    seen: dict[tuple[str, Topic], tuple[str, ...]] = {}

    def step(due: Due) -> Step:
        seen[due.subscription.chat, due.subscription.wanted.topic] = due.watchlist
        return Step(slot=due.slot)

    until = START + timedelta(minutes=1)
    taken = await store.slots.claim(START, ["telegram"], "me", until, 9, step)
    expected = {
        ("-100", Topic.VERDICTS): ("NVDA", "AAPL"),
        ("-100", Topic.DIGEST): (),
        ("-200", Topic.VERDICTS): (),
    }
    assert seen == expected
    over = await store.slots.take_over(until, ["telegram"], "you", until + DAY, 9)
    for found in (taken, over):
        told = {(one.subscription.chat, one.subscription.wanted.topic): one.watchlist for one in found}
        assert told == expected
