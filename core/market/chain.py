"""The ordered chain of price vendors: the first whose bars are good wins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

from core.clock import Clock
from core.config import Settings
from core.config.settings import PriceVendorName
from core.domain.bars import Bar, BarSeries, Mark
from core.domain.errors import NoPrices, Refused, VendorFailure, VendorTimeout
from core.domain.instrument import parse_ticker
from core.market.alpha_vantage_vendor import AlphaVantageVendor
from core.market.calendar import FIRST_DAY, LAST_DAY, MarketCalendar, Sessions
from core.market.checks import check_shape, check_time
from core.market.csv_vendor import CsvVendor
from core.market.port import PriceVendor
from core.market.sample_vendor import SAMPLE_TICKERS, SampleVendor
from core.market.yfinance_vendor import YfinanceVendor

_MARK_SESSIONS = 10
_MOST_NAMED = 10

T = TypeVar("T")


class PriceChain:
    """Asks its vendors one after another, cuts at `as_of`, and refuses by name what cannot be trusted.

    A bar counts once its session has closed. `timeout_s` limits each question to a vendor, in seconds.
    """

    def __init__(
        self,
        vendors: Sequence[PriceVendor],
        calendar: MarketCalendar,
        clock: Clock,
        max_age_sessions: int,
        timeout_s: float,
    ) -> None:
        self.vendors = tuple(vendors)
        self._calendar = calendar
        self._clock = clock
        self._max_age = max_age_sessions
        self._timeout_s = timeout_s

    async def bars(self, ticker: str, as_of: datetime | None, sessions: int = 300) -> BarSeries:
        """Return up to `sessions` newest bars that were final at `as_of`, of the first vendor with good ones.

        Without `as_of` it is the present: the clock's, or the archive's own for a fixed archive.

        Raises:
            BadTicker: the text is no ticker.
            Refused: `as_of` lies in the future, or outside the years of the calendar.
            NoPrices: no vendor had good bars; one sentence says from where they were asked and why not.
        """
        ticker = parse_ticker(ticker)
        self._check_moment(as_of)
        causes: list[VendorFailure] = []
        for vendor in self.vendors:
            try:
                return await self._series(vendor, ticker, as_of, sessions)
            except VendorFailure as failure:
                causes.append(failure)
        raise _no_prices(ticker, causes)

    async def bar_after(self, ticker: str, session: date, source: str, now: datetime) -> Bar | None:
        """Return the first bar later than `session` that has opened at `now`; None while there is none.

        Only the vendor `source` is asked, so that books never mix sources. If that session is still open,
        the bar's open is known, and its other figures are those of the moment. For a fixed archive `now` is
        past anyway.

        Raises:
            NoPrices: the vendor is not in the chain any more, or had no usable answer.
        """
        ticker = parse_ticker(ticker)
        sessions = await self._sessions(ticker)
        try:
            vendor = self._vendor(source)
            following = sessions.after(session)
            if following.opens > now:
                return None
            newest = sessions.back(now.astimezone(UTC).date()).day
            bars = await self._ask(vendor, ticker, following.day, max(newest, following.day))
            known = [bar for bar in bars if sessions.opening(bar.date) <= now]
            check_shape(vendor.name, ticker, known)
        except VendorFailure as failure:
            raise _no_prices(ticker, [failure]) from failure
        return known[0] if known else None

    async def latest_mark(self, ticker: str, as_of: datetime | None, source: str) -> Mark:
        """Return the close of the last session that had closed at `as_of`, from the vendor `source`.

        `as_of` is as in `bars`.

        Raises:
            Refused: `as_of` lies in the future, or outside the years of the calendar.
            NoPrices: the vendor is not in the chain any more, or had no good bars.
        """
        ticker = parse_ticker(ticker)
        self._check_moment(as_of)
        try:
            series = await self._series(self._vendor(source), ticker, as_of, _MARK_SESSIONS)
        except VendorFailure as failure:
            raise _no_prices(ticker, [failure]) from failure
        made = self._calendar.of(ticker).closing(series.last.date)
        return Mark(ticker=ticker, price=series.last.close, at=made, source=source)

    async def close(self) -> None:
        """Release the connections of every vendor."""
        for vendor in self.vendors:
            await vendor.close()

    async def _series(
        self, vendor: PriceVendor, ticker: str, as_of: datetime | None, count: int
    ) -> BarSeries:
        sessions = await self._sessions(ticker)
        moment = as_of or await self._present(vendor, ticker) or self._clock.now()
        newest = sessions.last_closed(moment)
        start = sessions.back(newest.day, count - 1).day
        live = as_of is None and sessions.is_open(moment)
        end = sessions.after(newest.day).day if live else newest.day
        bars, running = _apart(await self._ask(vendor, ticker, start, end), sessions, moment)
        if not bars:
            raise await self._absent(vendor, ticker, start, newest.day)
        check_shape(vendor.name, ticker, [*bars, running] if live and running else bars)
        check_time(vendor.name, ticker, bars, sessions=sessions, as_of=moment, max_age=self._max_age)
        return BarSeries(
            ticker=ticker,
            source=vendor.name,
            as_of=moment.astimezone(UTC),
            bars=tuple(bars),
            running=running if live else None,
            caveat=vendor.caveat,
        )

    async def _absent(self, vendor: PriceVendor, ticker: str, start: date, end: date) -> VendorFailure:
        """Say that a vendor has no bars: what it holds instead, where that is little enough to name."""
        held = await self._within(vendor, vendor.tickers())
        if held is None or ticker in held:
            return VendorFailure(vendor.name, f"has no bars of {ticker} from {start} to {end}")
        if 0 < len(held) <= _MOST_NAMED:
            return VendorFailure(vendor.name, f"holds only {_listed(held)}")
        return VendorFailure(vendor.name, f"does not hold {ticker}")

    async def _ask(self, vendor: PriceVendor, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        return await self._within(vendor, vendor.daily_bars(ticker, start, end))

    async def _present(self, vendor: PriceVendor, ticker: str) -> datetime | None:
        return await self._within(vendor, vendor.present(ticker))

    async def _within(self, vendor: PriceVendor, question: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await question
        except TimeoutError:
            raise VendorTimeout(vendor.name, f"no answer within {self._timeout_s:g} seconds") from None

    async def _sessions(self, ticker: str) -> Sessions:
        sessions = self._calendar.of(ticker)
        # The first question loads the calendar library, which takes most of a second.
        await asyncio.to_thread(sessions.session, FIRST_DAY)
        return sessions

    def _vendor(self, source: str) -> PriceVendor:
        for vendor in self.vendors:
            if vendor.name == source:
                return vendor
        raise VendorFailure(source, "is not among [market] prices any more")

    def _check_moment(self, as_of: datetime | None) -> None:
        if as_of is None:
            return
        if as_of > self._clock.now():
            raise Refused(
                f"The moment {as_of:%Y-%m-%d %H:%M %Z} lies in the future; take one that has passed."
            )
        if not FIRST_DAY < as_of.date() < LAST_DAY:
            raise Refused(f"The moment {as_of:%Y-%m-%d} lies outside {FIRST_DAY:%Y} to {LAST_DAY:%Y}.")


def build_chain(settings: Settings, calendar: MarketCalendar, clock: Clock) -> PriceChain:
    """Return the chain that `[market] prices` asks for. Nothing is connected to yet."""
    market = settings.market
    makers: dict[PriceVendorName, Callable[[], PriceVendor]] = {
        "csv": lambda: CsvVendor(market.csv),
        "sample": lambda: SampleVendor(calendar),
        "yfinance": lambda: YfinanceVendor(market.yfinance),
        "alpha_vantage": lambda: AlphaVantageVendor(market.alpha_vantage, clock),
    }
    # The vendors hold to limits of their own; the chain's is the last resort behind them.
    limit = 1 + max(market.yfinance.timeout_s, market.alpha_vantage.timeout_s, 10.0)
    vendors = [makers[name]() for name in dict.fromkeys(market.prices)]
    return PriceChain(vendors, calendar, clock, market.max_age_sessions, limit)


def _apart(bars: Sequence[Bar], sessions: Sessions, moment: datetime) -> tuple[list[Bar], Bar | None]:
    """Take out the bar of the session that is under way: vendors have one, and its close is none."""
    running = [bar for bar in bars if sessions.opening(bar.date) <= moment < sessions.closing(bar.date)]
    return [bar for bar in bars if bar not in running], running[-1] if running else None


def _no_prices(ticker: str, causes: Sequence[VendorFailure]) -> NoPrices:
    tried = "; ".join(f"{cause.vendor}: {cause.reason.rstrip('.')}" for cause in causes)
    sample = _listed(SAMPLE_TICKERS)
    # Whoever has the sample among their vendors has just read what it holds.
    hint = "" if sample in tried else f"; the bundled sample holds {sample}"
    why = tried or "no vendor is set"
    return NoPrices(f"Prices for {ticker} could not be had ({why}){hint}.", tuple(causes))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
