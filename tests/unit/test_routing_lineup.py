"""Who answers to which name, and who stands in."""

from decimal import Decimal
from typing import Any

import pytest

from core.config import Settings
from core.config.loading import settings_from
from core.domain.asking import AskRequest
from core.domain.errors import Refused, Unknown
from core.domain.routing import Situation
from core.routing.choosing import choose, confirmer
from core.routing.lineup import Lineup, lineup_of

NOTHING = Situation(ticker="NVDA")


def settings(members: list[dict[str, Any]], **routing: Any) -> Settings:
    tree = {
        "providers": [
            {"name": "near", "base_url": "http://127.0.0.1:9/v1", "local": True},
            {
                "name": "far",
                "base_url": "http://127.0.0.1:9/v1",
                "models": [
                    {"id": "good", "quality": "0.9", "price_in_usd_per_mtok": "10", "latency_s": 5.0},
                    {"id": "quick", "latency_s": 0.5, "price_in_usd_per_mtok": "1"},
                    {"id": "off", "enabled": False},
                ],
            },
        ],
        "members": members,
        "routing": routing,
    }
    return settings_from(tree, {}, name="test")


def member(name: str, *route: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "route": list(route), **more}


THREE = [member("good", "far:good"), member("quick", "far:quick"), member("home", "near:phi", "far:quick")]


def lineup(members: list[dict[str, Any]], enabled: set[str] | None = None, **routing: Any) -> Lineup:
    made = settings(members, **routing)
    return lineup_of(made, {one.name for one in made.members} if enabled is None else enabled)


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("premium", "good"),
        ("fast", "quick"),
        ("cheapest", "quick"),
        ("financial", "good"),
        ("quantitative", "good"),
        ("balanced", "good"),
        ("home", "home"),
    ],
)
def test_a_name_that_nobody_has_is_stood_in_for_by_what_is_stated(role: str, name: str) -> None:
    assert lineup(THREE).best(role).name == name


def test_tiers_go_before_figures() -> None:
    members = [
        member("good", "far:good", tier="specialised"),
        member("quick", "far:quick", tier="advanced"),
        member("home", "near:phi", tier="premium"),
    ]
    found = lineup(members)
    assert [found.best(role).name for role in ("premium", "balanced", "financial")] == [
        "home",
        "quick",
        "good",
    ]
    assert found.best("local").name == "home"
    assert found.best("cheapest").name == "home"


def test_a_name_of_the_configuration_goes_before_all_and_may_have_a_route_of_its_own() -> None:
    models = [
        {"name": "fast", "route": ["near:tiny"], "tier": "fast"},
        {"name": "financial", "member": "home"},
    ]
    found = lineup(THREE, models=models)
    assert (found.best("fast").name, found.best("fast").member, found.best("fast").local) == (
        "fast",
        "",
        True,
    )
    assert found.best("financial").name == "home"


def test_a_member_that_takes_no_part_is_no_candidate_and_neither_is_a_model_that_is_off() -> None:
    found = lineup([*THREE, member("dead", "far:off")], {"quick", "dead"})
    assert [one.name for one in found.candidates] == ["quick"]
    assert found.best("premium").name == "quick"
    with pytest.raises(Refused, match="No language model takes part"):
        lineup(THREE, set()).best("balanced")


def test_routes_that_may_not_be_used_are_cut_and_what_is_down_is_left_out_unless_all_is() -> None:
    found = lineup(THREE)
    only = found.within(only_local=True)
    assert [(one.name, one.route, one.local) for one in only.candidates] == [("home", ("near:phi",), True)]
    healthy = found.within(down={"far:good", "near:phi"})
    assert [(one.name, one.route) for one in healthy.candidates] == [
        ("quick", ("far:quick",)),
        ("home", ("far:quick",)),
    ]
    everything = {"far:good", "far:quick", "near:phi"}
    assert len(found.within(down=everything).candidates) == 3


@pytest.mark.parametrize(
    ("text", "name"),
    [("GOOD", "good"), ("qui", "quick"), ("far:good", "good"), ("Cheapest", "quick"), ("far:quick", "quick")],
)
def test_people_may_write_a_part_of_a_name_or_a_route(text: str, name: str) -> None:
    assert lineup(THREE).preferred(text).name == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("goood", r"No model is called “goood”\. Did you mean good\?"),
        ("o", "Several models match “o”. Choose one of: good, home"),
        ("far:unknown", "No model is called “far:unknown”"),
        ("", "No model is called “”"),
    ],
)
def test_who_is_not_known_is_asked_back(text: str, said: str) -> None:
    with pytest.raises(Unknown, match=said):
        lineup(THREE).preferred(text)


def test_a_preferred_model_that_is_down_is_stood_in_for_at_once() -> None:
    request = AskRequest(ticker="NVDA", model_preference="quick")
    made = settings(THREE)
    choice = choose(request, NOTHING, lineup(THREE), made.routing, question="q", down={"far:quick"})
    assert choice.candidate.name == "good"
    assert choice.reason == "quick was asked for and is down, so good answers as the balanced default."


def test_who_confirms_is_another_of_the_tier_premium_before_anybody_else() -> None:
    two = [
        member("a", "far:good", tier="premium"),
        member("b", "near:b", tier="premium"),
        member("c", "near:c"),
    ]
    both = lineup(two)
    a, b, c = both.candidates
    assert confirmer(both, a) == b
    assert confirmer(both, c) == a
    one = lineup([two[0], two[2]])
    assert confirmer(one, one.candidates[0]) == one.candidates[0]
    plain = lineup(THREE)
    assert confirmer(plain, plain.candidates[0]) == plain.candidates[1]
    alone = lineup(THREE[:1])
    assert confirmer(alone, alone.candidates[0]) is None


def test_prices_are_three_parts_prompt_and_one_part_answer_and_local_ones_are_free() -> None:
    prices = {"price_in_usd_per_mtok": "2", "price_out_usd_per_mtok": "6"}
    found = lineup([member("priced", "far:x", **prices), member("home", "near:y"), member("dark", "far:z")])
    assert [one.price_usd for one in found.candidates] == [Decimal(3), Decimal(0), None]
