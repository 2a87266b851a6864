"""However the keeping of books is interrupted, each step is done whole or not at all, and done once."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from core.clock import ManualClock
from core.config import Settings
from core.domain.errors import StoreError, VendorTimeout
from core.market.calendar import MarketCalendar
from core.market.chain import build_chain
from core.market.csv_vendor import CsvVendor
from core.pipeline.bookkeeping import Bookkeeper
from core.store.locked_books import LockedBooks
from core.store.store import Store
from tests import arena
from tests.market_days import BOOKS, LIVE, PLAIN, Days, Market, at, evening, market_days, rows

NAMES = ("claude", "gpt5", "gemini")
TRADING = PLAIN | {"fee_bps": "10", "allow_short": True, "max_position": 1, "max_gross_exposure": 2}
MOMENTS = (
    at("2025-10-28", 15),
    evening("2025-10-28"),
    at("2025-10-29", 6),
    evening("2025-10-29"),
    at("2025-10-31", 15),
    evening("2025-10-31"),
    at("2025-11-02", 12),
    evening("2025-11-03"),
)
State = tuple[tuple[tuple[str, object], ...], ...]


def fill_market(market: Market) -> None:
    week = ["2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30", "2025-10-31", "2025-11-03"]
    nvda = dict.fromkeys(week, "100,101,99,100") | {"2025-10-29": "50,51,49,50", "2025-10-31": "47,48,40,42"}
    market.prices("NVDA", nvda | {"2025-11-03": "42,43,41,42"})
    market.actions("NVDA", "2025-10-29,split,2")
    market.prices("AAPL", dict.fromkeys(week, "200,201,199,200") | {"2025-10-29": "390,400,380,400"})
    market.actions("AAPL", "2025-10-30,dividend,1.1")
    market.prices(
        "BTC-USD", dict.fromkeys(["2025-10-26", *week, "2025-11-01", "2025-11-02"], "100,100,90,95")
    )
    market.prices("SPY", dict.fromkeys(week, "400,404,400,404"))


async def cast(days: Days) -> None:
    """Long, short and weekend positions, with levels: something for every part of a step."""
    when = evening("2025-10-27")
    for ticker, ballots in {
        "NVDA": (("BUY", 0.3, 88), ("SELL", -0.2, 130), ("BUY", 0.2, None)),
        "AAPL": (("SELL", -0.8, None), ("BUY", 0.4, 150), ("HOLD", None, None)),
        "BTC-USD": (("BUY", 0.1, 80), ("BUY", 0.2, 92), ("HOLD", None, None)),
    }.items():
        for name, (action, weight, stop) in zip(NAMES, ballots, strict=True):
            days.say(action, name, target_weight=weight, stop_loss=stop)
        await days.run(ticker, when, as_of=when)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which ballots have left their orders, and with the prices that follow."""
    folder = tmp_path_factory.mktemp("decided")
    members = [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in NAMES]
    async with market_days(folder, members=members, trading=TRADING) as days:
        fill_market(days.market)
        await cast(days)
    return folder


@asynccontextmanager
async def keeping(folder: Path, name: str) -> AsyncIterator[tuple[Store, Callable[[datetime], Any]]]:
    """A copy of the database, and what carries its books to a moment."""
    copy = folder / f"{name}.db"
    shutil.copy(folder / "conclave.db", copy)
    market = {"prices": ["csv"], "csv": {"dir": str(folder / "prices")}, "max_age_sessions": 30}
    rules: Settings = arena.settings(
        "http://127.0.0.1:1/v1", folder, url=f"sqlite+aiosqlite:///{copy}", market=market, trading=TRADING
    )
    clock = ManualClock(evening("2025-10-27"))
    store, calendar = await Store.open(rules.store.url, clock), MarketCalendar()
    keepers: list[Bookkeeper] = []

    async def advance(moment: datetime) -> None:
        clock.advance((moment - clock.now()).total_seconds())
        if not keepers:
            keepers.append(Bookkeeper(rules, store, build_chain(rules, calendar, clock), calendar, clock))
        try:
            await keepers[0].advance(LIVE)
        except BaseException:
            keepers.clear()  # the process is gone with all that it remembered
            raise

    try:
        yield store, advance
    finally:
        await store.close()
        copy.unlink()


async def state_of(store: Store) -> State:
    """Everything in the books but what is drawn by lot: ids become the order in which they came."""
    ids: dict[object, int] = {}

    def told(name: str, value: object) -> object:
        return ids.setdefault(value, len(ids)) if name in {"id", "order_id", "fill_id", "run_id"} else value

    tables = [await rows(store, table) for table in BOOKS]
    return tuple(
        tuple((name, told(name, value)) for name, value in row.items() if name != "number")
        for table in tables
        for row in table
    )


@asynccontextmanager
async def noted(store: Store, states: set[State]) -> AsyncIterator[None]:
    """Note every state that a transaction on the books leaves."""
    locked, patch = store.books.locked, pytest.MonkeyPatch()
    states.add(await state_of(store))

    @asynccontextmanager
    async def noting(season: Any) -> AsyncIterator[LockedBooks]:
        async with locked(season) as books:
            yield books
        states.add(await state_of(store))

    patch.setattr(store.books, "locked", noting)
    try:
        yield
    finally:
        patch.undo()


class Trouble:
    """Counts what is asked of database and vendor, and interrupts at the given numbers."""

    def __init__(self, planned: dict[int, str]) -> None:
        self.count = 0
        self.hit = False
        self._planned = planned
        self._task = asyncio.current_task()

    def next(self, what: str) -> None:
        self.count += 1
        kind = self._planned.pop(self.count, None)
        self.hit = self.hit or kind is not None
        if kind == "cancel" and self._task:
            self._task.cancel()
        elif kind == "fail":
            if what == "vendor":
                raise VendorTimeout("csv", "no answer within 10 seconds")
            raise StoreError("the disk is full")

    @contextmanager
    def around(self, store: Store) -> Iterator[None]:
        engine, trouble, daily_bars = store.database.sync_engine, self, CsvVendor.daily_bars

        def statement(*_: object) -> None:
            trouble.next("store")

        async def bars(self: CsvVendor, *asked: Any) -> Any:
            trouble.next("vendor")
            return await daily_bars(self, *asked)

        event.listen(engine, "before_cursor_execute", statement)
        patch = pytest.MonkeyPatch()
        patch.setattr(CsvVendor, "daily_bars", bars)
        try:
            yield
        finally:
            patch.undo()
            event.remove(engine, "before_cursor_execute", statement)


async def interrupted(advance: Callable[[datetime], Any], moment: datetime) -> None:
    """Carry the books to a moment; what interrupts it is expected."""
    task = asyncio.current_task()
    try:
        await advance(moment)
    except StoreError as error:
        assert "the disk is full" in str(error)
    except asyncio.CancelledError:
        assert task is not None
        task.uncancel()


class Whole:
    """How it goes without any interruption: every state on the way, the last one, and how much is asked."""

    states: set[State]
    last: State
    asked: int


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(decided: Path) -> Whole:
    found = Whole()
    found.states = set()
    async with keeping(decided, "whole") as (store, advance):
        async with noted(store, found.states):
            for moment in MOMENTS:
                await advance(moment)
        found.last = await state_of(store)
    async with keeping(decided, "counted") as (store, advance):
        counting = Trouble({})
        with counting.around(store):
            for moment in MOMENTS:
                await advance(moment)
        found.asked = counting.count
    return found


def test_the_scene_has_something_of_everything(whole: Whole) -> None:
    words = {str(value) for row in whole.last for _, value in row}
    assert {"stop", "margin_call", "dividend", "borrow", "split"} <= words
    assert len(whole.states) > len(MOMENTS)
    assert whole.asked > 200


@pytest.mark.timeout(120)
@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    places=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["fail", "cancel"])), min_size=1, max_size=6)
)
async def test_interrupted_books_end_as_those_that_were_not(
    decided: Path, whole: Whole, places: list[tuple[float, str]]
) -> None:
    planned = {1 + int(place * (whole.asked - 1)): kind for place, kind in places}
    async with keeping(decided, "interrupted") as (store, advance):
        trouble = Trouble(planned)
        for moment in MOMENTS:
            trouble.hit = True
            while trouble.hit:
                trouble.hit = False
                with trouble.around(store):
                    await interrupted(advance, moment)
                if trouble.hit:
                    # No more than a step's worth at once: never half of one.
                    assert await state_of(store) in whole.states
        assert await state_of(store) == whole.last
        again = MOMENTS[-1].replace(minute=30)
        await advance(again)
        assert await state_of(store) == whole.last
