"""What a provider lists of its models: prices and context."""

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.values import Frozen

ListedPrice = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class ListedModel(Frozen):
    """One model of a provider's list, as it stood at `at`.

    Prices are in USD per million tokens, `context_tokens` is how much it reads and writes at most; None is
    not said.
    """

    provider: str
    model: str
    price_in_usd_per_mtok: ListedPrice | None = None
    price_out_usd_per_mtok: ListedPrice | None = None
    price_cached_usd_per_mtok: ListedPrice | None = None
    context_tokens: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    at: AwareDatetime
