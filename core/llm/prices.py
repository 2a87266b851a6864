"""What a call may cost before it is sent, and what it did cost when the endpoint does not say."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.config.providers import Provider
from core.config.settings import MemberSettings
from core.domain.values import Frozen
from core.llm.port import Ask

UsdPerMtok = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]

_MILLION = Decimal(1_000_000)
_BYTES_PER_TOKEN = 2
_TOKENS_PER_MESSAGE = 8


class Prices(Frozen):
    """USD per million prompt tokens and per million completion tokens; zero when unknown or `free`."""

    in_usd_per_mtok: UsdPerMtok = Decimal(0)
    out_usd_per_mtok: UsdPerMtok = Decimal(0)
    free: bool = False

    @property
    def known(self) -> bool:
        """Whether any price was configured."""
        return bool(self.in_usd_per_mtok or self.out_usd_per_mtok)

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Return the exact USD for that many tokens."""
        return (prompt_tokens * self.in_usd_per_mtok + completion_tokens * self.out_usd_per_mtok) / _MILLION

    def most(self, ask: Ask) -> Decimal:
        """Return a bound in USD that the call should not pass: counted prompt and the longest answer."""
        return self.cost(prompt_tokens(ask), ask.max_output_tokens)


def prices_of(member: MemberSettings, provider: Provider, model_id: str) -> Prices:
    """Return the prices of a hop: each as the provider's model states it, or else as the member does."""
    model = provider.model(model_id)
    price_in, price_out = model.price_in_usd_per_mtok, model.price_out_usd_per_mtok
    return Prices(
        in_usd_per_mtok=member.price_in_usd_per_mtok if price_in is None else price_in,
        out_usd_per_mtok=member.price_out_usd_per_mtok if price_out is None else price_out,
        free=provider.local,
    )


def text_tokens(text: str) -> int:
    """Return an upper-ish bound of the tokens in `text`: one for two bytes of UTF-8.

    Prose takes three to four bytes a token and other scripts two to three. A bare table of figures takes
    a little under two, because tokenizers split numbers; no prompt is that alone.
    """
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)


def prompt_tokens(ask: Ask) -> int:
    """Return an upper-ish bound of the prompt's tokens, with the schema and the turns' frames."""
    schema = text_tokens(ask.answer.text) if ask.answer else 0
    return schema + sum(text_tokens(turn.content) + _TOKENS_PER_MESSAGE for turn in ask.messages)
