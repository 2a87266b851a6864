"""FRED on a local socket: it keeps every version of every figure, and answers for a span of such versions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from aiohttp import web

from tests.loopback.json_vendor import JsonVendorServer

_HINT = "  Read https://fred.stlouisfed.org/docs/api/api_key.html for more information."
KEY_UNKNOWN = {
    "error_code": 400,
    "error_message": f"Bad Request.  The value for variable api_key is not registered.{_HINT}",
}
NO_SERIES = {"error_code": 400, "error_message": "Bad Request.  The series does not exist."}
NOT_IN_ALFRED = {
    "error_code": 400,
    "error_message": "Bad Request.  The series does not exist in ALFRED but may exist in FRED.",
}
RATE_LIMITED = {"error_code": 429, "error_message": "Too Many Requests.  Exceeded Rate Limit"}
MOST_VERSIONS = 2_000


class Version(NamedTuple):
    """The figure of one period, as it stood from the day of its release on."""

    period: str
    value: str
    released_on: str


def _error(message: str) -> dict[str, Any]:
    return {"error_code": 400, "error_message": f"Bad Request.  {message}"}


def observations(rows: Iterable[tuple[Version, str]], start: str, end: str) -> dict[str, Any]:
    """A good answer; each row with the day up to which it stood. Days are cut to the span, as FRED does."""
    told = [
        {
            "realtime_start": max(row.released_on, start),
            "realtime_end": min(until, end),
            "date": row.period,
            "value": row.value,
        }
        for row, until in rows
    ]
    return {
        "realtime_start": start,
        "realtime_end": end,
        "observation_start": "1600-01-01",
        "observation_end": "9999-12-31",
        "units": "lin",
        "output_type": 1,
        "file_type": "json",
        "order_by": "observation_date",
        "sort_order": "desc",
        "count": len(told),
        "offset": 0,
        "limit": 1000,
        "observations": told,
    }


def about(series: str, title: str, units: str, start: str, end: str) -> dict[str, Any]:
    """A good answer of /fred/series."""
    return {
        "realtime_start": start,
        "realtime_end": end,
        "seriess": [
            {
                "id": series,
                "realtime_start": start,
                "realtime_end": end,
                "title": title,
                "observation_start": "1947-01-01",
                "observation_end": "2025-09-01",
                "frequency": "Monthly",
                "frequency_short": "M",
                "units": units,
                "units_short": units,
                "seasonal_adjustment": "Seasonally Adjusted",
                "last_updated": "2025-10-24 07:44:02-05",
                "popularity": 95,
                "notes": "Long words.",
            }
        ],
    }


@dataclass
class FredServer(JsonVendorServer):
    """Answers from `held`: versions by series. `titles` are (known since, title, units), oldest first."""

    key: str = "made-up-key"
    today: str = "2025-10-30"
    held: dict[str, list[Version]] = field(default_factory=dict)
    titles: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    no_versions: set[str] = field(default_factory=set)
    answers_of: dict[str, Any] = field(default_factory=dict)
    """What is answered about one series instead of the usual."""

    def usual(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        series, start, end = query.get("series_id", ""), query["realtime_start"], query["realtime_end"]
        if series in self.answers_of:
            prepared = self.answers_of[series]
            return web.json_response(prepared, status=prepared.get("error_code", 200))
        fault = self._fault(query.get("api_key", ""), series, start, end)
        if fault is not None:
            return web.json_response(fault, status=400)
        if request.path == "/fred/series":
            title, units = [two for since, *two in self.titles[series] if since <= end][-1]
            return web.json_response(about(series, title, units, start, end))
        if request.path != "/fred/series/observations":
            return web.Response(status=404, text="<error/>")
        rows = self._rows(series, query, start, end)
        return web.json_response(observations(rows, start, end))

    def _fault(self, key: str, series: str, start: str, end: str) -> dict[str, Any] | None:
        if key != self.key:
            return KEY_UNKNOWN
        for name, day in (("realtime_start", start), ("realtime_end", end)):
            if day > self.today:
                return _error(f"Variable {name} can not be after today's date ({self.today}).")
        if series not in self.held:
            return NO_SERIES
        if series in self.no_versions and end < self.today:
            return NOT_IN_ALFRED
        days = {row.released_on for row in self.held[series] if start <= row.released_on <= end}
        if len(days) > MOST_VERSIONS:
            return _error("There are too many vintage dates in the real-time period.")
        return None

    def _rows(self, series: str, query: Any, start: str, end: str) -> list[tuple[Version, str]]:
        """The versions that stood at any time from `start` to `end`, newest period first."""
        first = query.get("observation_start", "1776-07-04")
        stood: list[tuple[Version, str]] = []
        for period in sorted({row.period for row in self.held[series]}, reverse=True):
            versions = sorted(
                (row for row in self.held[series] if row.period == period), key=lambda row: row.released_on
            )
            for row, following in zip(versions, [*versions[1:], None], strict=True):
                until = following.released_on if following else "9999-12-31"
                if period >= first and row.released_on <= end and until > start:
                    stood.append((row, until))
        return stood[: int(query.get("limit", "100000"))]


def daily_versions(days: Iterable[date]) -> list[Version]:
    """One figure a day, each released on the day after and never revised."""
    return [
        Version(day.isoformat(), "4.1", date.fromordinal(day.toordinal() + 1).isoformat()) for day in days
    ]
