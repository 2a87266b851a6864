"""What model calls cost, for sums."""

from decimal import ROUND_UP, Context, Decimal

from core.store.column_types import COST_PLACES

_STEP = Decimal(1).scaleb(-COST_PLACES)
_ROUGHLY = Context(prec=60, rounding=ROUND_UP)


def for_sums(cost_usd: Decimal) -> Decimal:
    """Return a cost in USD as the columns for sums hold it: rounded up to 10^-12 USD.

    The exact figure stays in the spend beside it. Up, because a budget must not count too little.
    """
    return cost_usd.quantize(_STEP, context=_ROUGHLY)
