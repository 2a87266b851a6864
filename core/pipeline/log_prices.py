"""What a log of trades is worth: the prices of its tickers, and each row at its moment and price."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.books import Side
from core.domain.errors import Refused
from core.domain.trade_log import LoggedFill, LoggedTrade, LogPrice, TradeLog, refusal
from core.domain.values import to_cents, usd
from core.ledger.costs import fee, fill_price
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.history import History, Moved, fetch

LOOK_BACK = timedelta(days=60)
"""How far before a log its splits and dividends are looked up.

They are noted as over, so that no later session applies them; none looks back further than that.
"""
_MOST_USD = Decimal("9e10")
"""Amounts beyond this are more than the books can hold."""


async def history_of(
    log: TradeLog,
    benchmark: str | None,
    prices: PriceChain,
    calendar: MarketCalendar,
    known: Mapping[str, str],
    now: datetime,
) -> History:
    """Return the prices of every ticker of a log up to `now`, and of a benchmark, if one is wanted.

    A ticker of `known` has the prices of that vendor, so that books never mix sources. Any other has those of
    the first vendor of the chain that knows it.

    Raises:
        Refused: a ticker has no prices; names its first line.
    """
    first = {trade.ticker: trade.line for trade in reversed(log.trades)}
    start, end = log.first - LOOK_BACK, now.date() + timedelta(days=1)
    found = History(start, end, calendar)
    wanted = {*first, *([benchmark] if benchmark else [])}
    own = {ticker: known[ticker] for ticker in wanted if ticker in known}
    others = wanted - set(own)
    for sources in (own, *(dict.fromkeys(others, vendor.name) for vendor in prices.vendors)):
        missing = {ticker: name for ticker, name in sources.items() if not found.bars.get(ticker)}
        more = await fetch(prices, calendar, missing, start, end, now)
        found.failed |= more.failed
        for ticker, name in missing.items():
            if more.bars.get(ticker):
                found.bars[ticker] = more.bars[ticker]
                found.actions[ticker] = more.actions[ticker]
                found.sources[ticker] = name
    for ticker, line in sorted(first.items(), key=lambda item: item[1]):
        if ticker not in found.bars:
            names = known.get(ticker) or ", ".join(vendor.name for vendor in prices.vendors)
            later = "; a vendor failed, so it may help to try again" if ticker in found.failed else ""
            why = f"there are no prices of {ticker} since {log.first} (asked: {names}){later}"
            raise refusal(log.file_name, line, why)
    return found


def check_sources(history: History, tickers: set[str], *, live: bool, sample: bool) -> None:
    """Check that sample prices and others do not come together in the live or the sample books.

    Raises:
        Refused: they would; says which ticker, and what to do.
    """
    for ticker in sorted(tickers):
        of_sample = history.sources[ticker] == "sample"
        if (live and of_sample) or (sample and not of_sample):
            whose = "from the bundled sample" if of_sample else f"from {history.sources[ticker]}"
            books = "live" if live else "sample"
            raise Refused(
                f"The prices of {ticker} come {whose} and stay out of the {books} books; "
                "import the log into a season of its own with --season."
            )


class PricedLog:
    """A log with the session and the price of each row. `terms`, if any, are the costs that are added.

    `trades` are in the order of their moments, and of the log at the same moment; `outside` are the lines
    whose own price is outside what was traded at in their session.

    Raises:
        Refused: a row has no session or no price; names its line.
    """

    def __init__(
        self, log: TradeLog, history: History, price: LogPrice, terms: Trading | None, now: datetime
    ) -> None:
        self.log = log
        self.history = history
        self.tickers = {trade.ticker for trade in log.trades}
        self._late = price is LogPrice.CLOSE
        self._terms = terms
        self._bars = {
            ticker: {move.bar.date: move for move in history.bars[ticker] if move.closes <= now}
            for ticker in self.tickers
        }
        self.outside: list[int] = []
        for trade in log.trades:
            self._check(trade, now)
        self.trades = sorted(log.trades, key=self.moment)

    def moment(self, trade: LoggedTrade) -> datetime:
        """Return when a row is booked (UTC): at the open of its session, or at the close."""
        move = self._bars[trade.ticker][trade.day]
        return move.closes if self._late else move.opens

    def fill(self, trade: LoggedTrade) -> LoggedFill:
        """Return a row as it is booked."""
        move = self._bars[trade.ticker][trade.day]
        reference = self._reference(trade, move)
        price = fill_price(reference, trade.side, self._terms) if self._terms else reference
        amount = to_cents(price * trade.shares)
        return LoggedFill(
            line=trade.line,
            at=move.closes if self._late else move.opens,
            session=trade.day,
            ticker=trade.ticker,
            side=trade.side,
            shares=trade.shares,
            reference=reference,
            price=price,
            amount_usd=-amount if trade.side is Side.BUY else amount,
            fee_usd=fee(amount, self._terms) if self._terms else Decimal("0.00"),
        )

    def _reference(self, trade: LoggedTrade, move: Moved) -> Decimal:
        return trade.price or (move.bar.close if self._late else move.bar.open)

    def _check(self, trade: LoggedTrade, now: datetime) -> None:
        move = self._bars[trade.ticker].get(trade.day)
        if move is None:
            raise refusal(self.log.file_name, trade.line, self._missing(trade, now))
        reference = self._reference(trade, move)
        if trade.price and not move.bar.low <= reference <= move.bar.high:
            self.outside.append(trade.line)
        if reference * trade.shares > _MOST_USD:
            why = f"an amount of {usd(reference * trade.shares)} is more than the books can hold"
            raise refusal(self.log.file_name, trade.line, why)

    def _missing(self, trade: LoggedTrade, now: datetime) -> str:
        ticker, day = trade.ticker, trade.day
        session = self.history.sessions(ticker).session(day)
        if session is None:
            return f"the market of {ticker} was closed on {day}"
        if session.closes > now:
            return f"the session of {ticker} on {day} has not closed yet"
        return f"{self.history.sources[ticker]} has no price of {ticker} on {day}"
