"""Daily bars and quotes, as a vendor gave them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.values import Frozen, Price


class Bar(Frozen):
    """One session of one instrument. Prices in USD a share, volume in shares."""

    date: date
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Annotated[int, Field(ge=0)]


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


def is_aware(moment: datetime) -> bool:
    """Say whether a datetime carries its offset from UTC."""
    return moment.tzinfo is not None and moment.utcoffset() is not None
