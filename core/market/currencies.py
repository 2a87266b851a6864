"""Prices in another currency, turned into USD at the rate that was known when each session opened. Pure.

A daily rate is final when its day has ended in UTC; the one taken is the last that was final at the open. A
later one, such as that of the same evening, was not yet known to whoever traded in the session.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from core.domain.bars import Bar
from core.domain.errors import BadVendorData
from core.market.exchanges import ARENA_CURRENCY
from core.market.splits import positive_price

RATE_DAYS = 5
"""Calendar days that a rate may be old: over a weekend and a holiday, not more."""
_ISO = re.compile(r"[A-Z]{3}", re.ASCII)
_HUNDREDTHS = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}


class Currency(NamedTuple):
    """An ISO 4217 code, and how many of a vendor's units make one of it (100 pence a pound)."""

    code: str
    units: int = 1

    @property
    def is_arena(self) -> bool:
        """Whether nothing needs to be converted."""
        return self.code == ARENA_CURRENCY


class Rate(NamedTuple):
    """What one unit of a currency cost at the close of a UTC day, in USD."""

    day: date
    usd: Decimal


def currency_from(vendor: str, ticker: str, told: str) -> Currency:
    """Return the currency that a vendor's code means, pence and other hundredths included.

    Raises:
        BadVendorData: the code is none that is known.
    """
    if told in _HUNDREDTHS:
        return Currency(_HUNDREDTHS[told], 100)
    if _ISO.fullmatch(told):
        return Currency(told)
    shown = "".join(sign for sign in told if sign.isprintable())[:12]
    raise BadVendorData(vendor, f"{ticker}: the prices are in “{shown}”, which is no known currency")


class Rates:
    """The daily rates of one currency, as one vendor has them."""

    def __init__(self, vendor: str, currency: Currency, rates: Iterable[Rate]) -> None:
        self._vendor = vendor
        self._currency = currency
        self._rates = sorted(rates)
        self._days = [rate.day for rate in self._rates]

    def usd(self, ticker: str, opens: datetime) -> Decimal:
        """Return what one of the vendor's units was worth, in USD, when a session of `ticker` opened.

        Raises:
            BadVendorData: the last rate known then is more than five days old, or there is none.
        """
        latest = opens.astimezone(UTC).date() - timedelta(days=1)
        place = bisect_right(self._days, latest)
        if place and (latest - self._days[place - 1]).days < RATE_DAYS:
            return self._rates[place - 1].usd / self._currency.units
        pair = f"{self._currency.code} in {ARENA_CURRENCY}"
        fault = f"there is no rate of {pair} from the {RATE_DAYS} days before {opens:%Y-%m-%d}"
        raise BadVendorData(self._vendor, f"{ticker}: {fault}")


def in_usd(bar: Bar, rate: Decimal) -> Bar:
    """Return the bar at `rate` USD a unit, prices rounded to six places; the volume is in shares already."""
    return Bar(
        date=bar.date,
        open=positive_price(bar.open * rate),
        high=positive_price(bar.high * rate),
        low=positive_price(bar.low * rate),
        close=positive_price(bar.close * rate),
        volume=bar.volume,
    )
