"""Tokens and money that model calls used."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.domain.values import Frozen

Count = Annotated[int, Field(ge=0)]


class Spend(Frozen):
    """What one or more model calls used: tokens, USD (exact, sub-cent), and how many calls.

    `unpriced_calls` are those of which nobody knows the cost; they stand in `cost_usd` as nothing. Of
    `estimated_calls` nobody has told the tokens, so these and the cost are no more than an estimate.
    `cached_tokens` are those of the prompt that the provider had read before, `reasoning_tokens` those of the
    completion that nobody sees.
    """

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    cost_usd: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] = Decimal(0)
    calls: Count = 0
    unpriced_calls: Count = 0
    estimated_calls: Count = 0
    cached_tokens: Count = 0
    reasoning_tokens: Count = 0

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            calls=self.calls + other.calls,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
            estimated_calls=self.estimated_calls + other.estimated_calls,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


NOTHING_SPENT = Spend()


class ServedBy(Frozen):
    """Which provider and model really answered, in the provider's words; `key` is our name for the key."""

    provider: str
    model: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"
