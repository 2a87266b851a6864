"""`conclave check --live`: one small real request to each route, and what it showed."""

import asyncio
from collections.abc import Sequence

from core.config import Settings
from core.config.members import MemberSettings
from core.domain.errors import (
    BadAnswer,
    BudgetExceeded,
    JunkAnswer,
    ModelFailure,
    ModelRateLimited,
)
from core.domain.provider_health import Condition, RouteTrial
from core.domain.usage import NOTHING_SPENT
from core.llm.families import family_of
from core.llm.gateway import Gateway
from core.llm.port import Answer, Ask, Message

AT_ONCE = 8
_ASK = Ask(
    messages=(Message(role="user", content="Answer with the one word: ready"),),
    max_output_tokens=16,
)


def routes_of(settings: Settings) -> tuple[tuple[str, MemberSettings], ...]:
    """Return each route of the enabled members once, with the first member that takes it."""
    found: dict[str, MemberSettings] = {}
    for member in settings.members:
        for hop in member.hops if member.enabled else ():
            found.setdefault(hop, member)
    return tuple(found.items())


class LiveCheck:
    """Tries routes, at most eight at once. `trials` and `spend` are what has been found so far."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._places = asyncio.Semaphore(AT_ONCE)
        self.trials: list[RouteTrial] = []
        self.spend = NOTHING_SPENT

    async def try_route(self, hop: str, member: MemberSettings) -> RouteTrial:
        """Send one request of a few tokens, also to a route that is down, and return what it showed."""
        async with self._places:
            try:
                answer = await self._gateway.trial_of(member, hop).ask(_ASK)
            except ModelFailure as failure:
                trial, spent = _failed(hop, failure), failure.spent
            else:
                trial, spent = _answered(hop, answer), answer.spend
        self.spend += spent
        self.trials.append(trial)
        return trial


def in_words(trial: RouteTrial) -> str:
    """Return a trial in one line: "healthy · 0.8 s · answered as gpt-5-2025 · $0.00001"."""
    latency = f"{trial.latency_ms / 1000:.1f} s" if trial.latency_ms is not None else ""
    served = f"answered as {trial.served_model}" if trial.served_model else ""
    key = f"key {trial.key}" if trial.key else ""
    cost = f"${trial.cost_usd:f}" if trial.cost_usd else ""
    parts: Sequence[str] = (str(trial.condition), latency, served, key, cost, trial.reason)
    return " · ".join(part for part in parts if part)


def _answered(hop: str, answer: Answer) -> RouteTrial:
    provider, _, model = hop.partition(":")
    served = answer.served_by
    same = family_of(served.model) == family_of(model)
    return RouteTrial(
        provider=provider,
        model=model,
        condition=Condition.HEALTHY if same else Condition.DEGRADED,
        served_model=served.model,
        key=served.key,
        latency_ms=answer.latency_ms,
        cost_usd=answer.spend.cost_usd,
        tokens=answer.spend.tokens,
        reason="" if same else "another family of models answered",
    )


def _failed(hop: str, failure: ModelFailure) -> RouteTrial:
    """Return what a failure shows: a model that wrote something unusable is there, a busy one as well."""
    provider, _, model = hop.partition(":")
    condition, reason = Condition.DOWN, failure.reason
    if isinstance(failure, BadAnswer) and not isinstance(failure, JunkAnswer):
        condition, reason = Condition.HEALTHY, f"a few tokens were too few for an answer ({failure.reason})"
    elif isinstance(failure, ModelRateLimited | BudgetExceeded):
        condition = Condition.DEGRADED
    return RouteTrial(
        provider=provider,
        model=model,
        condition=condition,
        cost_usd=failure.spent.cost_usd,
        tokens=failure.spent.tokens,
        reason=reason,
    )
