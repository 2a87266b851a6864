"""What a log of trades is worth: the prices of its tickers, and each row at its moment and price."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.books import Side
from core.domain.errors import Refused
from core.domain.trade_log import LoggedFill, LoggedTrade, LogPrice, TradeLog, refusal
from core.domain.values import to_cents
from core.ledger.costs import fee, fill_price
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.history import History, fetch

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
    asked = [own, *(dict.fromkeys(others, vendor.name) for vendor in prices.vendors)]
    for sources in asked:
        missing = {ticker: name for ticker, name in sources.items() if not found.bars.get(ticker)}
        if not missing:
            continue
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


class LogPricer:
    """Finds the session and the price of each row. `terms`, if any, are the costs that are added."""

    def __init__(
        self, log: TradeLog, history: History, price: LogPrice, terms: Trading | None, now: datetime
    ) -> None:
        self._log = log
        self._history = history
        self._price = price
        self._terms = terms
        self._now = now
        self._bars = {
            ticker: {move.bar.date: move for move in moves} for ticker, moves in history.bars.items()
        }
        self.outside: list[int] = []
        """The lines of trades whose own price is outside what was traded at in their session."""

    def fills(self) -> list[LoggedFill]:
        """Return all rows that trade, in the order of their moments, and of the log at the same moment.

        Raises:
            Refused: a row has no session or no price; names its line.
        """
        return sorted((self._fill(trade) for trade in self._log.trades), key=lambda fill: fill.at)

    def _fill(self, trade: LoggedTrade) -> LoggedFill:
        move = self._bars[trade.ticker].get(trade.day)
        if move is None or move.closes > self._now:
            raise refusal(self._log.file_name, trade.line, self._missing(trade))
        late = self._price is LogPrice.CLOSE
        reference = trade.price or (move.bar.close if late else move.bar.open)
        if not move.bar.low <= reference <= move.bar.high:
            self.outside.append(trade.line)
        price = fill_price(reference, trade.side, self._terms) if self._terms else reference
        amount = to_cents(price * trade.shares)
        if amount > _MOST_USD:
            why = f"an amount of ${amount:,.2f} is more than the books can hold"
            raise refusal(self._log.file_name, trade.line, why)
        return LoggedFill(
            line=trade.line,
            at=move.closes if late else move.opens,
            session=trade.day,
            ticker=trade.ticker,
            side=trade.side,
            shares=trade.shares,
            reference=reference,
            price=price,
            amount_usd=-amount if trade.side is Side.BUY else amount,
            fee_usd=fee(amount, self._terms) if self._terms else Decimal("0.00"),
        )

    def _missing(self, trade: LoggedTrade) -> str:
        ticker, day = trade.ticker, trade.day
        session = self._history.sessions(ticker).session(day)
        if session is None:
            return f"the market of {ticker} was closed on {day}"
        if session.closes > self._now:
            return f"the session of {ticker} on {day} has not closed yet"
        return f"{self._history.sources[ticker]} has no price of {ticker} on {day}"


def check_source(history: History, tickers: set[str], *, live: bool, sample: bool) -> None:
    """Check that sample prices and real ones do not come together in the live or the sample books.

    Raises:
        Refused: they would; says which ticker, and what to do.
    """
    for ticker in sorted(tickers):
        of_sample = history.sources[ticker] == "sample"
        if (live and of_sample) or (sample and not of_sample):
            whose = "the bundled sample" if of_sample else history.sources[ticker]
            books = "live" if live else "sample"
            raise Refused(
                f"The prices of {ticker} are those of {whose}, and they stay out of the {books} books; "
                "import the log into a season of its own with --season."
            )
