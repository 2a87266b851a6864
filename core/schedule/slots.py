"""Which time of a subscription comes next: a function of the wish, the calendars and the moment, and no more.

A slot's time does not say that prices have come: where an exchange closes unexpectedly its calendar knows
nothing of it, and the slot comes as always. Its worker must then say that there is no bar of that day.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from core.domain.subscription import AtCron, AtSession, AtTime, ChatTerms, Planned, Topic, Wanted
from core.market.calendar import MarketCalendar, Sessions
from core.schedule.cron import parse_cron
from core.schedule.wall_clock import moment_of, quiet_end, to_minute

DAYS_AHEAD = 400
"""How far a time on weekdays or by the session is looked for."""
CRON_DAYS_AHEAD = 3000
"""As `DAYS_AHEAD`, for cron: a day of February may be eight years away."""
_DAYS_BACK = 3
"""A session's moments may lie that many days off its date: twelve hours, and the way to the date line."""
_DAY = timedelta(days=1)


class Wish(NamedTuple):
    """All on which the times of a subscription depend. `tickers` None: it is about none, whatever trades."""

    when: AtTime | AtSession | AtCron
    tickers: tuple[str, ...] | None
    terms: ChatTerms
    zone: str
    calendar: MarketCalendar


def wish_of(
    wanted: Wanted, terms: ChatTerms, calendar: MarketCalendar, zone: str, watchlist: Sequence[str]
) -> Wish | None:
    """Return what decides on the times of `wanted`; None for alerts, which have none."""
    if wanted.when is None:
        return None
    tickers = (wanted.tickers or tuple(watchlist)) if wanted.topic is Topic.VERDICTS else None
    return Wish(wanted.when, tickers, terms, zone, calendar)


def next_slot(
    wanted: Wanted,
    terms: ChatTerms,
    calendar: MarketCalendar,
    zone: str,
    watchlist: Sequence[str],
    after: datetime,
) -> Planned | None:
    """Return the first slot that is meant strictly later than `after`; None if there is none in sight.

    Times go in and out in UTC. `zone` is the arena's, for where neither the wish nor the chat names one.

    Verdicts have slots only on days on which an exchange of their tickers trades, and are about the tickers
    that do: at a time of the wall clock those with a session on that day of the wall's calendar, by the
    session those whose session has this very moment. Without a ticker (an empty watchlist) they come like
    the other topics: by the wall clock on every named day, by the session as the arena's exchange has it.

    `Planned.key` names the slot for ever: when it was meant, in UTC, to the minute.

    Raises:
        Refused: a cron expression that `reading` would not have let through.
    """
    wish = wish_of(wanted, terms, calendar, zone, watchlist)
    return wish and first_after(wish, after)


def upcoming(
    wanted: Wanted,
    terms: ChatTerms,
    calendar: MarketCalendar,
    zone: str,
    watchlist: Sequence[str],
    after: datetime,
    until: datetime,
    limit: int,
) -> tuple[Planned, ...]:
    """Return the first `limit` slots meant later than `after` and not later than `until`, oldest first."""
    wish = wish_of(wanted, terms, calendar, zone, watchlist)
    found: list[Planned] = []
    planned = wish and first_after(wish, after)
    while wish and planned and planned.at <= until and len(found) < limit:
        found.append(planned)
        planned = first_after(wish, planned.at)
    return tuple(found)


def first_after(wish: Wish, after: datetime) -> Planned | None:
    """Return the first slot of `wish` later than `after`, as `next_slot` does."""
    return _first_after(wish, _whole_minute(after))


def _whole_minute(at: datetime) -> datetime:
    """Return the minute of `at`, in UTC.

    Slots come at whole minutes: one later than `at` is later than its minute, one due at `at` is due then.
    """
    return at.astimezone(UTC).replace(second=0, microsecond=0)


# Thousands of chats wish the same and come due in the same minute. A slot follows from the arguments alone,
# and calendars, which are told apart by identity, do not change: what is kept here cannot grow old.
@lru_cache(maxsize=4096)
def _first_after(wish: Wish, after: datetime) -> Planned | None:
    when = wish.when
    found = _by_session(wish, when, after) if isinstance(when, AtSession) else _by_wall(wish, when, after)
    if found is None:
        return None
    at, tickers = found
    due_at = quiet_end(wish.terms, wish.zone, at)
    return Planned(key=f"{at:%Y-%m-%dT%H:%MZ}", at=at, due_at=due_at, tickers=tickers)


class _Wall(Protocol):
    """Days and times of a wall clock; a `Cron` is one."""

    @property
    def times(self) -> tuple[time, ...]: ...

    def on(self, day: date) -> bool: ...


class _Weekly(NamedTuple):
    times: tuple[time, ...]
    days: tuple[int, ...]

    def on(self, day: date) -> bool:
        return day.isoweekday() in self.days


def _by_wall(wish: Wish, when: AtTime | AtCron, after: datetime) -> tuple[datetime, tuple[str, ...]] | None:
    wall: _Wall
    if isinstance(when, AtCron):
        wall, ahead = parse_cron(when.expression), CRON_DAYS_AHEAD
    else:
        wall, ahead = _Weekly((to_minute(when.at),), when.days), DAYS_AHEAD
    zone = ZoneInfo(when.zone or wish.terms.zone or wish.zone)
    there = after.astimezone(zone)
    # Earlier times of the wall mean no later moments: the search may begin with what it shows at `after`.
    begin = bisect_left(wall.times, there.time())
    for day in (there.date() + _DAY * number for number in range(ahead)):
        if wall.on(day) and (tickers := _trading(wish, day)) is not None:
            for place in range(begin, len(wall.times)):
                if (at := moment_of(day, wall.times[place], zone)) > after:
                    return at, tickers
        begin = 0
    return None


def _trading(wish: Wish, day: date) -> tuple[str, ...] | None:
    """Return the tickers that trade on `day`; None if there are some and none does."""
    if not wish.tickers:
        return ()
    trading = tuple(ticker for ticker in wish.tickers if wish.calendar.of(ticker).session(day))
    return trading or None


def _by_session(wish: Wish, when: AtSession, after: datetime) -> tuple[datetime, tuple[str, ...]] | None:
    if not wish.tickers:
        at = _edge(when, wish.calendar.exchange, after)
        return (at, ()) if at else None
    exchanges = {ticker: wish.calendar.of(ticker) for ticker in wish.tickers}
    edges = {exchange: _edge(when, exchange, after) for exchange in set(exchanges.values())}
    first = min((at for at in edges.values() if at), default=None)
    if first is None:
        return None
    return first, tuple(ticker for ticker in wish.tickers if edges[exchanges[ticker]] == first)


def _edge(when: AtSession, sessions: Sessions, after: datetime) -> datetime | None:
    """Return the first moment later than `after` that lies as `when` says to an edge of a session."""
    offset = timedelta(minutes=when.minutes)
    first = after.date() - _DAYS_BACK * _DAY
    for day in (first + _DAY * number for number in range(DAYS_AHEAD)):
        if day.isoweekday() in when.days and (session := sessions.session(day)):
            at = (session.opens if when.edge == "open" else session.closes) + offset
            if at > after:
                return at
    return None
