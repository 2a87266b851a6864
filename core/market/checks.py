"""What makes a vendor's bars and actions unusable. Pure: they go in, nothing or `BadVendorData` comes out."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.errors import BadVendorData
from core.market.calendar import Sessions

LARGEST_SPLIT = 1000
"""New shares for an old one, or old ones for a new one, beyond which a split is a mistake."""
LARGEST_DIVIDEND = 10**7
"""A share, in whatever currency the vendor quotes."""


def check_shape(vendor: str, ticker: str, bars: Sequence[Bar]) -> None:
    """Refuse bars that are out of order or doubled, or whose prices contradict each other.

    Raises:
        BadVendorData: names the vendor, the ticker, the date and the fault.
    """
    for earlier, later in pairwise(bars):
        if later.date == earlier.date:
            raise _bad(vendor, ticker, later, "the date is there twice")
        if later.date < earlier.date:
            raise _bad(vendor, ticker, later, f"the bar stands after that of {earlier.date}")
    for bar in bars:
        if bar.contradiction:
            raise _bad(vendor, ticker, bar, bar.contradiction)


def check_time(
    vendor: str, ticker: str, bars: Sequence[Bar], *, sessions: Sessions, as_of: datetime, max_age: int
) -> None:
    """Refuse bars that were not final at `as_of`, or of which the last is older than `max_age` sessions.

    `bars` is not empty and in ascending order of date.

    Raises:
        BadVendorData: names the vendor, the ticker, the date and the fault.
    """
    last = bars[-1]
    if sessions.closing(last.date) > as_of:
        raise _bad(vendor, ticker, last, f"the bar is from after {as_of:%Y-%m-%d %H:%M} UTC")
    age = sessions.age(last.date, as_of)
    if age > max_age:
        raise _bad(
            vendor,
            ticker,
            last,
            f"the last bar is {age} sessions old at {as_of:%Y-%m-%d}, more than {max_age}",
        )


def check_actions(vendor: str, ticker: str, actions: Sequence[CorporateAction]) -> None:
    """Refuse actions of which one is there twice, is of another ticker, or is beyond belief.

    Two of one kind on one day would be booked twice; a company that pays twice on a day is told in one sum.

    Raises:
        BadVendorData: names the vendor, the ticker, the date and the fault.
    """
    seen: set[tuple[ActionKind, date]] = set()
    for action in actions:
        if action.ticker != ticker:
            raise BadVendorData(vendor, f"{ticker} {action.ex_date}: the {action.kind} is of another ticker")
        if (action.kind, action.ex_date) in seen:
            raise BadVendorData(vendor, f"{ticker} {action.ex_date}: the {action.kind} is there twice")
        seen.add((action.kind, action.ex_date))
        if action.kind is ActionKind.SPLIT:
            plausible = max(action.value, 1 / action.value) <= LARGEST_SPLIT
            fault = f"a split of {action.value:.6g} for one is not plausible"
        else:
            plausible = action.value <= LARGEST_DIVIDEND
            fault = f"a dividend of {action.value:.6g} a share is not plausible"
        if not plausible:
            raise BadVendorData(vendor, f"{ticker} {action.ex_date}: {fault}")


def _bad(vendor: str, ticker: str, bar: Bar, fault: str) -> BadVendorData:
    return BadVendorData(vendor, f"{ticker} {bar.date}: {fault}")
