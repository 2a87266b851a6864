"""Series of the economy from FRED, as they were known on a day.

Figures are revised for years. FRED keeps every version with the day on which it was released
(`realtime_start`), so it is asked for all versions up to the day, and of each period the newest counts.
The days are those of St. Louis; FRED does not tell the hour of a release. A series of which FRED keeps no
versions cannot be used.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from core.clock import Clock
from core.config.market import FredVendor as FredSettings
from core.domain.errors import VendorFailure, VendorNotConfigured
from core.domain.evidence_items import MacroReading
from core.market.evidence_port import Missing, Partly
from core.market.json_http import JsonHttp, Status, Title, Words
from core.market.vendor_edge import key_of

log = logging.getLogger(__name__)

_HOME = ZoneInfo("America/Chicago")
_SPAN = timedelta(days=5 * 365)
"""How far back is asked. A daily series has some 1,260 versions in it, and FRED refuses more than 2,000."""
_MOST_ROWS = 1_000
_MOST_READINGS = 60
"""Periods of one series; no configuration takes more."""
_AT_ONCE = 4
_OK = 200
_REFUSED = 400


class _Row(BaseModel):
    period: date = Field(alias="date")
    released_on: date = Field(alias="realtime_start")
    # No more digits than any figure of the economy has; "." stands for none.
    value: Annotated[str, Field(pattern=r"^(?:-?[0-9]{1,18}(?:\.[0-9]{0,12})?|-?\.[0-9]{1,12}|\.)$")]


class _Observations(BaseModel):
    observations: Annotated[list[_Row], Field(max_length=_MOST_ROWS)]


class _About(BaseModel):
    id: str
    title: Title
    units: Words = ""


class _Series(BaseModel):
    seriess: Annotated[list[_About], Field(min_length=1, max_length=_MOST_ROWS)]  # FRED writes it so


class _Error(BaseModel):
    error_code: Status | None = None
    error_message: Words = ""


class FredVendor:
    """Readings over HTTP; the connection is opened at the first question."""

    name: str = "fred"

    def __init__(self, settings: FredSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http = JsonHttp(self.name, settings.base_url, settings.timeout_s, keyed=True)

    async def readings(self, until: date) -> tuple[MacroReading, ...] | Partly[MacroReading]:
        """Return, of each configured series, the newest 60 readings as known at the end of `until`.

        Newest first within a series. Two requests a series, four series at once. A series that cannot be had
        is named as missing, and logged, as long as any other can.

        Raises:
            VendorNotConfigured: there is no key, or FRED does not accept it or has none of the series.
            VendorRateLimited: the key has asked too often (120 requests a minute).
            VendorTimeout: no answer within the vendor's `timeout_s`, for all series together.
            VendorUnreachable: no connection, or a refusal.
            BadVendorData: the answers are not what the service documents.
        """
        key = key_of(self.name, self._settings.key)
        # FRED refuses days that have not begun in St. Louis.
        day = min(until, self._clock.now().astimezone(_HOME).date())
        turns = asyncio.Semaphore(_AT_ONCE)
        series = tuple(dict.fromkeys(self._settings.series))
        told = await asyncio.gather(*(self._attempt(name, key, day, turns) for name in series))
        missing = tuple(
            Missing(name, answer)
            for name, answer in zip(series, told, strict=True)
            if isinstance(answer, VendorFailure)
        )
        if missing and len(missing) == len(series):
            raise missing[0].failure
        for _, failure in missing:
            log.warning("A series is left out: %s", failure)
        known = tuple(one for answer in told if not isinstance(answer, VendorFailure) for one in answer)
        return Partly(known, missing) if missing else known

    async def close(self) -> None:
        """Close the connection."""
        await self._http.close()

    async def _attempt(
        self, series: str, key: str, day: date, turns: asyncio.Semaphore
    ) -> tuple[MacroReading, ...] | VendorFailure:
        try:
            async with self._http.in_time(), turns:
                return await self._one(series, key, day)
        except VendorFailure as failure:
            return failure

    async def _one(self, series: str, key: str, day: date) -> tuple[MacroReading, ...]:
        first = day - _SPAN
        asked = {"series_id": series, "api_key": key, "file_type": "json", "realtime_end": day.isoformat()}
        # No period before the first version that is asked for, as its day of release would be cut to that.
        span = {"realtime_start": first.isoformat(), "observation_start": first.isoformat()}
        order = {"sort_order": "desc", "limit": str(_MOST_ROWS)}
        body = await self._ask("/fred/series/observations", {**asked, **span, **order}, series)
        rows = self._http.read(body, _Observations, series).observations
        # The title and the unit of that day, too: a later change of the base year would tell of the future.
        body = await self._ask("/fred/series", {**asked, "realtime_start": day.isoformat()}, series)
        about = self._http.read(body, _Series, series).seriess[-1]
        if about.id.upper() != series.upper():
            raise self._http.bad(series, "the answer is about another series")
        return tuple(
            MacroReading(
                vendor=self.name,
                series=series,
                title=about.title,
                unit=about.units,
                period=row.period,
                released_on=row.released_on,
                value=Decimal(row.value),
            )
            for row in _as_known(rows, day)
        )

    async def _ask(self, path: str, query: dict[str, str], series: str) -> Any:
        """Return the body of a good answer. FRED says what is wrong in the body of a 400, key or series."""
        reply = await self._http.get(path, query, also={_REFUSED})
        error = self._http.read(reply.body if reply.body is not None else {}, _Error, series)
        if reply.status == _OK and error.error_code is None:
            return reply.body
        said = error.error_message.lower()
        if "api_key" in said:
            raise VendorNotConfigured(self.name, f"{self._http.host} does not accept the key")
        if "alfred" in said:
            raise VendorFailure(self.name, f"{series} has no versions of that time")
        if "does not exist" in said:
            raise VendorNotConfigured(self.name, f"there is no series {series}")
        raise self._http.refused(error.error_code or reply.status)


def _as_known(rows: Sequence[_Row], day: date) -> list[_Row]:
    """Return of each period the version that was the newest on `day`, newest period first.

    If there may be more rows than came, the last period may lack its newest versions, and is left out.
    """
    known: dict[date, _Row] = {}
    for row in rows:
        if row.released_on <= day and (
            row.period not in known or known[row.period].released_on < row.released_on
        ):
            known[row.period] = row
    periods = sorted(known, reverse=True)
    if len(rows) == _MOST_ROWS:
        periods = periods[:-1]
    return [known[period] for period in periods if known[period].value != "."][:_MOST_READINGS]
