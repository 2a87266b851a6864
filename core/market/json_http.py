"""JSON over HTTP for vendors that are asked by GET and answer with a status and a body.

Nothing that a vendor says in words is repeated, and nothing that holds the address with a key is chained.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple, NoReturn, TypeVar

import aiohttp
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError

from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorUnreachable,
)
from core.domain.evidence_items import MOST_SIGNS, Plain, Said
from core.market.vendor_edge import host_of, too_slow

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes; longer than any answer that is asked for, and short enough to be read without a pause for others."""
ENOUGH = 4 * MOST_SIGNS
"""Signs of a text that are looked at: more than are kept, as some may be invisible."""
AGENT = "conclave/1 (paper trading committee)"
_OK = 200
_NOT_ALLOWED = {401, 403}
_TOO_MANY_REQUESTS = 429
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_MOST_ITEMS = 200
_MOST_OF_A_PLACE = 80

B = TypeVar("B", bound=BaseModel)


def _in_utc(moment: datetime) -> datetime:
    # Checked first: near the ends of the calendar a change of the time zone overflows.
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("must lie between 1970 and 2200")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment that a vendor names, in UTC."""


def enough(text: object) -> object:
    """Return the beginning of a text, so that an endless one costs no time."""
    return text[:ENOUGH] if isinstance(text, str) else text


Words = Annotated[Plain, BeforeValidator(enough)]
Title = Annotated[Said, BeforeValidator(enough)]
Status = Annotated[int, Field(ge=100, le=599)]
"""An HTTP status that a vendor names in the body."""


class Reply(NamedTuple):
    """What a vendor answered; the body is None where a refusal came without JSON."""

    status: int
    body: Any


class JsonHttp:
    """The connection to one vendor, opened at the first question. `keyed` says that a key goes with each."""

    def __init__(
        self, vendor: str, base_url: str, timeout_s: float, *, keyed: bool = False, agent: str = AGENT
    ) -> None:
        self._vendor = vendor
        self._base_url = base_url.rstrip("/")
        self._timeout_s = timeout_s
        self._keyed = keyed
        self._agent = " ".join(agent.split())
        self.host = host_of(base_url)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, query: Mapping[str, str], *, also: Collection[int] = ()) -> Reply:
        """Return the answer with status 200, or with one of the statuses in `also`.

        Raises:
            BadVendorData: the body is no JSON, holds a number that is none, or is longer than `BODY_LIMIT`.
            VendorNotConfigured, VendorRateLimited, VendorUnreachable: as `get_bytes`.
        """
        status, raw = await self.get_bytes(path, query, also=also)
        try:
            body = json.loads((raw or b"").decode("utf-8", "replace"), parse_constant=_no_number)
        except (ValueError, RecursionError):
            if status != _OK:
                return Reply(status, None)
            raise BadVendorData(self._vendor, f"{self.host} did not answer with JSON") from None
        return Reply(status, body)

    async def get_bytes(
        self, path: str, query: Mapping[str, str], *, most: int = BODY_LIMIT, also: Collection[int] = ()
    ) -> tuple[int, bytes | None]:
        """Return status and body of an answer as `get`; None is a body of more than `most` bytes.

        Redirects are not followed. There is no time limit here; see `in_time`.

        Raises:
            VendorNotConfigured: the key is not accepted (401, 403).
            VendorRateLimited: too many requests (429).
            VendorUnreachable: no connection, half an answer, or any other status.
        """
        # What aiohttp raises may hold the address with the key, so it is neither repeated nor chained.
        try:
            async with self._open().get(
                f"{self._base_url}{path}", params=query, allow_redirects=False
            ) as response:
                status = response.status
                if status == _OK or status in also:
                    return status, await _bytes(response, most)
        except (aiohttp.ClientError, ValueError) as error:
            kind = type(error).__name__
            raise VendorUnreachable(self._vendor, f"{self.host} could not be reached ({kind})") from None
        raise self.refused(status)

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Leave after the vendor's time limit.

        Raises:
            VendorTimeout: the time is over.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError:
            raise too_slow(self._vendor, self.host, self._timeout_s) from None

    def refused(self, status: int) -> VendorFailure:
        """Return the failure that a status means, wherever the vendor named it."""
        if status == _TOO_MANY_REQUESTS:
            return VendorRateLimited(self._vendor, f"{self.host} asks to slow down (HTTP {status})")
        if self._keyed and status in _NOT_ALLOWED:
            return VendorNotConfigured(self._vendor, f"{self.host} does not accept the key (HTTP {status})")
        return VendorUnreachable(self._vendor, f"{self.host} answered HTTP {status}")

    def bad(self, about: str, fault: str) -> BadVendorData:
        """Return the failure of an answer that cannot be used."""
        return BadVendorData(self._vendor, f"{about}: {fault}")

    def read(self, body: object, shape: type[B], about: str) -> B:
        """Return the body as `shape`.

        Raises:
            BadVendorData: it is of another shape; the failure names `about` and the place.
        """
        try:
            return shape.model_validate(body)
        except ValidationError as mismatch:
            self._misshapen(mismatch, about)

    def each(self, raw: Sequence[object], shape: type[B], about: str) -> tuple[B, ...]:
        """Return those of the first 200 items that are of `shape`: one odd post does not lose all others.

        Raises:
            BadVendorData: there are items, and none is of that shape.
        """
        good, fault = [], None
        for item in raw[:_MOST_ITEMS]:
            try:
                good.append(shape.model_validate(item))
            except ValidationError as mismatch:
                fault = fault or mismatch
        if fault is not None and not good:
            self._misshapen(fault, about)
        return tuple(good)

    async def close(self) -> None:
        """Close the connection; the next question opens it again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": self._agent, "Accept": "application/json"},
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    def _misshapen(self, mismatch: ValidationError, about: str) -> NoReturn:
        parts = mismatch.errors(include_input=False, include_url=False)[0]["loc"]
        place = ".".join(str(part) for part in parts)[:_MOST_OF_A_PLACE]
        fault = f"the answer is not of the documented shape (at {place or 'its top'})"
        raise self.bad(about, fault) from None


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


async def _bytes(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    """Return the body, or None if it is too long."""
    parts, length = [], 0
    async for part in response.content.iter_any():
        length += len(part)
        if length > most:
            return None
        parts.append(part)
    return b"".join(parts)
