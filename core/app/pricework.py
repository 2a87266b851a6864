"""The use cases of what a run will cost: told before it begins, and weighed against what is left."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from core.app.estimates import Estimates
from core.config import Settings
from core.domain.errors import Refused
from core.domain.member import Member, MemberKind
from core.domain.run import RunRecord, RunRequest
from core.domain.stage import Preset
from core.domain.values import usd
from core.llm.gateway import Gateway
from core.llm.scopes import chat_scope, day_scope, in_words, person_scope
from core.pipeline.presets import steps

_CHEAPER = {Preset.DEEP: (Preset.STANDARD, Preset.QUICK), Preset.STANDARD: (Preset.QUICK,), Preset.QUICK: ()}


class RunPrice(NamedTuple):
    """How many models a request asks, in how many calls, and for about how much; `usd` None: nobody knows."""

    models: int
    calls: int
    usd: Decimal | None


class Pricework(ABC):
    """A part of `App`."""

    settings: Settings
    _gateway: Gateway
    _estimates: Estimates

    @abstractmethod
    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, in their order, and after them those that follow every run."""

    async def price_of(self, requests: Sequence[RunRequest]) -> RunPrice:
        """Return what runs will cost together, by what such runs have cost and by configured prices.

        Raises:
            Refused: an unknown member.
        """
        models = calls = 0
        cost: Decimal | None = Decimal(0)
        for request in requests:
            one = await self._price(await self._models_of(request), request.preset)
            models = max(models, one.models)
            calls += one.calls
            cost = None if cost is None or one.usd is None else cost + one.usd
        return RunPrice(models, calls, cost)

    async def price_of_run(self, record: RunRecord) -> RunPrice:
        """Return what a run that has begun will presumably have cost in the end."""
        names = [seat.member for seat in record.voters if seat.kind == MemberKind.LLM]
        return await self._price(names, record.preset)

    async def _price(self, names: Sequence[str], preset: Preset) -> RunPrice:
        calls = len(names) * len(steps(preset, self.settings.pipeline.debate_rounds))
        return RunPrice(len(names), calls, await self._cost(names, preset))

    async def price_to_confirm(self, requests: Sequence[RunRequest]) -> RunPrice | None:
        """Return what runs will cost where that is to be confirmed first, or None where they may just begin.

        What nobody can estimate is asked about too.

        Raises:
            Refused: an unknown member.
        """
        above = self.settings.budget.confirm_above_usd
        if above is None:
            return None
        price = await self.price_of(requests)
        return price if price.models and (price.usd is None or price.usd > above) else None

    async def _afforded(self, request: RunRequest) -> RunRequest:
        """Return the request, or one with a cheaper preset, as what the day has left allows.

        Whether a run is cut short in its middle is then up to the budgets themselves: an estimate is none.

        Raises:
            Refused: it would cost more than is left, and `budget.when_short` wants no cheaper one.
        """
        if not request.is_asked_for:
            return request  # a replay has a budget of its own, and a subscription its own rule
        today, budget = self._gateway.today(), self._gateway.budget
        scopes = (
            day_scope(today),
            chat_scope(request.requested_in, today),
            person_scope(request.requested_by, today),
        )
        left = await budget.tightest(scopes)
        if left is None:
            return request
        names, rest = await self._models_of(request), max(left.amount, Decimal(0))
        cost = await self._cost(names, request.preset)
        if cost is None or cost <= rest:
            return request
        whose = in_words(left.scope)
        # A request that may be sent again must mean the same run each time, so it is not changed.
        if self.settings.budget.when_short == "degrade" and request.once is None:
            for preset in _CHEAPER[request.preset]:
                cheaper = await self._cost(names, preset)
                if cheaper is not None and cheaper <= rest:
                    told = (
                        f"{preset} instead of {request.preset}: {usd(rest)} left of {usd(left.limit)} {whose}"
                    )
                    return request.model_copy(update={"preset": preset, "caveat": told})
        raise Refused(
            f"Not run: it would cost about {usd(cost)}, and the budget {whose} has {usd(rest)} left."
        )

    async def _models_of(self, request: RunRequest) -> list[str]:
        """Return the members of a request that ask models."""
        return [one.name for one in await self._chosen(request.members) if one.kind is MemberKind.LLM]

    async def _cost(self, names: Sequence[str], preset: Preset) -> Decimal | None:
        shares = await self._estimates.shares([preset])
        parts = [shares.get((preset.value, name)) for name in names]
        known = [part for part in parts if part is not None]
        return sum(known, Decimal(0)) if len(known) == len(parts) else None
