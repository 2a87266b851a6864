"""The part of a vendor's promises that is the same for all vendors whose prices are in USD."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from core.market.exchanges import ARENA_CURRENCY


class InDollars:
    """A vendor that quotes everything in USD."""

    async def currency(self, ticker: str) -> str:
        """Return USD."""
        return ARENA_CURRENCY

    async def usd_rates(self, currency: str, start: date, end: date) -> Mapping[date, Decimal]:
        """Return nothing: there is nothing to convert."""
        return {}
