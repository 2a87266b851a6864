"""Daily bars and quotes, as a vendor gave them."""

from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.values import Frozen, Price, canonical_json

ROUNDING = Decimal("0.0001")
"""How far an open or a close may lie outside low..high, as a fraction of itself: vendors round each alone."""


class Bar(Frozen):
    """One session of one instrument. Prices in USD a share, volume in shares."""

    date: date
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[int, Field(ge=0)]

    @cached_property
    def canonical(self) -> str:
        """The bar as canonical JSON: it is in the evidence of hundreds of runs of a replay."""
        return canonical_json(self.model_dump(mode="json"))

    @cached_property
    def contradiction(self) -> str | None:
        """What contradicts itself about the prices, in words, or None."""
        if self.high < self.low:
            return f"high {self.high:f} is below low {self.low:f}"
        for name, price in (("open", self.open), ("close", self.close)):
            slack = price * ROUNDING
            if not self.low - slack <= price <= self.high + slack:
                return f"{name} {price:f} lies outside {self.low:f} to {self.high:f}"
        return None


class Quote(Frozen):
    """The last price known at a moment (UTC), of which session it is, and whether the exchange was open.

    The exchange may be open although the price is of the session before: the running one is then not known.
    """

    price: Price
    at: AwareDatetime
    session: date
    session_open: bool


class Mark(Frozen):
    """The price at which a holding is valued, when that price was made, and by which vendor it came."""

    ticker: str
    price: Price
    at: AwareDatetime
    source: str


class BarSeries(Frozen):
    """Bars of one ticker in ascending order of date, none from after `as_of`.

    `running` is the bar of the session that is under way, if the present was asked for: its close is the
    last price of the moment. `caveat` is a sentence that must stand wherever a person sees these prices.
    Prices are in USD; `currency` is what the vendor quotes, an ISO 4217 code, from which they were converted.
    """

    ticker: str
    source: str
    as_of: AwareDatetime
    bars: tuple[Bar, ...]
    running: Bar | None = None
    caveat: str | None = None
    currency: str = "USD"

    @property
    def last(self) -> Bar:
        """The newest bar; the series is never empty."""
        return self.bars[-1]

    def closes(self) -> list[Decimal]:
        """Closing prices, oldest first."""
        return [bar.close for bar in self.bars]
