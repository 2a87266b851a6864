"""The use cases of stability: would a member decide the same if the evidence stood in another order?"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal

from core.app.estimates import Estimates
from core.clock import Clock
from core.config import Settings
from core.config.members import MemberSettings
from core.domain.errors import Refused
from core.domain.evidence import Evidence
from core.domain.instrument import parse_ticker
from core.domain.member import Member, MemberKind
from core.domain.run import RunRequest
from core.domain.stability import Stability
from core.domain.stage import Preset
from core.llm.gateway import Gateway
from core.pipeline.committee import Committee
from core.pipeline.stability import StabilityCheck
from core.store.store import Store

MOST_TIMES = 50
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class StabilityPlan:
    """A check that can begin. `usd` is about what it will cost, None where nobody can know that."""

    evidence: Evidence
    members: tuple[MemberSettings, ...]
    times: int
    seed: int
    preset: Preset
    usd: Decimal | None


class Stabilitywork(ABC):
    """A part of `App`."""

    settings: Settings
    clock: Clock
    _store: Store
    _gateway: Gateway
    _committee: Committee
    _estimates: Estimates

    @abstractmethod
    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, in their order, and after them those that follow every run."""

    async def stability_plan(self, request: RunRequest, *, times: int, seed: int = 1) -> StabilityPlan:
        """Freeze the evidence for `request` and say what it will cost to ask `times` times; asks no model.

        Raises:
            BadTicker: the ticker is none.
            Refused: `times` or `seed` is out of range, or no such language model takes part.
            NoPrices: no vendor had usable prices.
        """
        if not 2 <= times <= MOST_TIMES:  # noqa: PLR2004 - one answer cannot differ from itself
            raise Refused(f"Ask from 2 to {MOST_TIMES} times, not {times}.")
        if not 0 <= seed <= MOST_SEED:
            raise Refused(f"A seed is a whole number from 0 to {MOST_SEED}.")
        request = request.model_copy(update={"ticker": parse_ticker(request.ticker)})
        chosen = [member for member in await self._chosen(request.members) if not member.kind.follows]
        rules = [member.name for member in chosen if member.kind is not MemberKind.LLM]
        if request.members and rules:
            raise Refused(f"{rules[0]} is a rule, and a rule reads no text. Name language models only.")
        names = {member.name for member in chosen if member.kind is MemberKind.LLM}
        models = tuple(member for member in self.settings.members if member.name in names)
        if not models:
            raise Refused("No language model takes part. Enable one under [[members]] in the configuration.")
        shares = await self._estimates.shares([request.preset])
        known = [shares.get((request.preset.value, model.name)) for model in models]
        costs = [cost for cost in known if cost is not None]
        return StabilityPlan(
            evidence=await self._committee.freeze(request),
            members=models,
            times=times,
            seed=seed,
            preset=request.preset,
            usd=sum(costs, Decimal(0)) * times if len(costs) == len(known) else None,
        )

    async def stability(self, plan: StabilityPlan) -> tuple[Stability, ...]:
        """Ask, keep what was found, and return it, member by member. Costs count against every budget."""
        await self._store.runs.save_evidence(plan.evidence)
        found = await StabilityCheck(self.settings, self._gateway, self.clock).check(
            plan.evidence, plan.members, times=plan.times, seed=plan.seed, preset=plan.preset
        )
        await self._store.calls.log.flush()
        await self._store.stabilities.add(found)
        return found

    async def stabilities(self) -> dict[str, Stability]:
        """Return the newest finding with a ballot on each member, or the newest where none has one."""
        return await self._store.stabilities.latest()
