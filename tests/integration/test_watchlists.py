"""A subscription about the watchlist means that of its chat, from the first time to the claim."""

from datetime import timedelta

import pytest

from core.domain.errors import Refused
from core.schedule.reading import read_wanted
from tests.postman_scene import ADMIN, CHAT, Opening, PostClock

pytest_plugins = ("tests.postman_fixtures",)

CHAT_ID = f"telegram:{CHAT}"
LINE = "verdicts watchlist weekdays 16:30"


async def test_each_chat_gets_verdicts_on_its_own_list(starting: Opening, post_clock: PostClock) -> None:
    process = await starting(arena={"watchlist": ["SPY"]})
    app = process.app
    for chat in (CHAT, "-100999"):
        await app.subscriptions.subscribe(
            "telegram", chat, None, person=ADMIN, wanted=read_wanted(LINE.split())
        )
    await app.watchlists.add(CHAT_ID, ["nvda", "AAPL"], person=ADMIN)
    slot = await app._store.slots.upcoming(9)
    post_clock.advance((slot[0].slot.due_at - post_clock.now()).total_seconds())
    claimed = await app.agenda.claim(("telegram",))
    assert {due.subscription.chat: due.slot.tickers for due in claimed} == {
        CHAT: ("NVDA", "AAPL"),
        "-100999": ("SPY",),
    }
    planned = {due.subscription.chat: due.slot.tickers for due in await app._store.slots.upcoming(9)}
    assert planned == {CHAT: ("NVDA", "AAPL"), "-100999": ("SPY",)}


async def test_what_is_worked_on_already_keeps_its_tickers(starting: Opening, post_clock: PostClock) -> None:
    process = await starting(arena={"watchlist": ["SPY"]})
    app = process.app
    await app.subscriptions.subscribe("telegram", CHAT, None, person=ADMIN, wanted=read_wanted(LINE.split()))
    (waiting,) = await app._store.slots.upcoming(9)
    post_clock.advance((waiting.slot.due_at - post_clock.now()).total_seconds())
    (due,) = await app.agenda.claim(("telegram",))
    await app.watchlists.add(CHAT_ID, ["NVDA"], person=ADMIN)
    assert due.slot.tickers == ("SPY",)
    (following,) = await app._store.slots.upcoming(9)
    assert following.slot.tickers == ("NVDA",)
    assert following.slot.at - due.slot.at >= timedelta(days=1)


async def test_a_chat_may_subscribe_about_its_list_where_the_arena_has_none(starting: Opening) -> None:
    app = (await starting()).app
    wanted = read_wanted(LINE.split())
    with pytest.raises(Refused, match="/watch add NVDA"):
        await app.subscriptions.subscribe("telegram", CHAT, None, person=ADMIN, wanted=wanted)
    await app.watchlists.add(CHAT_ID, ["NVDA"], person=ADMIN)
    made = await app.subscriptions.subscribe("telegram", CHAT, None, person=ADMIN, wanted=wanted)
    assert made.listed.slot is not None
    assert made.listed.slot.tickers == ("NVDA",)
    assert await app.subscriptions.tickers(CHAT_ID) == (("NVDA",), ())
    assert await app.subscriptions.tickers() == ((), ())
    emptied = await app.watchlists.remove(CHAT_ID, ["NVDA"], person=ADMIN)
    assert (emptied.own, emptied.tickers, emptied.removed) == (False, (), ("NVDA",))
