"""A log of trades made elsewhere becomes a member's books: every row at its session's price, or none at all.

The log goes through the same sessions, splits, dividends and closes as everybody's books, in one transaction.
A row that the cash or the holding does not cover is refused by its line, and nothing of the file is booked.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from core.clock import Clock
from core.config import Settings
from core.domain.actions import ActionKind
from core.domain.bars import Mark
from core.domain.books import Fill, Order, OrderCause, OrderState, Side
from core.domain.errors import Refused, StoreError
from core.domain.ids import new_id
from core.domain.member import MemberKind
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.trade_log import Imported, LoggedTrade, LogPrice, TradeLog
from core.domain.values import to_cents
from core.ledger.costs import fee, fill_price
from core.market.calendar import MarketCalendar, Session
from core.market.chain import PriceChain
from core.pipeline.history import History, Moved, fetch
from core.pipeline.walking import benchmark_passed, daily_value
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import Passed
from core.store.store import Store

_LOOK_BACK = timedelta(days=10)


class Importer:
    """Books logs of trades. `source` is the vendor by whose prices they are valued."""

    def __init__(
        self, settings: Settings, store: Store, prices: PriceChain, calendar: MarketCalendar, clock: Clock
    ) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._calendar = calendar
        self._clock = clock

    async def run(
        self, log: TradeLog, member: str, season: Season, price: LogPrice, *, costs: bool
    ) -> Imported:
        """Book a whole log into the books of `member` in `season`, or nothing of it.

        With `costs` the configured slippage and fee are added to each trade.

        Raises:
            Refused: a row cannot be booked (by its line), the member has traded in the season already, or
                prices are missing.
        """
        history = await self._history(log)
        await self._store.members.ensure(member, MemberKind.IMPORTED)
        async with self._store.books.locked(season) as books:
            booking = _Booking(
                self._settings, self._calendar, books, history, log, member, price, costs=costs
            )
            return await booking.book(self._clock)

    async def _history(self, log: TradeLog) -> History:
        """Return the prices of every ticker of the log, by the first vendor of the chain that has them."""
        now = self._clock.now()
        end = self._calendar.exchange.last_closed(now).day
        tickers = sorted({trade.ticker for trade in log.trades} | {self._settings.arena.benchmark})
        start = log.first - _LOOK_BACK
        found = History(start, end, self._calendar)
        for vendor in self._prices.vendors:
            missing = {ticker: vendor.name for ticker in tickers if not found.bars.get(ticker)}
            if not missing:
                break
            more = await fetch(self._prices, self._calendar, missing, start, end, now)
            for ticker in missing:
                if more.bars.get(ticker):
                    found.bars[ticker] = more.bars[ticker]
                    found.actions[ticker] = more.actions[ticker]
                    found.sources[ticker] = vendor.name
        for trade in log.trades:
            if trade.ticker not in found.bars:
                raise Refused(f"Line {trade.line}: no price vendor has {trade.ticker}. Nothing was imported.")
        return found


class _Booking:
    """One import under way, inside its transaction."""

    def __init__(
        self,
        settings: Settings,
        calendar: MarketCalendar,
        books: LockedBooks,
        history: History,
        log: TradeLog,
        member: str,
        price: LogPrice,
        *,
        costs: bool,
    ) -> None:
        self._settings = settings
        self._terms = settings.trading
        self._calendar = calendar
        self._books = books
        self._history = history
        self._log = log
        self._member = member
        self._price = price
        self._costs = costs
        self._import_id = new_id(12)

    async def book(self, clock: Clock) -> Imported:
        """Book everything, and return what was done."""
        log, books, season = self._log, self._books, self._books.season
        sessions = await self._sessions()
        if await books.imports.has_traded(self._member):
            raise Refused(
                f"{self._member} has traded in season {season} already; import into another with --season."
            )
        first = sessions[0]
        kind = season if season.is_the_arenas else "import"
        await books.sessions.open_season(kind, self._settings.arena.benchmark, first.opens)
        await books.open_account(self._member, self._settings.arena.initial_cash, first.opens)
        if not await books.imports.begin(self._import_id, self._member, log, self._price, clock.now()):
            raise Refused(f"{log.file_name} is in the books of {self._member} already.")
        by_day: dict[date, list[LoggedTrade]] = {}
        for trade in log.trades:
            by_day.setdefault(trade.day, []).append(trade)
        values: list[tuple[Passed, DailyValue]] = []
        before: Passed | None = None
        for session in sessions:
            await self._open(session, before)
            traded = Decimal(0)
            for trade in by_day.pop(session.day, ()):
                traded += await self._trade(trade, session)
            before, value = await self._close(session, before, traded)
            values.append((before, value))
        if by_day:
            (late, *_), day = min(by_day.values(), key=lambda trades: trades[0].line), min(by_day)
            raise Refused(f"Line {late.line}: the exchange was closed on {day}. Nothing was imported.")
        await books.imports.values(self._member, values)
        return Imported(
            season=season,
            member=self._member,
            rows=log.rows,
            trades=len(log.trades),
            without_trade=log.without_trade,
            sessions=len(values),
            first=values[0][1].session,
            last=values[-1][1].session,
            value_usd=values[-1][1].value_usd,
        )

    async def _sessions(self) -> Sequence[Session]:
        """Return the sessions from the log's first day to its last, or as far as the season has come."""
        known = await self._books.imports.sessions()
        if known and self._log.first < known[0]:
            raise Refused(
                f"Season {self._books.season} begins on {known[0]}, and the log on {self._log.first}; "
                "import it into a season of its own with --season."
            )
        last = max(self._log.last, known[1]) if known else self._log.last
        sessions = self._calendar.exchange.between(self._log.first, min(last, self._history.end))
        if not sessions:
            raise Refused(f"The exchange was closed from {self._log.first} to {self._log.last}.")
        return sessions

    async def _open(self, session: Session, before: Passed | None) -> None:
        """Apply the splits and dividends that came into force since the last close."""
        after = before.session if before else session.day - timedelta(days=1)
        for held in (await self._books.portfolio(self._member)).positions:
            bar = self._history.on(held.ticker, session.day)
            for action in self._history.acted(held.ticker, after, session.day):
                split = action.kind is ActionKind.SPLIT
                await self._books.imports.apply(
                    action,
                    self._member,
                    self._calendar.of(held.ticker).opening(session.day),
                    fractional=self._terms.fractional,
                    price=bar.bar.open if bar and split else None,
                )

    async def _trade(self, trade: LoggedTrade, session: Session) -> Decimal:
        """Book one row and return its amount in USD."""
        bar = self._history.on(trade.ticker, session.day)
        if bar is None:
            raise self._refused(trade, f"{trade.ticker} has no price on {session.day}")
        order, fill = self._made(trade, bar)
        portfolio = await self._books.portfolio(self._member)
        held = portfolio.position(trade.ticker)
        have = held.shares if held else Decimal(0)
        if trade.side is Side.SELL and have < trade.shares and not self._terms.allow_short:
            raise self._refused(trade, f"it sells {trade.shares} {trade.ticker}, and {have} are held")
        needed = -(fill.amount_usd - fill.fee_usd)
        if trade.side is Side.BUY and needed > portfolio.cash_usd:
            raise self._refused(trade, f"it costs ${needed:,.2f}, and the cash is ${portfolio.cash_usd:,.2f}")
        await self._books.add_order(order)
        try:
            await self._books.fill_order(fill, shorts=self._terms.allow_short)
        except StoreError as error:
            raise self._refused(trade, str(error).rstrip(".")) from None
        await self._books.add_mark(
            Mark(ticker=trade.ticker, price=fill.price, at=fill.filled_at, source=self._source(trade.ticker))
        )
        return abs(fill.amount_usd)

    def _made(self, trade: LoggedTrade, bar: Moved) -> tuple[Order, Fill]:
        """Return the order and the fill of one row."""
        late = self._price is LogPrice.CLOSE
        market = trade.price or (bar.bar.close if late else bar.bar.open)
        price = fill_price(market, trade.side, self._terms) if self._costs else market
        amount = to_cents(price * trade.shares)
        at = bar.closes if late else bar.opens
        who = {"season": self._books.season, "run_id": None, "member": self._member, "ticker": trade.ticker}
        order = Order(
            id=new_id(12),
            side=trade.side,
            shares=trade.shares,
            reference_price=market,
            decided_session=bar.bar.date,
            created_at=at,
            state=OrderState.PENDING,
            cause=OrderCause.IMPORT,
            import_id=self._import_id,
            **who,
        )
        fill = Fill(
            id=new_id(12),
            order_id=order.id,
            side=trade.side,
            shares=trade.shares,
            price=price,
            amount_usd=-amount if trade.side is Side.BUY else amount,
            fee_usd=fee(amount, self._terms) if self._costs else Decimal("0.00"),
            session=bar.bar.date,
            filled_at=at,
            **who,
        )
        return order, fill

    async def _close(
        self, session: Session, before: Passed | None, traded: Decimal
    ) -> tuple[Passed, DailyValue]:
        """Value the books at a session's close."""
        portfolio = await self._books.portfolio(self._member)
        marks = {}
        for held in portfolio.positions:
            bar = self._history.last_closed(held.ticker, session.closes)
            if bar is not None:
                mark = Mark(
                    ticker=held.ticker, price=bar.bar.close, at=bar.closes, source=self._source(held.ticker)
                )
                marks[held.ticker] = mark
                await self._books.add_mark(mark)
        value = daily_value(portfolio, marks, session)._replace(traded_usd=traded)
        passed = benchmark_passed(self._history, session, before, self._settings.arena.benchmark)
        return passed, value

    def _source(self, ticker: str) -> str:
        return self._history.sources[ticker]

    def _refused(self, trade: LoggedTrade, why: str) -> Refused:
        return Refused(f"{self._log.file_name} line {trade.line}: {why}. Nothing was imported.")
