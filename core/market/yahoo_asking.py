"""Questions to Yahoo through yfinance: in a thread, within a limit, with a failure for each reason."""

import logging
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.errors import (
    BadVendorData,
    VendorFailure,
    VendorRateLimited,
    VendorUnreachable,
)
from core.market.blocking import off_loop
from core.market.vendor_edge import host_of, too_slow

if TYPE_CHECKING:
    from core.market.yahoo_gate import YahooGate

T = TypeVar("T")
_API = "https://query2.finance.yahoo.com"
_TOO_LONG = 63
"""curl's number for an answer that is longer than we take."""


class YahooAsking:
    """One gate to Yahoo, opened at the first question.

    `host` is what to call Yahoo in a sentence. `unreadable` is raised for an answer that cannot be read.
    """

    def __init__(
        self,
        vendor: str,
        settings: YfinanceSettings,
        *,
        unreadable: type[VendorFailure] = BadVendorData,
    ) -> None:
        self._vendor = vendor
        self._unreadable = unreadable
        self._limit_s = settings.timeout_s
        self._base_url = settings.base_url
        self.host = host_of(settings.base_url) or "Yahoo"
        self._gate: YahooGate | None = None
        self._opening = threading.Lock()

    async def ask(self, work: Callable[["YahooGate"], T]) -> T | None:
        """Return what `work` makes of Yahoo's answers, or None if Yahoo says that it has no such ticker.

        `work` runs in a thread, so that long answers may be read in it.

        Raises:
            VendorRateLimited: Yahoo asks to slow down.
            VendorTimeout: no answer within the vendor's `timeout_s`.
            VendorUnreachable: no connection, or a failure inside Yahoo.
            VendorFailure: `unreadable` for an answer that cannot be read, or what `work` raises.
        """
        return await off_loop(self._vendor, self._limit_s, lambda: self._within_limit(work))

    def close(self) -> None:
        """Close the connections."""
        with self._opening:
            if self._gate is not None:
                self._gate.close()
                self._gate = None

    def _within_limit(self, work: Callable[["YahooGate"], T]) -> T | None:
        from core.market import yahoo_gate
        from core.market.yahoo_bodies import UnknownToYahoo

        ends = time.monotonic() + self._limit_s
        yahoo_gate.deadline.set(lambda: ends - time.monotonic())
        with self._opening:
            if self._gate is None:
                self._gate = yahoo_gate.YahooGate(self._base_url)
            gate = self._gate
        _quieten()
        try:
            return work(gate)
        except UnknownToYahoo:
            return None
        except VendorFailure:
            raise
        except Exception as error:  # noqa: BLE001 - yfinance lets through whatever its libraries raise
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> VendorFailure:
        kind = type(error).__name__
        if "RateLimit" in kind:
            return VendorRateLimited(self._vendor, f"{self.host} asks to slow down")
        if "Timeout" in kind:
            return too_slow(self._vendor, self.host, self._limit_s)
        if getattr(error, "code", None) == _TOO_LONG:
            return self._unreadable(self._vendor, f"{self.host} gave an answer that is too long")
        if isinstance(error, OSError) and not isinstance(error, ValueError):
            return VendorUnreachable(self._vendor, f"{self.host} could not be reached or read ({kind})")
        return self._unreadable(self._vendor, f"{self.host} gave an answer that cannot be read ({kind})")


def _quieten() -> None:
    """Have yfinance raise what goes wrong, and trouble nobody else with it."""
    import yfinance

    logging.getLogger("yfinance").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="yfinance")
    yfinance.config.debug.hide_exceptions = False


def newest_news(gate: "YahooGate", symbol: str, count: int) -> list[Any]:
    """Return the newest items that Yahoo shows beside a ticker, as yfinance gives them, without paid ones."""
    import yfinance

    items: list[Any] = yfinance.Ticker(symbol, session=gate).get_news(count=count)
    return items


def json_answer(gate: "YahooGate", path: str, query: Mapping[str, str]) -> Any:
    """Return what Yahoo answers under `path`, with the cookie and crumb that yfinance gets for us.

    yfinance's own tables of statements take six questions with every figure that there is, lose the currency,
    and are lost as a whole when one figure is broken; its `info` takes three. Each of ours takes one.
    """
    from yfinance.data import YfData

    return YfData(session=gate).get_raw_json(f"{_API}{path}", params=dict(query))
