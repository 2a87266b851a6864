"""Orders that wait for the next open, over several days, with prices from a folder of files."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import OffsetClock
from core.domain.books import OrderState
from core.domain.errors import NoPrices
from core.domain.run import RunRecord
from tests import arena
from tests.loopback.model_server import ModelServer

HEAD = "date,open,high,low,close,volume\n"
WEEK = {
    "2025-10-27": "100,102,99,101",
    "2025-10-28": "101,103,100,102",
    "2025-10-29": "102,104,101,103",
    "2025-10-30": "110,112,109,111",
    "2025-10-31": "111,113,110,112",
}
ONE = {
    "members": [{"name": "claude", "route": ["loopback:claude/claude-1"]}],
    "consensus": {"min_members": 1},
    # These are about the orders of one member; what follows it is in test_followed_runs.
    "arena": {"committee": False, "crowd": False},
}


def write_prices(folder: Path, until: str, ticker: str = "NVDA") -> None:
    rows = [f"{day},{prices},1000000" for day, prices in WEEK.items() if day <= until]
    (folder / f"{ticker}.csv").write_text(HEAD + "\n".join(rows) + "\n")


def evening(day: int, minute: int = 0) -> datetime:
    """After the close of a day of that week, in New York."""
    return datetime(2025, 10, day, 22, minute, tzinfo=UTC)


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        server.opine("claude/claude-1", arena.opinion("claude"))
        yield server


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    folder = tmp_path / "prices"
    folder.mkdir()
    return folder


async def run_on(
    day: int,
    models: ModelServer,
    folder: Path,
    prices: Path,
    *,
    ticker: str = "NVDA",
    minute: int = 0,
    **sections: object,
) -> RunRecord:
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    clock = OffsetClock(evening(day, minute))
    app = await arena.opened(models.base_url, folder, clock=clock, market=market, **{**ONE, **sections})
    try:
        return await arena.finished(app, arena.request(ticker))
    finally:
        await app.close()


async def test_an_order_waits_until_the_next_open_is_known_and_fills_there(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-29")
    first = await run_on(29, models, tmp_path, prices)
    (order,) = first.orders
    assert order.state is OrderState.PENDING
    assert first.fills == ()
    write_prices(prices, "2025-10-30")
    second = await run_on(30, models, tmp_path, prices)
    earlier = await _record(models, tmp_path, prices, first.run_id)
    (fill,) = earlier.fills
    assert fill.session.isoformat() == "2025-10-30"
    assert fill.price == Decimal("110.022")
    assert fill.filled_at == datetime(2025, 10, 30, 13, 30, tzinfo=UTC)
    assert second.seats[0].briefing.portfolio.position("NVDA") is not None


async def _record(models: ModelServer, folder: Path, prices: Path, run_id: str) -> RunRecord:
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await arena.opened(models.base_url, folder, clock=OffsetClock(evening(31)), market=market, **ONE)
    try:
        return await app.record(run_id)
    finally:
        await app.close()


async def test_a_newer_ballot_replaces_an_order_that_still_waits(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-29")
    first = await run_on(29, models, tmp_path, prices)
    second = await run_on(29, models, tmp_path, prices, minute=5)
    (replaced,) = (await _record(models, tmp_path, prices, first.run_id)).orders
    assert replaced.state is OrderState.CANCELLED
    assert replaced.reason == f"replaced by the newer ballot of run {second.run_id}"
    (waiting,) = second.orders
    assert waiting.state is OrderState.PENDING


async def test_a_run_of_the_past_fills_at_the_open_that_followed_it(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-31")
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await arena.opened(models.base_url, tmp_path, clock=OffsetClock(evening(31)), market=market, **ONE)
    wanted = arena.request("NVDA", as_of=datetime(2025, 10, 28, 20, tzinfo=UTC))
    record = await arena.finished(app, wanted)
    (fill,) = record.fills
    assert (fill.session.isoformat(), fill.price) == ("2025-10-29", Decimal("102.0204"))
    sent = models.requests[0].messages[1]["content"]
    assert "2025-10-28" in sent
    assert "2025-10-29" not in sent
    board = await app.leaderboard()
    assert board.standings[0].trades == 1
    await app.close()


async def test_a_stale_folder_of_prices_is_refused_by_name(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-27")
    with pytest.raises(NoPrices, match=r"csv: .*2025-10-27"):
        await run_on(31, models, tmp_path, prices)
    assert models.requests == []


async def run_at(
    moment: datetime,
    models: ModelServer,
    folder: Path,
    prices: Path,
    *,
    as_of: datetime | None,
    **sections: object,
) -> RunRecord:
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await arena.opened(
        models.base_url, folder, clock=OffsetClock(moment), market=market, **ONE, **sections
    )
    try:
        return await arena.finished(app, arena.request("NVDA", as_of=as_of))
    finally:
        await app.close()


NOON = datetime(2025, 10, 30, 16, tzinfo=UTC)


async def test_an_order_decided_in_an_open_session_never_fills_at_that_mornings_open(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-30")
    live = await run_at(NOON, models, tmp_path, prices, as_of=None)
    assert live.orders[0].state is OrderState.PENDING
    assert live.orders[0].decided_session.isoformat() == "2025-10-30"
    write_prices(prices, "2025-10-31")
    looking_back = await run_at(evening(31), models, tmp_path, prices, as_of=NOON + timedelta(hours=1))
    (fill,) = looking_back.fills
    assert fill.session.isoformat() == "2025-10-31"
    assert fill.filled_at > looking_back.as_of


async def test_with_fill_last_an_open_exchange_fills_at_the_price_of_the_moment(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-30")
    record = await run_at(NOON, models, tmp_path, prices, as_of=None, trading={"fill": "last"})
    (fill,) = record.fills
    assert fill.price == Decimal("111.0222")
    assert fill.session.isoformat() == "2025-10-30"
    assert "last price: 111.00 (session 2025-10-30)" in models.requests[0].messages[1]["content"]
    # The running bar is the price of the moment and no bar of the past.
    assert "2025-10-30 110" not in models.requests[0].messages[1]["content"]


async def test_with_fill_last_a_look_back_into_an_open_session_waits_for_the_next_open(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-31")
    trading = {"fill": "last"}
    record = await run_at(evening(31), models, tmp_path, prices, as_of=NOON, trading=trading)
    (fill,) = record.fills
    assert (fill.session.isoformat(), fill.price) == ("2025-10-31", Decimal("111.0222"))
    assert "2025-10-30" not in models.requests[0].messages[1]["content"].split("indicators")[1]


async def test_books_only_go_forward(models: ModelServer, prices: Path, tmp_path: Path) -> None:
    write_prices(prices, "2025-10-31")
    later = await run_at(evening(31), models, tmp_path, prices, as_of=evening(30))
    assert len(later.fills) == 1
    earlier = await run_at(evening(31), models, tmp_path, prices, as_of=evening(28))
    (order,) = earlier.orders
    assert order.state is OrderState.CANCELLED
    assert order.reason == "books only go forward: its last order is of 2025-10-30 22:00 UTC"
    again = await run_at(evening(31), models, tmp_path, prices, as_of=evening(30))
    assert again.orders[0].reason is not None
    assert "already holds" in again.orders[0].reason


async def test_an_older_run_leaves_a_newer_waiting_order_alone(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    write_prices(prices, "2025-10-31")
    waiting = await run_at(evening(31), models, tmp_path, prices, as_of=None)
    await run_at(evening(31), models, tmp_path, prices, as_of=evening(29))
    (order,) = (await _record(models, tmp_path, prices, waiting.run_id)).orders
    assert order.state is OrderState.PENDING


async def test_money_lost_to_a_gap_is_clamped_to_the_cash_there_is(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    models.opine("claude/claude-1", arena.opinion("claude", target_weight=1.0))
    write_prices(prices, "2025-10-30")
    record = await run_on(30, models, tmp_path, prices, trading={"max_position": 1})
    assert record.orders[0].state is OrderState.PENDING
    write_prices(prices, "2025-10-31")
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await arena.opened(models.base_url, tmp_path, clock=OffsetClock(evening(31)), market=market, **ONE)
    await app.keep_books()
    (fill,) = (await app.record(record.run_id)).fills
    assert [clamp.rule for clamp in fill.clamps] == ["cash"]
    statement = await app.portfolio("claude")
    assert 0 <= statement.cash_usd < Decimal("0.05")
    await app.close()


async def test_tickers_of_one_request_all_trade_in_whatever_order_they_end(
    models: ModelServer, prices: Path, tmp_path: Path
) -> None:
    names = ("AAA", "BBB", "CCC", "DDD", "EEE")
    for name in names:
        write_prices(prices, "2025-10-30", name)
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await arena.opened(models.base_url, tmp_path, clock=OffsetClock(evening(30)), market=market, **ONE)
    records = await asyncio.gather(*(arena.finished(app, arena.request(name)) for name in names))
    assert [record.orders[0].state for record in records] == [OrderState.PENDING] * 5
    await app.close()
