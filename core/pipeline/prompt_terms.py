"""The settings that shape prompts: of today for a run that begins, its own for one that is taken up again."""

import hashlib
from functools import cache

from core.config import Settings
from core.domain.prompt_terms import EvidenceBudget, PromptTerms, TradingTerms
from core.domain.run import RunRecord
from core.domain.stage import Stage
from core.domain.values import canonical_json
from core.pipeline.prompting import role

_BESIDE_STAGES = ("system", "memory")


@cache
def roles_sha256() -> str:
    """Return the SHA-256 over all texts that stand in prompts as they are in the role files."""
    texts = {name: role(name) for name in (*_BESIDE_STAGES, *Stage)}
    return hashlib.sha256(canonical_json(texts).encode()).hexdigest()


def terms_today(settings: Settings) -> PromptTerms:
    """Return the terms of a run that begins now."""
    pipeline, trading = settings.pipeline, settings.trading
    shown = {name: getattr(trading, name) for name in TradingTerms.model_fields}
    return PromptTerms(
        trading=TradingTerms(**shown),
        evidence_tokens=EvidenceBudget(**pipeline.evidence_tokens.model_dump()),
        debate_rounds=pipeline.debate_rounds,
        roles_sha256=roles_sha256(),
    )


def terms_of(record: RunRecord, settings: Settings) -> PromptTerms:
    """Return the terms that a run began with; today's for one of before they were kept."""
    return record.prompt_terms or terms_today(settings)
