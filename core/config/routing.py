"""The keys of `[routing]`: which model answers a single question. Of its rules the first that fits wins."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.config.field_types import Name, Seconds, Text
from core.config.providers import Tier
from core.domain.asking import Task
from core.domain.near import near
from core.domain.stage import Preset
from core.domain.values import Frozen, Ratio

ROLES = ("financial", "quantitative", "fast", "balanced", "premium", "local", "cheapest")
"""The names that rules may use without anybody having configured them."""
HOUSE_PROMPT = "house"
"""The name of the prompt that comes with Conclave, in tests of prompts."""

Usd = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=8, allow_inf_nan=False)]


class RoutingModel(Frozen):
    """A name for a candidate: a member, or a route of its own, first choice first."""

    name: Name
    member: Name | None = None
    route: tuple[str, ...] = ()
    tier: Tier | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "RoutingModel":
        if bool(self.member) == bool(self.route):
            raise ValueError('needs either member = "claude" or route = ["provider:model id"], and not both')
        mistakes = [
            f'{json.dumps(hop)} in route is not "provider:model id", such as "openrouter:openai/gpt-5"'
            for hop in self.route
            if not all(part.strip() for part in hop.partition(":")[::2])
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self


class RoutingWhen(Frozen):
    """What a rule asks for. Everything that is given must hold; what nobody knows never does."""

    has_position: bool | None = None
    volume: Literal["high", "normal"] | None = None
    volatility: Literal["high", "normal"] | None = None
    sentiment: Literal["clear", "unclear"] | None = None
    task: Task | None = None
    private: bool | None = None
    offline: bool | None = None
    urgent: bool | None = None
    stake_above_usd: Usd | None = None
    budget_left_below_usd: Usd | None = None

    @property
    def guards(self) -> bool:
        """Say whether it is about privacy, the network or money, which nothing may weigh up."""
        guarded = (self.private, self.offline, self.stake_above_usd, self.budget_left_below_usd)
        return any(one is not None for one in guarded)


class RoutingRule(Frozen):
    """One rule. `use` is one of `ROLES`, a name of `[[routing.models]]`, or a member."""

    name: Name
    when: RoutingWhen = RoutingWhen()
    use: Name


class RoutingTest(Frozen):
    """A test between two models, prompts or presets; `share` of the units get `b`.

    A prompt is "house" or the path of a text file that takes the place of the decision's prompt. `unit` is
    what is assigned as a whole: every question by itself, or all of a chat, or all about a ticker.
    """

    name: Name
    kind: Literal["model", "prompt", "preset"] = "model"
    a: Text
    b: Text
    share: Ratio = Decimal("0.5")
    unit: Literal["question", "chat", "ticker"] = "question"
    enabled: bool = True

    @model_validator(mode="after")
    def _arms_differ(self) -> "RoutingTest":
        if self.a == self.b:
            raise ValueError("a and b are the same; a test is between two")
        presets = [preset.value for preset in Preset]
        if self.kind == "preset" and not {self.a, self.b} <= set(presets):
            raise ValueError(f"a and b of a test of presets are each one of {', '.join(presets)}")
        return self


def _rule(name: str, use: str, **when: object) -> RoutingRule:
    return RoutingRule(name=name, use=use, when=RoutingWhen.model_validate(when))


DEFAULT_RULES = (
    _rule("private", "local", private=True),
    _rule("offline", "local", offline=True),
    _rule("low_budget", "cheapest", budget_left_below_usd=Decimal(20)),
    _rule("position_and_volume", "financial", has_position=True, volume="high"),
    _rule("high_volatility", "quantitative", volatility="high"),
    _rule("clear_sentiment", "fast", sentiment="clear"),
    _rule("urgent_and_complex", "premium", urgent=True, task=Task.COMPLEX),
    _rule("urgent", "fast", urgent=True),
    _rule("simple_task", "fast", task=Task.SIMPLE),
    _rule("analysis_task", "balanced", task=Task.ANALYSIS),
    _rule("complex_task", "premium", task=Task.COMPLEX),
    _rule("otherwise", "balanced"),
)
"""What holds where `[[routing.rules]]` is not given."""


class Routing(Frozen):
    """How one model is chosen for one question.

    Volume is high from `high_volume` times the mean of the twenty sessions before on, volatility from the
    yearly `high_volatility` of twenty sessions on, and sentiment is clear where its mean score is at least
    `clear_sentiment` away from 0. An order worth more than `confirm_above_usd` needs the premium tier's word.
    """

    offline: bool = False
    high_volume: Annotated[Decimal, Field(gt=0, le=1000, allow_inf_nan=False)] = Decimal("1.5")
    high_volatility: Annotated[Decimal, Field(gt=0, le=100, allow_inf_nan=False)] = Decimal("0.40")
    clear_sentiment: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] = Decimal("0.35")
    confirm_above_usd: Usd = Decimal(10_000)
    adaptive: bool = False
    router: Name | None = None
    router_timeout_s: Seconds = 2.0
    models: tuple[RoutingModel, ...] = ()
    rules: tuple[RoutingRule, ...] = DEFAULT_RULES
    tests: tuple[RoutingTest, ...] = ()

    def mistakes(self, members: Iterable[str], providers: Iterable[str]) -> list[str]:
        """Return one sentence for each name in here that nothing has.

        `members` are the language models and `providers` all endpoints that are configured.
        """
        voices, endpoints = tuple(members), tuple(providers)
        own = [model.name for model in self.models]
        known = tuple(dict.fromkeys((*own, *ROLES, *voices)))
        found = [f"routing.models: the name {one} is given twice; names are unique" for one in _twice(own)]
        found += [
            f"routing.rules: the name {one} is given twice; names are unique"
            for one in _twice(rule.name for rule in self.rules)
        ]
        found += [
            f"routing.tests: the name {one} is given twice; names are unique"
            for one in _twice(test.name for test in self.tests)
        ]
        for model in self.models:
            where = f"routing.models[{model.name}]"
            if model.member and model.member not in voices:
                found.append(_unknown(f"{where}.member", model.member, voices))
            for hop in model.route:
                provider = hop.partition(":")[0]
                if provider not in endpoints:
                    found.append(_unknown(f"{where}.route", provider, endpoints))
        found += [
            _unknown(f"routing.rules[{rule.name}].use", rule.use, known)
            for rule in self.rules
            if rule.use not in known
        ]
        found += [
            _unknown(f"routing.tests[{test.name}].{arm}", name, known)
            for test in self.tests
            for arm, name in (("a", test.a), ("b", test.b))
            if test.kind == "model" and name not in known
        ]
        return found


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _unknown(where: str, name: str, known: Iterable[str]) -> str:
    listed = tuple(known)
    close = near(name, listed, 1)
    hint = f"the nearest is {close[0]}" if close else f"known: {', '.join(listed) or 'none'}"
    return f"{where} names {json.dumps(name)}, which is not configured; {hint}"
