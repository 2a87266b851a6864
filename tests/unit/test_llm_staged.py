"""Each stage is asked by its own route, with the tier and the prices of the model that is asked."""

from decimal import Decimal
from pathlib import Path

import pytest

from core.config.loading import settings_from
from core.config.members import MemberSettings, Route
from core.config.providers import Provider, ProviderModel
from core.domain.stage import GROUPS, Stage
from core.llm.port import Ask, LanguageModel, Message
from core.llm.prices import prices_of
from core.llm.scripted import ScriptedModel
from core.llm.staged import StagedModel, at_hop

MEMBER = MemberSettings.model_validate(
    {
        "name": "claude",
        "route": ("one:main",),
        "stages": {"debate": ("one:fast", "one:main"), "bear": ("one:bear",)},
        "price_in_usd_per_mtok": 3,
        "price_out_usd_per_mtok": 15,
    }
)


def ask(stage: str) -> Ask:
    return Ask(messages=(Message(role="user", content="Buy?"),), max_output_tokens=50, stage=stage)


async def test_a_stage_goes_before_its_group_and_that_before_the_members_route() -> None:
    made: dict[Route, ScriptedModel] = {}

    def model_of(route: Route) -> LanguageModel:
        assert route not in made
        return made.setdefault(route, ScriptedModel(lambda _: "yes"))

    model = StagedModel(MEMBER, model_of)
    for stage in ("bull", "bear", "decision", "bull", ""):
        await model.ask(ask(stage))
    assert {route: [one.stage for one in model.history] for route, model in made.items()} == {
        ("one:fast", "one:main"): ["bull", "bull"],
        ("one:bear",): ["bear"],
        ("one:main",): ["decision", ""],
    }
    assert MEMBER.hops == ("one:main", "one:fast", "one:bear")


def test_groups_share_no_stage_and_have_none_that_is_none() -> None:
    grouped = [stage for stages in GROUPS.values() for stage in stages]
    assert len(set(grouped)) == len(grouped)
    assert set(grouped) <= set(Stage)
    assert not {stage.value for stage in Stage} & set(GROUPS)


@pytest.mark.parametrize(
    ("hop", "of_member", "of_model", "tier"),
    [
        ("one:main", "premium", "fast", "premium"),
        ("one:main", None, "fast", "fast"),
        ("one:fast", "premium", "fast", "fast"),
        ("one:fast", "premium", None, "premium"),
        ("one:fast", None, None, None),
    ],
)
def test_the_tier_of_a_call_is_that_of_the_model_asked(
    hop: str, of_member: str | None, of_model: str | None, tier: str | None
) -> None:
    member = MEMBER.model_copy(update={"tier": of_member})
    model = ProviderModel.model_validate({"id": hop.partition(":")[2], "tier": of_model})
    assert at_hop(member, (hop,), hop, model).tier == tier


@pytest.mark.parametrize(
    ("hop", "stated", "prices"),
    [
        ("one:main", None, (3, 15)),
        ("one:main", 2, (2, 15)),
        ("one:fast", 1, (1, 0)),
        ("one:fast", None, (0, 0)),
    ],
    ids=["the member's", "the model's first", "of another model its own", "of another model unknown"],
)
def test_a_members_prices_are_those_of_its_own_route(
    hop: str, stated: int | None, prices: tuple[int, int]
) -> None:
    model = ProviderModel.model_validate({"id": hop.partition(":")[2], "price_in_usd_per_mtok": stated})
    provider = Provider(name="one", base_url="http://127.0.0.1:1/v1", models=(model,))
    found = prices_of(at_hop(MEMBER, MEMBER.route_of("bull"), hop, model), provider, model.id)
    assert (found.in_usd_per_mtok, found.out_usd_per_mtok) == tuple(map(Decimal, prices))


def test_a_known_provider_that_only_a_stage_goes_to_need_not_be_listed(tmp_path: Path) -> None:
    tree = {
        "archive": {"dir": str(tmp_path)},
        "members": [{"name": "a", "route": ["ollama:x"], "stages": {"analysts": ["deepseek:deepseek-chat"]}}],
    }
    assert {one.name for one in settings_from(tree, {}, name="test").providers} == {"ollama", "deepseek"}
