"""Corporate actions: splits and cash dividends."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from core.domain.values import PRICE_STEP, Frozen, to_price


class ActionKind(StrEnum):
    """What a company did to its shares."""

    SPLIT = "split"
    DIVIDEND = "dividend"


class CorporateAction(Frozen):
    """A split or a cash dividend, in force from the open of `ex_date` (the exchange's day).

    `value` is, for a split, the new shares that one old share becomes (15 for 15:1, 0.1 for 1:10), and for a
    dividend USD a share, as held before the open of `ex_date` and after any split of that day.
    """

    ticker: str
    kind: ActionKind
    ex_date: date
    value: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
    source: str

    @property
    def key(self) -> tuple[str, ActionKind, date]:
        """Two actions with the same key are the same one, told twice."""
        return self.ticker, self.kind, self.ex_date


def adjusted_for(action: CorporateAction, price: Decimal) -> Decimal:
    """Return a price of before an action as one of after it, USD a share, and always above zero.

    A split divides it, a dividend is taken off.
    """
    split = action.kind is ActionKind.SPLIT
    return max(to_price(price / action.value if split else price - action.value), PRICE_STEP)
