"""CPU time of building evidence for 100 tickers from vendors whose answers are in the store's memory already.

Each pack is full: 300 daily bars with all indicators, 20 items of news with summaries, 8 filings, ratios, 20
posts and 15 readings of the economy. Once the vendors have said just that, and once more than a pack may
hold: 60 items of news, 12 filings, 30 posts and 300 readings, which are read as well and then cut. Answers
lie in SQLite, bars in the memory that a replay has. Measured is all that a run does to have its frozen pack:
bars, splits and indicators, the answers read and cut, the pack and its hash. No vendor is asked. CPU is that
of the process with all its threads, those of SQLite among them. The reference is the goal of 5 ms a ticker
for full answers; the longer ones are there to see what they cost.

    python -m benchmarks.evidence [--tickers 100] [--rounds 5]
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from core.clock import Clock, ManualClock
from core.config.loading import settings_from
from core.config.settings import Settings
from core.domain.evidence import Evidence
from core.domain.evidence_items import EvidenceKind, Filing, Gathered, Identity, Mood, NewsItem, Snapshot
from core.domain.vendor_answers import Question
from core.market.asked_vendor import AskedVendor, VendorMaker
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain, build_chain
from core.market.evidence_port import EvidenceVendor
from core.market.gathering import Gatherer, KindChain
from core.market.vendor_pace import Rate
from core.pipeline.evidence import build_evidence
from core.store.store import Store
from tests import full_pack

GOAL_MS = 5.0
NOW = full_pack.AS_OF + timedelta(minutes=30)
BARS, SHOWN = 320, 300
LIMITS = {"news_characters": 12_000, "filings": 8}
FULL = {"news": 20, "fundamentals": 8, "sentiment": 20, "macro": 15}


class Length(NamedTuple):
    """How many items the answers have; `periods` of each of five series."""

    news: int
    filings: int
    moods: int
    periods: int


LENGTHS = {"full": Length(20, 8, 20, 3), "longer": Length(60, 12, 30, 60)}


class Answers:
    """A vendor of everything, which says as much as it is told to; `asked` counts its questions."""

    name = "answers"

    def __init__(self, length: Length) -> None:
        said = full_pack.gathered(length.news, length.filings, length.moods, macro=1)
        self._periods = length.periods
        self._said = said.model_copy(update={"news": _told_apart(said), "sentiment": _posts_apart(said)})
        self.asked = 0

    async def identity(self, ticker: str) -> Identity | None:
        return await self._answer("identity")

    async def news(self, ticker: str, since: datetime, until: datetime) -> tuple[NewsItem, ...]:
        return await self._answer("news")

    async def filings(self, ticker: str) -> tuple[Filing, ...]:
        return await self._answer("fundamentals")

    async def snapshot(self, ticker: str) -> Snapshot | None:
        return await self._answer("snapshot")

    async def moods(self, ticker: str, since: datetime, until: datetime) -> tuple[Mood, ...]:
        return await self._answer("sentiment")

    async def readings(self, until: date) -> Any:
        self.asked += 1
        back = [timedelta(days=30 * number) for number in range(self._periods)]
        return tuple(
            one.model_copy(update={"period": one.period - days, "released_on": one.released_on - days})
            for one in self._said.macro
            for days in back
        )

    async def close(self) -> None:
        pass

    async def _answer(self, kind: str) -> Any:
        self.asked += 1
        return getattr(self._said, kind)


def _told_apart(said: Gathered) -> tuple[NewsItem, ...]:
    return tuple(
        item.model_copy(
            update={
                "title": f"{item.title}, part {number}",
                "published_at": full_pack.AS_OF - timedelta(hours=2 * number),
            }
        )
        for number, item in enumerate(said.news)
    )


def _posts_apart(said: Gathered) -> tuple[Mood, ...]:
    return tuple(
        mood.model_copy(update={"text": f"{mood.text} ({number})"})
        for number, mood in enumerate(said.sentiment)
    )


class Spent(NamedTuple):
    """Milliseconds of CPU a ticker."""

    prices: float
    gathering: float
    pack: float

    @property
    def all(self) -> float:
        return sum(self)


class Bench(NamedTuple):
    prices: PriceChain
    gatherer: Gatherer
    calendar: MarketCalendar
    vendor: Answers


@asynccontextmanager
async def prepared(folder: Path, tickers: list[str], length: Length) -> AsyncIterator[Bench]:
    clock, calendar = ManualClock(NOW), MarketCalendar()
    await write_prices(folder, calendar, tickers)
    settings = settings_from(
        {"market": {"prices": ["csv"], "csv": {"dir": str(folder)}, "evidence": LIMITS}}, {}, name="benchmark"
    )
    kept = (NOW - timedelta(days=600)).date(), (NOW + timedelta(days=7)).date()
    prices = build_chain(settings, calendar, clock, kept)
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/bench.db", clock)
    vendor = Answers(length)
    try:
        yield Bench(prices, gatherer_of(settings, store, vendor, clock), calendar, vendor)
    finally:
        await store.close()
        await prices.close()


def gatherer_of(settings: Settings, store: Store, vendor: Answers, clock: Clock) -> Gatherer:
    limits = settings.market.evidence

    async def make() -> EvidenceVendor:
        return vendor

    maker = VendorMaker(vendor.name, make, Rate(10_000, 1.0), 10.0)
    asked = AskedVendor(maker, store.vendor_answers, limits, clock)
    return Gatherer({kind: KindChain((asked,), named=True) for kind in EvidenceKind}, (asked,), limits)


async def write_prices(folder: Path, calendar: MarketCalendar, tickers: list[str]) -> None:
    sessions = calendar.of(tickers[0])
    await sessions.load()
    day = sessions.back(NOW.date(), BARS - 1).day
    rows = ["date,open,high,low,close,volume"]
    for number in range(BARS):
        close = 180 + (number * 37 % 101) / 7
        rows.append(f"{day},{close - 1:.2f},{close + 2:.2f},{close - 2:.2f},{close:.2f},{number + 1_000_000}")
        day = sessions.after(day).day
    text = "\n".join(rows) + "\n"
    for ticker in tickers:
        (folder / f"{ticker}.csv").write_text(text)


async def built(bench: Bench, tickers: list[str]) -> Spent:
    """Build the pack of each ticker, one after another."""
    parts = [0.0, 0.0, 0.0]
    for ticker in tickers:
        times = [time.process_time()]
        series = await bench.prices.bars(ticker, None, SHOWN)
        times.append(time.process_time())
        gathered = await bench.gatherer.gather(series.ticker, series.as_of, live=True)
        times.append(time.process_time())
        session_open = bench.calendar.of(series.ticker).is_open(series.as_of)
        pack = build_evidence(series, session_open=session_open, gathered=gathered)
        assert pack.sha256
        times.append(time.process_time())
        check(pack)
        parts = [
            spent + after - before for spent, before, after in zip(parts, times, times[1:], strict=False)
        ]
    return Spent(*(1000 * spent / len(tickers) for spent in parts))


async def measured(tickers: list[str], rounds: int, length: Length) -> Spent:
    """Return the median of so many rounds."""
    with tempfile.TemporaryDirectory() as name:
        async with prepared(Path(name), tickers, length) as bench:
            await built(bench, tickers)  # the vendors answer, and the store keeps it
            asked = bench.vendor.asked
            spent = sorted([await built(bench, tickers) for _ in range(rounds)], key=lambda one: one.all)
            if bench.vendor.asked != asked or asked < len(tickers) * (len(Question) - 1):
                raise SystemExit("a vendor was asked, although its answers were kept")
            return spent[rounds // 2]


def check(pack: Evidence) -> None:
    found = {kind: len(getattr(pack, kind)) for kind in FULL}
    if found != FULL or pack.identity is None or pack.snapshot is None or pack.absences:
        raise SystemExit(f"the pack is not full: {found}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tickers", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    tickers = [f"T{number}X" for number in range(arguments.tickers)]
    print(f"{'tickers':>8} {'answers':>8} {'CPU a ticker':>13} {'reference':>10} {'ratio':>6}   of which")
    for name, length in LENGTHS.items():
        spent = asyncio.run(measured(tickers, arguments.rounds, length))
        shares = ", ".join(f"{part} {value:.2f}" for part, value in spent._asdict().items())
        print(
            f"{len(tickers):>8} {name:>8} {spent.all:>10.2f} ms {GOAL_MS:>7.2f} ms "
            f"{spent.all / GOAL_MS:>6.2f}   {shares}"
        )


if __name__ == "__main__":
    main()
