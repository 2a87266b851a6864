"""A price vendor for tests, and the bars and actions to give it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import VendorFailure
from core.market.calendar import MarketCalendar

CALENDAR = MarketCalendar()


def split(day: str, ratio: str, ticker: str = "NVDA") -> CorporateAction:
    return _action(ActionKind.SPLIT, day, ratio, ticker)


def dividend(day: str, amount: str, ticker: str = "NVDA") -> CorporateAction:
    return _action(ActionKind.DIVIDEND, day, amount, ticker)


def _action(kind: ActionKind, day: str, value: str, ticker: str) -> CorporateAction:
    return CorporateAction(
        ticker=ticker, kind=kind, ex_date=date.fromisoformat(day), value=Decimal(value), source="one"
    )


def bar(day: date, close: str = "10") -> Bar:
    price = Decimal(close)
    return Bar(date=day, open=price, high=price, low=price, close=price, volume=1)


def bars_to(last: date, count: int = 400, ticker: str = "NVDA") -> tuple[Bar, ...]:
    sessions = CALENDAR.of(ticker)
    first = sessions.back(last, count - 1).day
    return tuple(bar(session.day) for session in sessions.between(first, last))


class Vendor:
    """A vendor that holds given bars and, like a real one, honours the range that it is asked for."""

    caveat: str | None = None

    def __init__(self, name: str, held: Sequence[Bar] = (), failure: VendorFailure | None = None) -> None:
        self.name = name
        self.held = tuple(held)
        self.failure = failure
        self.archive_ends: datetime | None = None
        self.tickers_held: tuple[str, ...] | None = None
        self.honours_range = True
        self.asked: list[tuple[str, date, date]] = []
        self.closed = False
        self.acts: list[CorporateAction] = []
        self.acts_failure: VendorFailure | None = None
        self.acts_asked: list[tuple[str, date, date]] = []
        self.quoted = "USD"
        self.rates: dict[date, Decimal] = {}
        self.rates_asked: list[tuple[str, date, date]] = []

    async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
        self.asked.append((ticker, start, end))
        if self.failure:
            raise self.failure
        return tuple(bar for bar in self.held if not self.honours_range or start <= bar.date <= end)

    async def actions(self, ticker: str, start: date, end: date) -> tuple[CorporateAction, ...]:
        self.acts_asked.append((ticker, start, end))
        if self.acts_failure:
            raise self.acts_failure
        return tuple(action for action in self.acts if start <= action.ex_date <= end)

    async def currency(self, ticker: str) -> str:
        return self.quoted

    async def usd_rates(self, currency: str, start: date, end: date) -> Mapping[date, Decimal]:
        self.rates_asked.append((currency, start, end))
        return {day: rate for day, rate in self.rates.items() if start <= day <= end}

    async def present(self, ticker: str) -> datetime | None:
        return self.archive_ends

    async def tickers(self) -> tuple[str, ...] | None:
        return self.tickers_held

    async def close(self) -> None:
        self.closed = True
