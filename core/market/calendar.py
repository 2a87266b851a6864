"""When sessions open and close: each exchange's calendar, and crypto pairs that trade every day.

Every question can be answered by stepping over `Sessions.session`, so that an exchange and a market that
never closes differ in that one method; both know short cuts for long ways. The table of an exchange is loaded
at the first question to it, once a process; `core.market.session_table` says from where.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from core.domain.errors import Refused
from core.market.exchanges import exchange_of
from core.market.session_table import Session, is_loaded, table_of

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "DailySessions",
    "ExchangeSessions",
    "MarketCalendar",
    "Session",
    "Sessions",
    "moment_from",
]

FIRST_DAY = date(1970, 1, 1)
LAST_DAY = date(2100, 12, 31)
_DAY = timedelta(days=1)
_CRYPTO_PAIR = re.compile(r"[A-Z0-9]{2,10}-USD[CT]?", re.ASCII)
_BARE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Sessions(ABC):
    """The sessions of one market, answerable for any day from 1970 to 2100."""

    @property
    @abstractmethod
    def loaded(self) -> bool:
        """Whether a question is answered at once, or must first load the market's table."""

    async def load(self) -> None:
        """Load the market's table off the event loop, if the first question would have to."""
        if not self.loaded:
            await asyncio.to_thread(self.session, FIRST_DAY)

    @abstractmethod
    def session(self, day: date) -> Session | None:
        """Return the session of `day`, or None when the market is closed all day."""

    def after(self, day: date, count: int = 1) -> Session:
        """Return the first session later than `day`, or the `count`-th of them."""
        return next(islice(self._walk(day + _DAY, _DAY), count - 1, None))

    def has_opened(self, day: date, at: datetime) -> bool:
        """Say whether the first price of `day` is known at `at`."""
        # No session opens later than its day ends in UTC.
        return day < at.astimezone(UTC).date() or self.opening(day) <= at

    def last_closed(self, at: datetime) -> Session:
        """Return the newest session that has closed at or before `at`."""
        newest_possible = at.astimezone(UTC).date() + _DAY
        return next(found for found in self._walk(newest_possible, -_DAY) if found.closes <= at)

    def last_opened(self, at: datetime) -> Session:
        """Return the newest session that has opened at or before `at`."""
        newest_possible = at.astimezone(UTC).date() + _DAY
        return next(found for found in self._walk(newest_possible, -_DAY) if found.opens <= at)

    def under_way(self, at: datetime) -> Session | None:
        """Return the session in which the market trades at `at`, from its open up to before its close."""
        around = at.astimezone(UTC).date()
        for day in (around - _DAY, around, around + _DAY):
            found = self.session(day)
            if found and found.opens <= at < found.closes:
                return found
        return None

    def is_open(self, at: datetime) -> bool:
        """Say whether the market trades at `at`."""
        return self.under_way(at) is not None

    def between(self, first: date, last: date) -> tuple[Session, ...]:
        """Return the sessions from `first` to `last`, both included, oldest first."""
        days = (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))
        return tuple(found for day in days if (found := self.session(day)))

    def age(self, day: date, at: datetime) -> int:
        """Return how many sessions later than `day` have closed at `at`."""
        newest = self.last_closed(at).day
        return len(self.between(day + _DAY, newest))

    def back(self, day: date, count: int = 0) -> Session:
        """Return the session of `day` (or the last before it), or the one `count` sessions earlier."""
        return next(islice(self._walk(day, -_DAY), count, None))

    def closing(self, day: date) -> datetime:
        """Return when the prices of `day` are final.

        A day without a session (a bar of a foreign exchange, say) is final when it has ended in UTC.
        """
        found = self.session(day)
        return found.closes if found else datetime.combine(day + _DAY, time(), UTC)

    def opening(self, day: date) -> datetime:
        """Return when the first price of `day` is known; `closing` if it has no session here."""
        found = self.session(day)
        return found.opens if found else self.closing(day)

    def _walk(self, day: date, step: timedelta) -> Iterator[Session]:
        while True:
            if found := self.session(day):
                yield found
            day += step


class DailySessions(Sessions):
    """A market that never closes: each UTC day is a session that ends at midnight."""

    @property
    def loaded(self) -> bool:
        """True: there is nothing to load."""
        return True

    def session(self, day: date) -> Session:
        """Return the UTC day."""
        opens = datetime.combine(day, time(), UTC)
        return Session(day, opens, opens + _DAY)

    def back(self, day: date, count: int = 0) -> Session:
        """Return the day that is `count` days earlier."""
        return self.session(day - count * _DAY)


class ExchangeSessions(Sessions):
    """An exchange with holidays and half days, as `exchange_calendars` knows them.

    Beyond the table (1970 to 2060, or the years that the library knows of the exchange) every weekday counts
    as a full session.
    """

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange

    @property
    def loaded(self) -> bool:
        """Whether the first question, which may take most of a second, has been asked."""
        return is_loaded(self.exchange)

    def session(self, day: date) -> Session | None:
        """Return the exchange's session of `day`."""
        table = table_of(self.exchange)
        if table.first <= day <= table.last:
            return table.sessions.get(day)
        if day.isoweekday() > 5:  # noqa: PLR2004 - Saturday and Sunday
            return None
        opens, closes = (
            datetime.combine(day, at, table.zone).astimezone(UTC) for at in (table.opens, table.closes)
        )
        return Session(day, opens, closes)

    def after(self, day: date, count: int = 1) -> Session:
        """Return the first session later than `day`, or the `count`-th of them."""
        table = table_of(self.exchange)
        place = bisect_right(table.days, day) + count - 1
        if day < table.first or place >= len(table.days):
            return super().after(day, count)
        return table.sessions[table.days[place]]

    def between(self, first: date, last: date) -> tuple[Session, ...]:
        """Return the sessions from `first` to `last`, both included, oldest first."""
        table = table_of(self.exchange)
        if first < table.first or last > table.last:
            return super().between(first, last)
        days = table.days[bisect_left(table.days, first) : bisect_right(table.days, last)]
        return tuple(table.sessions[day] for day in days)

    def back(self, day: date, count: int = 0) -> Session:
        """Return the session of `day` (or the last before it), or the one `count` sessions earlier."""
        table = table_of(self.exchange)
        place = bisect_right(table.days, day) - 1 - count
        if place < 0 or day > table.last:
            return super().back(day, count)
        return table.sessions[table.days[place]]


class MarketCalendar:
    """The calendar of the arena's exchange (an ISO 10383 code), of foreign listings, and of crypto pairs."""

    def __init__(self, exchange: str = "XNYS") -> None:
        self.exchange: Sessions = ExchangeSessions(exchange)
        self._daily = DailySessions()
        self._foreign: dict[str, Sessions] = {}

    def of(self, ticker: str) -> Sessions:
        """Return the sessions in which `ticker` trades: SAP.DE at Xetra, BTC-USD on every day.

        A ticker without a suffix, or with one that names no known exchange, trades at the arena's exchange.
        """
        if "-" not in ticker and "." not in ticker:
            return self.exchange
        if _CRYPTO_PAIR.fullmatch(ticker):
            return self._daily
        code = exchange_of(ticker)
        return self._foreign.setdefault(code, ExchangeSessions(code)) if code else self.exchange

    async def load(self, tickers: Iterable[str]) -> None:
        """Load what the arena's exchange and the markets of these tickers go by, off the event loop."""
        for sessions in {self.exchange, *(self.of(ticker) for ticker in tickers)}:
            await sessions.load()


def moment_from(text: str, calendar: MarketCalendar) -> datetime:
    """Return the moment, in UTC, that a person means by an `--as-of` text.

    An ISO 8601 time must carry its offset from UTC. A bare date means the close of the exchange's session
    of that day, or of the last session before it if the exchange was closed that day.

    Raises:
        Refused: the text is neither, has no offset, or lies before 1970 or after 2100.
    """
    text = text.strip()
    shown = "".join(sign for sign in text if sign.isprintable())[:40]
    try:
        moment = datetime.fromisoformat(text)
        outside = not FIRST_DAY < moment.date() < LAST_DAY
    except ValueError:
        raise Refused(
            f"“{shown}” is no moment: write a date like 2025-10-29 or a time like 2025-10-29T15:30:00-04:00."
        ) from None
    if outside:
        raise Refused(
            f"“{shown}” lies outside the years that Conclave knows, {FIRST_DAY:%Y} to {LAST_DAY:%Y}."
        )
    if _BARE_DATE.fullmatch(text):
        return calendar.exchange.back(moment.date()).closes
    if moment.tzinfo is None:
        raise Refused(
            f"“{shown}” needs its offset from UTC, as in 2025-10-29T15:30:00-04:00 or ...T19:30:00Z."
        )
    return moment.astimezone(UTC)
