"""What became of ballots: a ballot is settled at a horizon once its outcome is known."""

from datetime import date
from decimal import Decimal

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.season import Season
from core.domain.values import Frozen, Price, Ratio

HORIZONS = (1, 5, 20)
"""Sessions after which ballots are settled; 1 is the close of the session whose open follows the ballot."""

_SIGN = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}


class Outcome(Frozen):
    """One ballot, settled at one horizon.

    Entry is the open of the first session after the ballot (the price that all members fill at), exit the
    close of the `horizon`-th session from there, both in USD a share as they were quoted. `return_ratio` is
    the instrument's total return between them (splits and dividends included), `benchmark_return` the
    benchmark's over the same time, None where it has no prices. `settled_at` is the exit's close (UTC):
    before it, the outcome does not exist for anyone.
    """

    season: Season
    run_id: str
    member: str
    ticker: str
    horizon: int
    action: Action
    confidence: Ratio
    decided_at: AwareDatetime
    entry_session: date
    exit_session: date
    entry_price: Price
    exit_price: Price
    return_ratio: Decimal
    benchmark_return: Decimal | None = None
    settled_at: AwareDatetime

    @property
    def alpha(self) -> Decimal | None:
        """The return beyond the benchmark's, in the ballot's direction; None where the benchmark has none.

        For SELL it is what the instrument fell more than the benchmark, and HOLD, which names no direction,
        has none either way: 0.
        """
        if self.benchmark_return is None:
            return None
        return (self.return_ratio - self.benchmark_return) * _SIGN[self.action]

    @property
    def earned(self) -> Decimal:
        """The return in the ballot's direction: a fall earns for SELL, and HOLD earns nothing."""
        return self.return_ratio * _SIGN[self.action]

    @property
    def right(self) -> bool | None:
        """Whether the direction was right; None for HOLD, which names none. No move at all is not right."""
        return None if self.action is Action.HOLD else self.earned > 0
