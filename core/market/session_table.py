"""The sessions of an exchange as a plain table, and where it comes from.

The calendar library brings pandas with it: half a second and some 40 MB, for days that hardly ever change. So
the table of the arena's exchange lies beside this module, as the library tells it. It counts only for the
version of the library that it was made with: with another one installed, and for every other exchange, the
library itself is asked. After an update of the library make it anew:

    python -m core.market.session_table
"""

import json
import threading
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

KEPT = ("XNYS",)
"""The exchanges whose tables lie in `FOLDER`."""
FOLDER = Path(__file__).parent / "sessions"

_LIBRARY = "exchange_calendars"
_FIRST, _LAST = date(1970, 1, 1), date(2060, 12, 31)
_SATURDAY = 6


class Session(NamedTuple):
    """One trading day: its date at the exchange, and its opening and closing moments in UTC."""

    day: date
    opens: datetime
    closes: datetime


class SessionTable(NamedTuple):
    """All sessions of an exchange from `first` to `last`, and its usual hours there."""

    first: date
    last: date
    days: list[date]
    sessions: dict[date, Session]
    zone: ZoneInfo
    opens: time
    closes: time


_tables: dict[str, SessionTable] = {}
_building = threading.Lock()


def is_loaded(exchange: str) -> bool:
    """Say whether `table_of` answers at once."""
    return exchange in _tables


def table_of(exchange: str) -> SessionTable:
    """Return the table of an exchange (an ISO 10383 code), made once a process."""
    if table := _tables.get(exchange):
        return table
    with _building:
        if exchange not in _tables:
            _tables[exchange] = kept_table(exchange) or library_table(exchange)
        return _tables[exchange]


def kept_table(exchange: str) -> SessionTable | None:
    """Return the table that lies here, or None where there is none of the library that is installed."""
    if exchange not in KEPT:
        return None
    kept = json.loads((FOLDER / f"{exchange}.json").read_text("utf-8"))
    return _unpacked(kept) if kept["library"] == _installed() else None


def library_table(exchange: str) -> SessionTable:
    """Return the table as the calendar library tells it: 1970 to 2060, or the years that it knows."""
    with warnings.catch_warnings():
        # The library still calls what newer pandas announces to change; nobody here can act on that.
        warnings.simplefilter("ignore", DeprecationWarning)
        import exchange_calendars

        first, last = _FIRST, _LAST
        try:
            calendar = exchange_calendars.get_calendar(exchange, start=first, end=last)
        except ValueError:  # it knows fewer years of this exchange, and says which only once it is made
            known = exchange_calendars.get_calendar(exchange)
            first = max([first, *([known.bound_min().date()] if known.bound_min() else [])])
            last = min([last, *([known.bound_max().date()] if known.bound_max() else [])])
            calendar = exchange_calendars.get_calendar(exchange, start=first, end=last)
    days = [stamp.date() for stamp in calendar.sessions]
    opens = [stamp.to_pydatetime().astimezone(UTC) for stamp in calendar.opens]
    closes = [stamp.to_pydatetime().astimezone(UTC) for stamp in calendar.closes]
    sessions = {day: Session(day, *hours) for day, *hours in zip(days, opens, closes, strict=True)}
    return SessionTable(
        first,
        last,
        days,
        sessions,
        ZoneInfo(str(calendar.tz)),
        calendar.open_times[-1][1],
        calendar.close_times[-1][1],
    )


def packed(table: SessionTable) -> dict[str, Any]:
    """Return a table in few words: weekdays without a session, and sessions at other than the usual hours.

    The exchange opens and closes on the same day there and never at a weekend, or this is no way to keep it.
    """
    usual, other = [table.opens, table.closes], {}
    for day, opens, closes in table.sessions.values():
        at = [moment.astimezone(table.zone) for moment in (opens, closes)]
        if day.isoweekday() >= _SATURDAY or {moment.date() for moment in at} != {day}:
            raise ValueError(f"{day} cannot be told by the hours of a weekday")
        if (hours := [moment.time() for moment in at]) != usual:
            other[day.isoformat()] = [f"{hour:%H:%M}" for hour in hours]
    return {
        "library": _installed(),
        "first": table.first.isoformat(),
        "last": table.last.isoformat(),
        "zone": table.zone.key,
        "hours": [f"{hour:%H:%M}" for hour in usual],
        "closed": [day.isoformat() for day in _weekdays(table) if day not in table.sessions],
        "other_hours": other,
    }


def _unpacked(kept: Mapping[str, Any]) -> SessionTable:
    zone, closed = ZoneInfo(kept["zone"]), set(map(date.fromisoformat, kept["closed"]))
    opens, closes = map(time.fromisoformat, kept["hours"])
    other = {
        date.fromisoformat(day): tuple(map(time.fromisoformat, hours))
        for day, hours in kept["other_hours"].items()
    }
    first, last = date.fromisoformat(kept["first"]), date.fromisoformat(kept["last"])
    table = SessionTable(first, last, [], {}, zone, opens, closes)
    for day in _weekdays(table):
        if day in closed:
            continue
        at = [datetime.combine(day, hour, zone).astimezone(UTC) for hour in other.get(day, (opens, closes))]
        table.days.append(day)
        table.sessions[day] = Session(day, *at)
    return table


def _weekdays(table: SessionTable) -> list[date]:
    days = (table.first + timedelta(days=n) for n in range((table.last - table.first).days + 1))
    return [day for day in days if day.isoweekday() < _SATURDAY]


def _installed() -> str:
    try:
        return version(_LIBRARY)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Write the kept tables anew, as the installed library tells them."""
    for exchange in KEPT:
        text = json.dumps(packed(library_table(exchange)), indent=0)
        (FOLDER / f"{exchange}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
