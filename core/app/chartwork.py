"""The use case behind a price chart: what a ticker has cost, and where a member bought and sold it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from core.app.scoreboard import Scoreboard, caveat_of
from core.clock import Clock
from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.books import Fill
from core.domain.errors import NoPrices
from core.domain.instrument import parse_ticker
from core.domain.member import Member
from core.domain.price_history import Entry, PriceHistory
from core.domain.season import Season
from core.domain.values import to_price, to_shares
from core.market.chain import PriceChain
from core.market.splits import adjusted, growth
from core.store.store import Store

_SHOWN_AT_LEAST = timedelta(days=130)
_SHOWN_AT_MOST = timedelta(days=400)
_BEFORE_THE_FIRST_ENTRY = timedelta(days=20)
_FILLS_READ = 2_000
_SESSIONS = 90
NO_SPLITS = "Splits could not be looked up, so prices from before one are as traded."


class Chartwork(ABC):
    """A part of `App`."""

    clock: Clock
    _store: Store
    _prices: PriceChain
    _scoreboard: Scoreboard

    @abstractmethod
    async def member(self, text: str) -> Member:
        """Return the member whose name is `text`."""

    async def price_history(self, member: str, ticker: str, season: Season | None = None) -> PriceHistory:
        """Return the newest bars of a ticker with a member's fills, in a season as in `portfolio`.

        They reach back to the first of its fills, but not more than some 13 months, and come from the vendor
        that the books are valued with. Nothing in them is newer than now; on the sample's prices, where time
        stands still, nothing is newer than its mark.

        Raises:
            BadTicker: the text is no ticker.
            NotFound: no such member or season.
            NoPrices: the vendor had no usable prices.
        """
        ticker = parse_ticker(ticker)
        found = await self.member(member)
        season = await self._scoreboard.current(season)
        books = self._store.books
        newest = await books.fills(season, found.name, _FILLS_READ)
        fills = [fill for fill in reversed(newest) if fill.ticker == ticker]
        marks = await books.marks(season)
        caveat = caveat_of(season, marks)
        mark = marks.get(ticker)
        if mark is None:
            series = await self._prices.bars(ticker, None, _SESSIONS)
            running = [series.running] if series.running else []
            bars, source, caveat = (*series.bars, *running), series.source, caveat or series.caveat
            splits: Sequence[CorporateAction] = ()
        else:
            source, now = mark.source, self.clock.now()
            until = mark.at.date() if season == Season.SAMPLE else now.date() + timedelta(days=1)
            bars = await self._prices.raw_bars(ticker, _first_day(fills, until), until, source, now)
            if not bars:
                raise NoPrices(f"{source} has no prices of {ticker} for these days.")
            known = await self._splits(ticker, bars, source)
            splits = known or ()
            bars = adjusted(bars, splits)
            if known is None:
                caveat = f"{caveat} {NO_SPLITS}" if caveat else NO_SPLITS
        portfolio = await books.portfolio(season, found.name)
        shown = [fill for fill in fills if bars[0].date <= fill.session <= bars[-1].date]
        return PriceHistory(
            season=season,
            member=found.name,
            ticker=ticker,
            source=source,
            bars=bars,
            entries=tuple(_entry(fill, splits) for fill in shown),
            earlier=sum(fill.session < bars[0].date for fill in fills),
            position=portfolio.position(ticker),
            caveat=caveat,
        )

    async def _splits(
        self, ticker: str, bars: Sequence[Bar], source: str
    ) -> tuple[CorporateAction, ...] | None:
        """Return the splits in force by the last bar, or None where the vendor cannot tell."""
        try:
            actions = await self._prices.actions(ticker, bars[0].date, bars[-1].date, source)
        except NoPrices:
            return None
        return tuple(action for action in actions if action.kind is ActionKind.SPLIT)


def _first_day(fills: Iterable[Fill], until: date) -> date:
    """Return the day that the chart begins with: some time before the first fill that it can show."""
    oldest = until - _SHOWN_AT_MOST
    shown = [fill.session for fill in fills if fill.session >= oldest + _BEFORE_THE_FIRST_ENTRY]
    first = min(shown, default=until) - _BEFORE_THE_FIRST_ENTRY
    return min(first, until - _SHOWN_AT_LEAST)


def _entry(fill: Fill, splits: Iterable[CorporateAction]) -> Entry:
    ratio = growth(fill.session, splits)
    return Entry(
        fill=fill, price=to_price(fill.price / ratio), shares=to_shares(fill.shares * ratio, fractional=True)
    )
