"""How Alpha Vantage is asked: the connection, the key, the pace of a free key, and what refusals mean.

The service answers almost everything with status 200 and says in the body what is wrong, sometimes with
our key in the sentence: nothing that it says is repeated.
"""

import json
import re
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
MOST_WAIT_S = 60.0
"""So far away a turn may be: fifty questions, some five tickers with their prices and all other evidence."""
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

    def key(self) -> str:
        """Return the key.

        Raises:
            VendorNotConfigured: there is none.
        """
        return key_of(NAME, self._settings.key)

    async def ask(self, about: str, query: dict[str, str], most_bytes: int = _BODY_LIMIT) -> dict[str, Any]:
        """Return the body of the answer; `about` is what failures call the question by.

        Waits for its turn first, which is at least `PAUSE_S` seconds after the question before, whoever asked
        it. From then on it may take `timeout_s` seconds.

        Raises:
            VendorNotConfigured: there is no key.
            VendorRateLimited: HTTP 429, the turn is further away than `MOST_WAIT_S`, or the service has said
                on this UTC day that the key's requests of the day are used up.
            VendorTimeout: no answer in time.
            VendorUnreachable: no connection, or an HTTP status other than 200.
            BadVendorData: the body is no JSON object, or longer than `most_bytes`.
        """
        asked = {**query, "apikey": self.key()}
        await self._turn()
        async with self._http.in_time():
            _, raw = await self._http.get_bytes("/query", asked, most=most_bytes)
        try:
            body = json.loads((raw or b"").decode("utf-8", "replace"), parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise self._http.bad(about, f"{self._http.host} did not answer with a JSON object")
        return body

    async def _turn(self) -> None:
        self._refuse_on_a_spent_day()
        now = self._clock.monotonic()
        begin = max(now, self._free_at)
        if begin - now > MOST_WAIT_S:
            raise VendorRateLimited(NAME, "too many questions wait for the key's turn")
        self._free_at = begin + PAUSE_S  # taken before the wait, so that others queue up behind
        if begin > now:
            await self._clock.sleep(begin - now)
            self._refuse_on_a_spent_day()  # whoever had the turn before may have used up the last one

    def _refuse_on_a_spent_day(self) -> None:
        if self._spent_on == self._clock.now().date():
            raise VendorRateLimited(NAME, "the key's requests of this day (UTC) are used up")

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
