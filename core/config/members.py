"""The keys of `[[members]]`: who competes, and which models write for it."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.config.field_types import Name, UsdPerMtok
from core.config.providers import Tier
from core.domain.member import MemberKind
from core.domain.stage import route_at
from core.domain.values import Frozen, Ratio

DEFAULT_BASELINES = ("buy_and_hold", "momentum", "mean_reversion", "trend", "coin_flip")
BASELINES = (*DEFAULT_BASELINES, "sma_cross")
StageKey = Literal[
    "analysts",
    "debate",
    "risk",
    "market",
    "news",
    "fundamentals",
    "sentiment",
    "bull",
    "bear",
    "research",
    "trader",
    "risk_aggressive",
    "risk_neutral",
    "risk_conservative",
    "decision",
]
"""A stage, or one of the groups of `core.domain.stage.GROUPS`."""
Route = tuple[str, ...]


class MemberSettings(Frozen):
    """A competitor. `route` lists `provider:model id`, first choice first.

    `stages` has the routes of stages and groups of stages that other models shall write; the rest is written
    by `route`. Prices (USD per million tokens) and `tier` are those of `route`; what is left out is known of
    its models, or unknown.
    """

    name: Name
    kind: Literal[MemberKind.LLM, MemberKind.BASELINE] = MemberKind.LLM
    route: Route = ()
    stages: dict[StageKey, Annotated[Route, Field(min_length=1)]] = Field(default_factory=dict)
    tier: Tier | None = None
    weight: Ratio = Decimal(1)
    enabled: bool = True
    max_concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_output_tokens: Annotated[int, Field(ge=64, le=200_000)] = 4096
    price_in_usd_per_mtok: UsdPerMtok = Decimal(0)
    price_out_usd_per_mtok: UsdPerMtok = Decimal(0)

    @model_validator(mode="after")
    def _kind_fits(self) -> "MemberSettings":
        mistakes = [
            f'{json.dumps(hop)} in {where} is not "provider:model id", such as "openrouter:openai/gpt-5"'
            for where, route in self.routes()
            for hop in route
            if not all(part.strip() for part in hop.partition(":")[::2])
        ]
        if self.kind is MemberKind.BASELINE and self.name not in BASELINES:
            mistakes.append(f'"{self.name}" is no baseline; a baseline is one of {", ".join(BASELINES)}')
        if self.kind is MemberKind.BASELINE and self.route:
            mistakes.append("a baseline asks no model, so it takes no route")
        if self.kind is MemberKind.BASELINE and self.stages:
            mistakes.append("a baseline asks no model, so it takes no stages")
        if self.kind is MemberKind.LLM and not self.route:
            mistakes.append('a member of kind "llm" needs route = ["provider:model id"]')
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def route_of(self, stage: str) -> Route:
        """Return the route by which a stage is asked: its own, or its group's, or the member's."""
        return route_at(self.route, self.stages, stage)

    @property
    def hops(self) -> Route:
        """Every `provider:model id` that may be asked, in any stage, each once."""
        return tuple(dict.fromkeys(hop for _, route in self.routes() for hop in route))

    def routes(self) -> Iterable[tuple[str, Route]]:
        """Yield the key of each route in the configuration, and the route."""
        yield "route", self.route
        for stage, route in self.stages.items():
            yield f"stages.{stage}", route
