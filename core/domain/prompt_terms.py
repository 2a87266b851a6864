"""What the prompts of a run depend on beside its evidence, its seats and the answers in it."""

from decimal import Decimal
from typing import Literal

from core.domain.values import Frozen, Written


class TradingTerms(Frozen):
    """The rules of trading as far as members are told them; basis points, and fractions of equity or a year.

    Numbers keep their digits: `1.0` and `1` are not written alike.
    """

    max_position: Decimal
    max_gross_exposure: Decimal
    fee_bps: Decimal
    slippage_bps: Decimal
    fill: Literal["next_open", "last"]
    allow_short: bool
    borrow_fee: Decimal


class EvidenceBudget(Frozen):
    """How many tokens each section of the evidence may take in a prompt, and all together."""

    total: int
    bars: int
    news: int
    fundamentals: int
    ratios: int
    sentiment: int
    macro: int


class PromptTerms(Written):
    """The settings that shape prompts, frozen when a run begins and kept with it.

    `roles_sha256` is the hash of the role files, whose text is not kept.
    """

    trading: TradingTerms
    evidence_tokens: EvidenceBudget
    debate_rounds: int
    roles_sha256: str
