"""The ordered chain of price vendors: the first whose bars are good wins."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from core.clock import Clock
from core.config import Settings
from core.config.market import PriceVendorName
from core.domain.actions import CorporateAction
from core.domain.bars import Bar, BarSeries
from core.domain.errors import NoPrices, Refused, VendorFailure
from core.domain.instrument import parse_ticker
from core.market.alpha_vantage_http import MOST_WAIT_S
from core.market.alpha_vantage_vendor import AlphaVantageVendor
from core.market.calendar import FIRST_DAY, LAST_DAY, MarketCalendar, Session, Sessions
from core.market.checks import check_shape, check_time
from core.market.csv_vendor import CsvVendor
from core.market.desk import NOBODY_WAITS, Priced, VendorDesk
from core.market.exchanges import ARENA_CURRENCY
from core.market.port import PriceVendor
from core.market.remembered import RememberedVendor
from core.market.sample_vendor import SAMPLE_TICKERS, SampleVendor
from core.market.splits import adjusted
from core.market.yfinance_vendor import YfinanceVendor

_MOST_NAMED = 10
_NO_ACTIONS = "Splits could not be looked up, so prices from before one are as traded."

log = logging.getLogger(__name__)


class PriceChain:
    """Asks its vendors one after another, cuts at `as_of`, and refuses by name what cannot be trusted.

    A bar counts once its session has closed. Prices are in USD. Only `bars`, which is for evidence, adjusts
    them for splits; every other answer is as traded. `timeout_s` limits each question to a vendor (seconds),
    beside what `waits_s` has for a vendor that lets questions wait for their turn.
    """

    def __init__(
        self,
        vendors: Sequence[PriceVendor],
        calendar: MarketCalendar,
        clock: Clock,
        max_age_sessions: int,
        timeout_s: float,
        waits_s: Mapping[str, float] = NOBODY_WAITS,
    ) -> None:
        self.vendors = tuple(vendors)
        self._calendar = calendar
        self._clock = clock
        self._max_age = max_age_sessions
        self._timeout_s = timeout_s
        self._waits_s = waits_s
        self._desk = VendorDesk(calendar, clock, timeout_s, waits_s)

    def over(self, change: Callable[[PriceVendor], PriceVendor]) -> "PriceChain":
        """Return a chain like this one, with nothing remembered, over what `change` makes of its vendors."""
        return self._of([change(vendor) for vendor in self.vendors])

    def alone(self, vendor: PriceVendor) -> "PriceChain":
        """Return a chain like this one, with nothing remembered, of one vendor."""
        return self._of([vendor])

    async def bars(
        self, ticker: str, as_of: datetime | None, sessions: int = 300, *, present: datetime | None = None
    ) -> BarSeries:
        """Return up to `sessions` newest bars that were final at `as_of`, of the first vendor with good ones.

        They are in the shares of `as_of`: adjusted for each split whose session had opened by then, and for
        no later one. A vendor that cannot tell splits leaves them as traded, and the caveat says so.
        Without `as_of` it is the present: the archive's own for a fixed archive, else `present`, which is a
        moment that has just passed, or the clock's.

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
                series = await self._series(vendor, ticker, as_of, sessions, present)
                return await self._in_shares_of_then(vendor, series)
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
            priced = await self._desk.bars(vendor, ticker, following.day, max(newest, following.day))
            known = _opened(priced, sessions, now)
            check_shape(vendor.name, ticker, known)
        except VendorFailure as failure:
            raise _no_prices(ticker, [failure]) from failure
        return known[0] if known else None

    async def raw_bars(
        self, ticker: str, start: date, end: date, source: str, now: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars as traded, from `start` to `end`, of the sessions that have opened at `now`.

        They come oldest first, from the vendor `source` alone, in USD. Of a session that is still open, only
        the open is final. For a fixed archive `now` is past anyway.

        Raises:
            BadTicker: the text is no ticker.
            NoPrices: the vendor is not in the chain any more, or had no usable answer.
        """
        ticker = parse_ticker(ticker)
        sessions = await self._sessions(ticker)
        try:
            vendor = self._vendor(source)
            priced = await self._desk.bars(vendor, ticker, start, end)
            known = [bar for bar in _opened(priced, sessions, now) if start <= bar.date <= end]
            check_shape(vendor.name, ticker, known)
        except VendorFailure as failure:
            raise _no_prices(ticker, [failure]) from failure
        return tuple(known)

    async def actions(self, ticker: str, start: date, end: date, source: str) -> tuple[CorporateAction, ...]:
        """Return the splits and dividends with an ex-date from `start` to `end`, both included.

        They come by date, a split before a dividend of the same day, from the vendor `source` alone,
        dividends in USD. An action of a day whose session has not opened yet is in force only from its open.

        Raises:
            BadTicker: the text is no ticker.
            NoPrices: the vendor is not in the chain any more, or had no usable answer.
        """
        ticker = parse_ticker(ticker)
        await self._sessions(ticker)
        try:
            return await self._desk.actions(self._vendor(source), ticker, start, end)
        except VendorFailure as failure:
            reason = f"{failure.vendor}: {failure.reason.rstrip('.')}"
            sentence = f"Splits and dividends of {ticker} could not be had ({reason})."
            raise NoPrices(sentence, (failure,)) from failure

    async def close(self) -> None:
        """Release the connections of every vendor."""
        for vendor in self.vendors:
            await vendor.close()

    def _of(self, vendors: Sequence[PriceVendor]) -> "PriceChain":
        rest = self._calendar, self._clock, self._max_age, self._timeout_s, self._waits_s
        return PriceChain(vendors, *rest)

    async def _series(
        self,
        vendor: PriceVendor,
        ticker: str,
        as_of: datetime | None,
        count: int,
        present: datetime | None,
    ) -> BarSeries:
        sessions = await self._sessions(ticker)
        moment = as_of or await self._present(vendor, ticker) or present or self._clock.now()
        newest = sessions.last_closed(moment)
        start = sessions.back(newest.day, count - 1).day
        live = as_of is None and sessions.is_open(moment)
        end = sessions.after(newest.day).day if live else newest.day
        priced = await self._desk.bars(vendor, ticker, start, end)
        bars, running = _apart(priced.bars, sessions.under_way(moment))
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
            caveat=_together(vendor.caveat, _converted(priced.currency)),
            currency=priced.currency,
        )

    async def _in_shares_of_then(self, vendor: PriceVendor, series: BarSeries) -> BarSeries:
        """Return the series adjusted for the splits that were in force at its `as_of`."""
        sessions = self._calendar.of(series.ticker)
        # East of Greenwich the session of tomorrow may have opened already.
        newest = series.as_of.date() + timedelta(days=1)
        while sessions.opening(newest) > series.as_of:
            newest -= timedelta(days=1)
        try:
            in_force = await self._desk.actions(vendor, series.ticker, series.bars[0].date, newest)
        except VendorFailure as failure:
            log.warning("%s is used as traded: %s", series.ticker, failure)
            return series.model_copy(update={"caveat": _together(series.caveat, _NO_ACTIONS)})
        return series.model_copy(update={"bars": adjusted(series.bars, in_force)})

    async def _absent(self, vendor: PriceVendor, ticker: str, start: date, end: date) -> VendorFailure:
        """Say that a vendor has no bars: what it holds instead, where that is little enough to name."""
        held = await self._desk.within(vendor, vendor.tickers())
        if held is None or ticker in held:
            return VendorFailure(vendor.name, f"has no bars of {ticker} from {start} to {end}")
        if 0 < len(held) <= _MOST_NAMED:
            return VendorFailure(vendor.name, f"holds only {_listed(held)}")
        return VendorFailure(vendor.name, f"does not hold {ticker}")

    async def _present(self, vendor: PriceVendor, ticker: str) -> datetime | None:
        return await self._desk.within(vendor, vendor.present(ticker))

    async def _sessions(self, ticker: str) -> Sessions:
        sessions = self._calendar.of(ticker)
        await sessions.load()
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


def build_chain(
    settings: Settings, calendar: MarketCalendar, clock: Clock, kept: tuple[date, date] | None = None
) -> PriceChain:
    """Return the chain that `[market] prices` asks for. Nothing is connected to yet.

    Bars from the first to the last day of `kept` are asked for once and kept, for a replay.
    """
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
    if kept is not None:
        vendors = [RememberedVendor(vendor, *kept) for vendor in vendors]
    waits = {AlphaVantageVendor.name: MOST_WAIT_S}
    return PriceChain(vendors, calendar, clock, market.max_age_sessions, limit, waits)


def _apart(bars: Sequence[Bar], under_way: Session | None) -> tuple[list[Bar], Bar | None]:
    """Take out the bar of the session that is under way: vendors have one, and its close is none."""
    if under_way is None:
        return list(bars), None
    running = [bar for bar in bars if bar.date == under_way.day]
    return [bar for bar in bars if bar.date != under_way.day], running[-1] if running else None


def _opened(priced: Priced, sessions: Sessions, now: datetime) -> list[Bar]:
    return [bar for bar in priced.bars if sessions.has_opened(bar.date, now)]


def _converted(currency: str) -> str | None:
    return None if currency == ARENA_CURRENCY else f"Converted from {currency} at each day's rate."


def _together(*sentences: str | None) -> str | None:
    return " ".join(sentence for sentence in sentences if sentence) or None


def _no_prices(ticker: str, causes: Sequence[VendorFailure]) -> NoPrices:
    tried = "; ".join(f"{cause.vendor}: {cause.reason.rstrip('.')}" for cause in causes)
    sample = _listed(SAMPLE_TICKERS)
    # Whoever has the sample among their vendors has just read what it holds.
    hint = "" if sample in tried else f"; the bundled sample holds {sample}"
    why = tried or "no vendor is set"
    return NoPrices(f"Prices for {ticker} could not be had ({why}){hint}.", tuple(causes))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
