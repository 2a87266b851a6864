"""A member that several models make up: each stage is asked by its own route."""

from collections.abc import Callable
from decimal import Decimal

from core.config.members import MemberSettings, Route
from core.config.providers import ProviderModel
from core.llm.port import Answer, Ask, LanguageModel


class StagedModel:
    """Asks the model of the ask's stage; `model_of` makes that of a route, once and when it is needed."""

    def __init__(self, member: MemberSettings, model_of: Callable[[Route], LanguageModel]) -> None:
        self._member = member
        self._model_of = model_of
        self._models: dict[Route, LanguageModel] = {}

    async def ask(self, ask: Ask) -> Answer:
        """Ask once and return the answer; see `core.llm.port.LanguageModel`."""
        route = self._member.route_of(ask.stage)
        if route not in self._models:
            self._models[route] = self._model_of(route)
        return await self._models[route].ask(ask)


def at_hop(member: MemberSettings, route: Route, hop: str, model: ProviderModel) -> MemberSettings:
    """Return the member as it asks one hop of one of its routes, with the tier and the prices of that call.

    On its own route what the member says of its tier goes first, and the model's where it says nothing. On
    the routes of stages it is the other way round, and the member's own prices say nothing.
    """
    if hop in member.route:
        return member.model_copy(update={"route": route, "tier": member.tier or model.tier})
    unknown = {"price_in_usd_per_mtok": Decimal(0), "price_out_usd_per_mtok": Decimal(0)}
    return member.model_copy(update={"route": route, "tier": model.tier or member.tier, **unknown})
