"""Stops and take-profits: whether a session's prices reached the levels of a holding, and at what price.

A daily bar does not say in which order its prices came. Where both levels lie within it, the stop counts:
the worse assumption for the member. A session that opens beyond a level fills at the open.
"""

from decimal import Decimal
from typing import NamedTuple

from core.domain.bars import Bar
from core.domain.books import OrderCause, Position


class Hit(NamedTuple):
    """A level that was reached, and the price in USD a share at which the market gave it."""

    cause: OrderCause
    price: Decimal


def hit(position: Position, bar: Bar) -> Hit | None:
    """Return which level of a holding the bar reached, if any; the position was held from its open on."""
    long = position.shares > 0
    stop, take = position.stop_loss, position.take_profit
    if stop is not None and (bar.low <= stop if long else bar.high >= stop):
        return Hit(OrderCause.STOP, min(bar.open, stop) if long else max(bar.open, stop))
    if take is not None and (bar.high >= take if long else bar.low <= take):
        return Hit(OrderCause.TAKE_PROFIT, max(bar.open, take) if long else min(bar.open, take))
    return None


def sensible(
    shares: Decimal, price: Decimal, stop: Decimal | None, take: Decimal | None
) -> tuple[Decimal | None, Decimal | None]:
    """Return the levels that make sense for a holding bought (or, below zero, sold) at `price`.

    A stop on the wrong side of the price, or a take-profit there, would be reached at once: it is left out.
    """
    long = shares > 0
    good_stop = stop if stop is not None and (stop < price if long else stop > price) else None
    good_take = take if take is not None and (take > price if long else take < price) else None
    return good_stop, good_take
