"""What model calls cost, for sums."""

from decimal import Decimal

from sqlalchemy import case, func, select, type_coerce
from sqlalchemy.sql import ColumnElement

from core.domain.budgets import counted_usd
from core.store.column_types import COST_PLACES, Exact
from core.store.tables import seats, stages


def for_sums(cost_usd: Decimal) -> Decimal:
    """Return a cost in USD as the columns for sums hold it: rounded up to 10^-12 USD.

    The exact figure stays in the spend beside it. Up, because a budget must not count too little.
    """
    return counted_usd(cost_usd)


def seat_cost() -> ColumnElement[Decimal]:
    """The cost of a seat in USD: that in its result, or of its stages while there is none."""
    of_stages = (
        select(func.coalesce(func.sum(stages.c.cost_usd), 0))
        .where(stages.c.run_id == seats.c.run_id, stages.c.member == seats.c.member)
        .correlate(seats)
        .scalar_subquery()
    )
    cost = case((seats.c.cost_usd.is_not(None), seats.c.cost_usd), else_=of_stages)
    return type_coerce(cost, Exact(COST_PLACES))


def total_cost() -> ColumnElement[Decimal]:
    """The sum of `seat_cost` over seats."""
    return func.sum(seat_cost(), type_=Exact(COST_PLACES))
