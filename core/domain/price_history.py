"""What a price chart shows: a ticker's bars, and what one member did with it."""

from decimal import Decimal

from core.domain.bars import Bar
from core.domain.books import Fill, Position
from core.domain.season import Season
from core.domain.values import Frozen


class Entry(Frozen):
    """A fill in the shares of today: `price` (USD a share) and `shares` are after every split since."""

    fill: Fill
    price: Decimal
    shares: Decimal


class PriceHistory(Frozen):
    """Daily bars of a ticker, oldest first and never empty, and a member's entries among them, oldest first.

    Prices are in USD a share, and adjusted for splits, so that the lines of `position` fit them. The last bar
    may be of a session that is still open: its close is the price of the moment. `earlier` counts the fills
    from before the first bar. `position` is None where the member holds nothing of it (any more). `caveat` is
    a sentence that must stand wherever a person sees these prices.
    """

    season: Season
    member: str
    ticker: str
    source: str
    bars: tuple[Bar, ...]
    entries: tuple[Entry, ...] = ()
    earlier: int = 0
    position: Position | None = None
    caveat: str | None = None
