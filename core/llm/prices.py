"""What a call may cost before it is sent, and what it did cost when the endpoint does not say."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.config.members import MemberSettings
from core.config.providers import Provider
from core.domain.listed import ListedModel
from core.domain.tokens import tokens
from core.domain.usage import Spend
from core.domain.values import Frozen
from core.llm.port import Ask

UsdPerMtok = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]

_NEVER = datetime.min.replace(tzinfo=UTC)
_MILLION = Decimal(1_000_000)
_BYTES_PER_TOKEN = 2
_TOKENS_PER_MESSAGE = 8
_TOKENS_A_SECOND = 100
"""As quickly as this most hosted models do not write."""


class Prices(Frozen):
    """USD per million prompt tokens and per million completion tokens; zero when unknown or `free`.

    `cached_usd_per_mtok` is that of prompt tokens which the provider had read before, None where it is not
    known: then they cost as the others.
    """

    in_usd_per_mtok: UsdPerMtok = Decimal(0)
    out_usd_per_mtok: UsdPerMtok = Decimal(0)
    cached_usd_per_mtok: UsdPerMtok | None = None
    free: bool = False

    @property
    def known(self) -> bool:
        """Whether any price was configured."""
        return bool(self.in_usd_per_mtok or self.out_usd_per_mtok)

    def cost(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> Decimal:
        """Return the exact USD for that many tokens; `cached_tokens` are among those of the prompt."""
        cached = min(cached_tokens, prompt_tokens) if self.cached_usd_per_mtok is not None else 0
        read = (prompt_tokens - cached) * self.in_usd_per_mtok + cached * (self.cached_usd_per_mtok or 0)
        return (read + completion_tokens * self.out_usd_per_mtok) / _MILLION

    def most(self, ask: Ask) -> Decimal:
        """Return a bound in USD that the call should not pass: counted prompt and the longest answer.

        Nothing of the prompt is taken to be cached, unless that is dearer.
        """
        prompt, most_out = prompt_tokens(ask), ask.max_output_tokens
        return max(self.cost(prompt, most_out), self.cost(prompt, most_out, prompt))


def prices_of(
    member: MemberSettings, provider: Provider, model_id: str, listed: ListedModel | None = None
) -> Prices:
    """Return a hop's prices: what the provider's model states, else the member, else the provider's list."""
    model = provider.model(model_id)
    listed = listed or ListedModel(provider=provider.name, model=model_id, at=_NEVER)
    cached = model.price_cached_usd_per_mtok
    cached = listed.price_cached_usd_per_mtok if cached is None else cached
    return Prices(
        in_usd_per_mtok=_first(
            model.price_in_usd_per_mtok,
            member.price_in_usd_per_mtok or None,
            listed.price_in_usd_per_mtok,
        ),
        out_usd_per_mtok=_first(
            model.price_out_usd_per_mtok,
            member.price_out_usd_per_mtok or None,
            listed.price_out_usd_per_mtok,
        ),
        cached_usd_per_mtok=cached,
        free=provider.local,
    )


def _first(*stated: Decimal | None) -> Decimal:
    return next((price for price in stated if price is not None), Decimal(0))


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


def most_tokens(ask: Ask) -> int:
    """Return the most that a call may use, of prompt and answer together."""
    return prompt_tokens(ask) + ask.max_output_tokens


def counted_tokens(ask: Ask) -> int:
    """Return about how many tokens the prompt takes: slower to have than the bound, and closer."""
    schema = tokens(ask.answer.text) if ask.answer else 0
    return schema + sum(tokens(turn.content) + _TOKENS_PER_MESSAGE for turn in ask.messages)


def unheard_spend(ask: Ask, prices: Prices, under_way_s: float) -> Spend:
    """Return what a request is taken to have used of which nobody hears how it ended.

    That is its prompt, and what a quick model writes within the seconds for which it was under way; never
    more than was reserved for it.
    """
    written = min(round(under_way_s * _TOKENS_A_SECOND), ask.max_output_tokens)
    read = min(counted_tokens(ask), prompt_tokens(ask))
    return within_reserved(
        ask,
        Spend(
            prompt_tokens=read,
            completion_tokens=written,
            cost_usd=prices.cost(read, written),
            calls=1,
            unpriced_calls=0 if prices.known or prices.free else 1,
            estimated_calls=1,
        ),
    )


def within_reserved(ask: Ask, spend: Spend) -> Spend:
    """Return an estimate that is no more than was reserved for the call, if anything was."""
    if ask.begun is None or not ask.begun.spend.calls:
        return spend
    most = ask.begun.spend
    limited = {
        name: min(getattr(spend, name), getattr(most, name))
        for name in ("prompt_tokens", "completion_tokens", "cost_usd")
    }
    return spend.model_copy(update=limited)
