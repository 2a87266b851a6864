"""Runs that subscriptions ask for: made once for all, within what the day may cost, on fresh prices."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from core.app.app import App
from core.domain.run import RunRecord
from core.domain.stage import Preset
from core.domain.subscription import WEEKDAYS, AtTime, ChatTerms, Due, Slot, Subscription, Topic, Wanted
from tests.market_days import PRICED, Days, evening, market_days

pytest_plugins = ("tests.storage",)

TICKERS = ("AAPL", "MSFT", "NVDA")
WEEK = ["2025-10-24", "2025-10-27", "2025-10-28"]
TODAY = evening("2025-10-27")


@pytest_asyncio.fixture
async def days(url: str, tmp_path: Path) -> AsyncIterator[Days]:
    async with market_days(tmp_path, url=url, **PRICED) as scene:
        for ticker in TICKERS:
            scene.market.flat(ticker, "100", WEEK[:2])
        scene.clock.set(TODAY)
        scene.say("HOLD")
        yield scene


def due(
    chat: str = "-100", at: datetime = TODAY, preset: Preset | None = Preset.QUICK, *, cheaper: bool = False
) -> Due:
    """A slot of a chat that subscribed to verdicts."""
    when = AtTime(days=WEEKDAYS, at=at.time())
    return Due(
        subscription=Subscription(
            number=abs(int(chat)),
            platform="telegram",
            chat=chat,
            wanted=Wanted(topic=Topic.VERDICTS, when=when, tickers=TICKERS, preset=preset),
            created_by="telegram:1001",
            created_at=TODAY,
        ),
        terms=ChatTerms(cheaper=cheaper),
        slot=Slot(
            subscription=abs(int(chat)), key=f"{at:%Y-%m-%dT%H:%MZ}", at=at, due_at=at, tickers=TICKERS
        ),
    )


async def made(app: App, wanted: Due, ticker: str = "NVDA") -> RunRecord:
    record = await app.scheduled_run(wanted, ticker)
    assert isinstance(record, RunRecord), record
    return record


async def refused(app: App, wanted: Due, ticker: str = "NVDA") -> str:
    sentence = await app.scheduled_run(wanted, ticker)
    assert isinstance(sentence, str), sentence
    return sentence


async def test_one_run_is_for_all_chats_and_processes_for_ever(days: Days) -> None:
    one, two = days.app, await days.start()
    chats = [due(f"-{number}") for number in range(1, 7)]
    records = await asyncio.gather(*(made(app, chat) for app in (one, two) for chat in chats))
    assert len({record.run_id for record in records}) == 1
    assert len(days._models.requests) == 1
    days.clock.set(evening("2025-10-28"))
    assert (await made(await days.start(), due("-9"))).run_id == records[0].run_id


async def test_another_time_ticker_or_preset_is_another_run(days: Days) -> None:
    wanted = [(due(), "NVDA"), (due(), "AAPL"), (due(at=TODAY.replace(minute=30)), "NVDA")]
    records = [await made(days.app, slot, ticker) for slot, ticker in wanted]
    assert len({record.run_id for record in records}) == 3


async def test_all_runs_of_one_slot_are_of_one_moment(days: Days) -> None:
    chats = [due(), due("-200")]
    found = await asyncio.gather(*(made(days.app, chat, ticker) for chat in chats for ticker in TICKERS))
    assert len({record.run_id for record in found}) == len(TICKERS)
    assert len({record.as_of for record in found}) == 1


async def test_another_slot_and_one_that_is_tried_again_later_have_a_moment_of_their_own(days: Days) -> None:
    first = await made(days.app, due(), "AAPL")
    other = await made(days.app, due(at=TODAY.replace(minute=30)), "AAPL")
    days.clock.set(TODAY + timedelta(minutes=20))
    late = await made(days.app, due(), "MSFT")
    assert first.as_of < other.as_of < TODAY + timedelta(minutes=20) <= late.as_of


async def test_a_budget_that_is_used_up_skips_the_run_and_says_so(days: Days) -> None:
    cost = (await made(days.app, due())).spend.cost_usd
    app = await days.start(budget={"daily_usd": str(cost)})
    sentence = await refused(app, due(), "AAPL")
    assert sentence.startswith("not run: the budget for the day, $0.0")
    assert sentence.endswith(", is used up.")
    assert len(days._models.requests) == 1


async def test_a_run_that_would_cost_more_than_is_left_is_skipped_with_both_figures(days: Days) -> None:
    cost = (await made(days.app, due())).spend.cost_usd
    app = await days.start(budget={"daily_usd": str(cost * Decimal("1.5"))})
    sentence = await refused(app, due(), "AAPL")
    assert re.fullmatch(
        r"not run: it would cost about \$0\.0\d+, and the budget for the day has \$0\.0\d+ left\.", sentence
    )
    assert len(days._models.requests) == 1


async def test_a_run_begun_before_goes_on_whatever_the_budget_says(days: Days) -> None:
    record = await made(days.app, due())
    app = await days.start(budget={"daily_usd": str(record.spend.cost_usd)})
    assert (await made(app, due("-200"))).run_id == record.run_id


async def test_a_chats_own_budget_stops_that_chat_only(days: Days) -> None:
    cost = (await made(days.app, due())).spend.cost_usd
    app = await days.start(budget={"per_chat_daily_usd": str(cost), "daily_usd": "5"})
    assert "the budget of this chat for the day" in await refused(app, due(), "AAPL")
    app = await days.start(budget={"per_chat_daily_usd": str(cost + Decimal("0.2")), "daily_usd": "5"})
    await made(app, due("-200"), "AAPL")


async def test_a_budget_without_room_for_a_single_call_is_told_as_such(days: Days) -> None:
    cost = (await made(days.app, due())).spend.cost_usd
    # Enough for a run as it usually is, and not for the longest answer that a call might bring.
    app = await days.start(budget={"daily_usd": str(cost * Decimal("2.1"))})
    assert (await refused(app, due(), "AAPL")).startswith("no verdict: what the budget has left")
    assert len(days._models.requests) == 1


async def test_a_chat_may_allow_the_cheaper_preset_and_another_may_not(days: Days) -> None:
    app = await days.start(budget={"daily_usd": "0.1"})
    sentence = await refused(app, due(preset=Preset.STANDARD))
    assert "it would cost about $0.38" in sentence
    record = await made(app, due("-200", preset=Preset.STANDARD, cheaper=True))
    assert record.preset is Preset.QUICK
    # What was begun for one chat is there for all that would have made do with it.
    assert (await made(app, due("-300", preset=Preset.QUICK))).run_id == record.run_id


async def test_the_runs_of_one_slot_do_not_all_count_on_the_same_money(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await days.start(budget={"daily_usd": "0.25"})

    async def dear(preset: Preset) -> Decimal:
        return Decimal("0.1")

    monkeypatch.setattr(app._scheduled._estimates, "of_run", dear)
    found = await asyncio.gather(*(app.scheduled_run(due(), ticker) for ticker in TICKERS))
    (told,) = [one for one in found if isinstance(one, str)]
    assert told.startswith("not run: it would cost about $0.10, and the budget for the day has $0.0")
    # They have cost less than was expected, so that there is room again.
    await made(app, due(at=TODAY.replace(minute=1)), "NVDA")


async def test_no_run_is_made_on_a_price_of_an_earlier_session(days: Days) -> None:
    days.clock.set(evening("2025-10-28"))
    sentence = await refused(days.app, due(at=evening("2025-10-28")))
    assert sentence.startswith("No price of 2025-10-28 has come for NVDA;")
    assert days._models.requests == []
    # It is no run that was begun: once the price has come, the same slot has its run.
    days.market.flat("NVDA", "100", WEEK)
    assert (await made(await days.start(), due(at=evening("2025-10-28")))).ticker == "NVDA"


async def test_a_ticker_without_any_price_is_told_in_one_sentence(days: Days) -> None:
    sentence = await refused(days.app, due(), "ZZZZ")
    assert "ZZZZ" in sentence
    assert "\n" not in sentence
