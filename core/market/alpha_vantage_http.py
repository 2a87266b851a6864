"""How Alpha Vantage is asked: the connection, the key, the pace of a free key, and what refusals mean.

The service answers almost everything with status 200 and says in the body what is wrong, sometimes with
our key in the sentence: nothing that it says is repeated.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import aiohttp
from pydantic import BaseModel, ValidationError

from core.clock import Clock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.errors import (
    BadVendorData,
    ConfigError,
    VendorFailure,
    VendorNotConfigured,
    VendorRateLimited,
    VendorTimeout,
    VendorUnreachable,
)

NAME = "alpha_vantage"
PAUSE_S = 1.2
"""Free keys may ask once a second."""
_BODY_LIMIT = 32 * 1024 * 1024
_OK = 200
_TOO_MANY_REQUESTS = 429

# The sentence about asking too fast praises all "premium endpoints", and is about no paid key.
_PAID = re.compile(r"premium (?:feature|endpoint)\b")

A = TypeVar("A", bound=BaseModel)


class AlphaVantageHttp:
    """One connection, opened at the first question; `connection` gives the one that is shared."""

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._host = urlsplit(settings.base_url).netloc.rpartition("@")[2]
        self._session: aiohttp.ClientSession | None = None
        self._free_at = clock.monotonic()
        self._spent_on: date | None = None

    @property
    def day_is_spent(self) -> bool:
        """Whether the service has said on this UTC day that the key's requests of the day are used up."""
        return self._spent_on == self._clock.now().date()

    @asynccontextmanager
    async def within_limit(self) -> AsyncIterator[None]:
        """Let what is done inside take `timeout_s` seconds at most.

        Raises:
            VendorTimeout: it took longer.
        """
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                yield
        except TimeoutError:
            limit = f"{self._settings.timeout_s:g}"
            reason = f"{self._host} gave no answer within {limit} seconds"
            raise VendorTimeout(NAME, reason) from None

    def key(self) -> str:
        """Return the key.

        Raises:
            VendorNotConfigured: there is none.
        """
        try:
            return self._settings.key.reveal()
        except ConfigError as error:
            raise VendorNotConfigured(NAME, f"no key, {str(error).rstrip('.')}") from None

    async def turn(self) -> None:
        """Wait until a question is at least `PAUSE_S` seconds after the one before, whoever asked it.

        Raises:
            VendorNotConfigured: there is no key, so that there is nothing to wait for.
        """
        self.key()
        now = self._clock.monotonic()
        begin = max(now, self._free_at)
        self._free_at = begin + PAUSE_S  # taken before the wait, so that others queue up behind
        if begin > now:
            await self._clock.sleep(begin - now)

    async def ask(self, about: str, query: dict[str, str], most_bytes: int = _BODY_LIMIT) -> dict[str, Any]:
        """Return the body of the answer; `about` is what failures call the question by.

        Does not wait for its turn, and has no time limit of its own.

        Raises:
            VendorNotConfigured: there is no key.
            VendorRateLimited: HTTP 429.
            VendorUnreachable: no connection, or an HTTP status other than 200.
            BadVendorData: the body is no JSON object, or longer than `most_bytes`.
        """
        asked = {**query, "apikey": self.key()}
        self._free_at = max(self._free_at, self._clock.monotonic() + PAUSE_S)
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        address = f"{self._settings.base_url.rstrip('/')}/query"
        # What aiohttp raises may hold the address with the key, so it is neither repeated nor chained.
        try:
            async with self._session.get(address, params=asked, allow_redirects=False) as response:
                status = response.status
                text = await _text(response, most_bytes)
        except aiohttp.ClientError as error:
            kind = type(error).__name__
            raise VendorUnreachable(NAME, f"{self._host} could not be reached ({kind})") from None
        if status == _TOO_MANY_REQUESTS:
            raise VendorRateLimited(NAME, f"{self._host} asks to slow down (HTTP {status})")
        if status != _OK:
            raise VendorUnreachable(NAME, f"{self._host} answered HTTP {status}")
        try:
            body = json.loads(text or "", parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise BadVendorData(NAME, f"{about}: {self._host} did not answer with a JSON object")
        return body

    def read(self, about: str, body: dict[str, Any], shape: type[A]) -> A | None:
        """Return the body as `shape`, or None when the service does not know the symbol.

        Raises:
            VendorNotConfigured: the key is not accepted, or does not pay for this.
            VendorRateLimited: the key's requests are used up for now.
            BadVendorData: the body is not of the shape.
        """
        error = str(body.get("Error Message", "")).lower()
        notes = f"{body.get('Note', '')} {body.get('Information', '')}".strip().lower()
        if notes or "apikey" in error:
            # Without our key, which the service may repeat and which may hold any word.
            raise self._refusal((notes or error).replace(self.key().lower(), ""))
        if error:
            return None  # the same sentence for an unknown ticker as for any call that it cannot serve
        try:
            return shape.model_validate(body)
        except ValidationError as mismatch:
            place = ".".join(str(part) for part in mismatch.errors(include_input=False)[0]["loc"])
            fault = f"the answer is not of the documented shape (at {place[:80]})"
            raise BadVendorData(NAME, f"{about}: {fault}") from None

    async def close(self) -> None:
        """Close the connection, for all who share it; the next question opens it again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _refusal(self, said: str) -> VendorFailure:
        if "apikey" in said or "demo" in said:
            return VendorNotConfigured(NAME, f"{self._host} does not accept the key")
        if _PAID.search(said):
            return VendorNotConfigured(NAME, f"{self._host} wants a paid key for this")
        if "per day" in said and not any(shorter in said for shorter in ("per second", "per minute")):
            self._spent_on = self._clock.now().date()
        return VendorRateLimited(NAME, f"{self._host} says that the key's requests are used up for now")


_SHARED: WeakValueDictionary[tuple[str, str, float, int], AlphaVantageHttp] = WeakValueDictionary()


def connection(settings: AlphaVantageSettings, clock: Clock) -> AlphaVantageHttp:
    """Return the connection that all share who ask the same address with the same key by the same clock.

    A key's pace holds for prices and other evidence together, and they know nothing of each other.
    """
    name = (settings.base_url, str(settings.key), settings.timeout_s, id(clock))
    shared = _SHARED.get(name)
    if shared is None:
        shared = _SHARED[name] = AlphaVantageHttp(settings, clock)
    return shared


async def _text(response: aiohttp.ClientResponse, most_bytes: int) -> str | None:
    """Return the body, or None if it is longer than `most_bytes`."""
    parts, length = [], 0
    async for part in response.content.iter_any():
        length += len(part)
        if length > most_bytes:
            return None
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
