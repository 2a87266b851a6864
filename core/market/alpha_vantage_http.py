"""How Alpha Vantage is asked: the connection, the key, the pace of a free key, and what refusals mean.

The service answers almost everything with status 200 and says in the body what is wrong, sometimes with
our key in the sentence: nothing that it says is repeated.
"""

import json
import re
from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pydantic import BaseModel

from core.clock import Clock
from core.config.market import AlphaVantageVendor as AlphaVantageSettings
from core.domain.errors import VendorFailure, VendorNotConfigured, VendorRateLimited
from core.market.json_http import JsonHttp
from core.market.vendor_edge import key_of

NAME = "alpha_vantage"
PAUSE_S = 1.2
"""Free keys may ask once a second."""
_BODY_LIMIT = 32 * 1024 * 1024

# The sentence about asking too fast praises all "premium endpoints", and is about no paid key.
_PAID = re.compile(r"premium (?:feature|endpoint)\b")

A = TypeVar("A", bound=BaseModel)


class AlphaVantageHttp:
    """One connection, opened at the first question; `connection` gives the one that is shared."""

    def __init__(self, settings: AlphaVantageSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http = JsonHttp(NAME, settings.base_url, settings.timeout_s)
        self._free_at = clock.monotonic()
        self._spent_on: date | None = None

    @property
    def day_is_spent(self) -> bool:
        """Whether the service has said on this UTC day that the key's requests of the day are used up."""
        return self._spent_on == self._clock.now().date()

    def in_time(self) -> AbstractAsyncContextManager[None]:
        """Let what is done inside take `timeout_s` seconds at most.

        Raises:
            VendorTimeout: it took longer.
        """
        return self._http.in_time()

    def key(self) -> str:
        """Return the key.

        Raises:
            VendorNotConfigured: there is none.
        """
        return key_of(NAME, self._settings.key)

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
        _, raw = await self._http.get_bytes("/query", asked, most=most_bytes)
        try:
            body = json.loads((raw or b"").decode("utf-8", "replace"), parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise self._http.bad(about, f"{self._http.host} did not answer with a JSON object")
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
        return self._http.read(body, shape, about)

    async def close(self) -> None:
        """Close the connection, for all who share it; the next question opens it again."""
        await self._http.close()

    def _refusal(self, said: str) -> VendorFailure:
        if "apikey" in said or "demo" in said:
            return VendorNotConfigured(NAME, f"{self._http.host} does not accept the key")
        if _PAID.search(said):
            return VendorNotConfigured(NAME, f"{self._http.host} wants a paid key for this")
        if "per day" in said and not any(shorter in said for shorter in ("per second", "per minute")):
            self._spent_on = self._clock.now().date()
        return VendorRateLimited(NAME, f"{self._http.host} says that the key's requests are used up for now")


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
