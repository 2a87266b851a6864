"""Splits and what they do to bars. Pure.

Everything in Conclave is as traded. Only the evidence shows earlier bars in the shares of its moment: a price
from before a split is divided by the split's ratio, a volume multiplied with it.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Bar
from core.domain.values import PRICE_STEP, to_price

_RATIO_STEP = Decimal("0.000000000001")
_SHORT_RATIO_PLACES = 4
_MOST_FOR_ONE = 50
_MOST_FOR_SOME = 20


def growth(day: date, actions: Iterable[CorporateAction]) -> Decimal:
    """Return how many shares one share of the close of `day` has become by the splits after it."""
    product = Decimal(1)
    for action in actions:
        if action.kind is ActionKind.SPLIT and action.ex_date > day:
            product *= action.value
    return product


def adjusted(bars: Sequence[Bar], actions: Iterable[CorporateAction]) -> tuple[Bar, ...]:
    """Return the bars in the shares of after every split of `actions`; dividends change nothing.

    Prices are rounded to six places and stay above zero, volumes to whole shares.
    """
    splits = [action for action in actions if action.kind is ActionKind.SPLIT]
    return tuple(rescaled(bar, growth(bar.date, splits)) for bar in bars) if splits else tuple(bars)


def rescaled(bar: Bar, ratio: Decimal) -> Bar:
    """Return the bar with each of its shares cut into `ratio`; `1 / ratio` takes it back, rounding aside."""
    if ratio == 1:
        return bar
    return Bar(
        date=bar.date,
        open=positive_price(bar.open / ratio),
        high=positive_price(bar.high / ratio),
        low=positive_price(bar.low / ratio),
        close=positive_price(bar.close / ratio),
        volume=int((bar.volume * ratio).quantize(Decimal(1), ROUND_HALF_EVEN)),
    )


def positive_price(value: Decimal) -> Decimal:
    """Round a price above zero to six places, and to the smallest price instead of zero."""
    return max(to_price(value), PRICE_STEP)


def split_ratio(given: Decimal) -> Decimal:
    """Return the ratio that a vendor means by a rounded one: 0.3333 is 1:3, and is given to twelve places.

    A ratio of fewer than four decimals, or near no simple fraction, is taken at its word.
    """
    exponent = given.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent < _SHORT_RATIO_PLACES:
        return given
    simple = Fraction(given).limit_denominator(_MOST_FOR_ONE if given < 1 else _MOST_FOR_SOME)
    meant = Decimal(simple.numerator) / Decimal(simple.denominator)
    # The last digit may have been rounded or cut by a binary float: one unit at many digits, half at few.
    unit = Decimal(1).scaleb(exponent)
    slack = max(unit / 2, Decimal("1e-15"))
    return meant.quantize(_RATIO_STEP).normalize() if abs(meant - given) <= slack else given
