"""The adaptive choice, and tests between two: both can be made again by anybody."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.routing import Routing, RoutingTest, RoutingWhen
from core.domain.asking import AskRequest, Task
from core.domain.routing import ArmFigures, Situation, Trial
from core.routing.ab import arm_of, bootstrap, report, unit_of, wilson
from core.routing.bandit import draw, reward_of
from core.routing.choosing import choose
from core.routing.lineup import Candidate, Lineup
from tests.ask_facts import trials

TEST = RoutingTest(name="second_opinion", a="balanced", b="premium")
GOOD = ArmFigures(
    name="good",
    asked=100,
    answered=100,
    latency_ms=Decimal(1000),
    cost_usd=Decimal("0.001"),
    right=30,
    settled=40,
)
BAD = ArmFigures(
    name="bad",
    asked=100,
    answered=40,
    latency_ms=Decimal(9000),
    cost_usd=Decimal("0.05"),
    right=10,
    settled=40,
)
NEW = ArmFigures(name="new")
TWO = Lineup(
    [
        Candidate(name="bad", member="bad", route=("near:bad",), tier="advanced", local=True),
        Candidate(name="good", member="good", route=("near:good",), tier="premium", local=True),
    ],
    {},
    {"near"},
)
PLAIN = AskRequest(ticker="NVDA")


def test_the_same_question_and_figures_give_the_same_draw_in_whatever_order() -> None:
    for number in range(50):
        assert draw([GOOD, BAD, NEW], f"q{number}") == draw([NEW, BAD, GOOD], f"q{number}")


def test_who_does_well_is_asked_most_and_who_is_new_is_tried() -> None:
    drawn = Counter(draw([GOOD, BAD, NEW], f"q{number}").name for number in range(400))
    assert drawn["good"] > drawn["new"] > 10
    assert drawn["bad"] < 8


def test_the_reward_follows_the_stated_formula() -> None:
    accuracy, speed, thrift = 31 / 42, 1.0, 1.0
    assert reward_of(GOOD, [GOOD, BAD]) == pytest.approx(0.4 + 0.3 * accuracy + 0.15 * speed + 0.15 * thrift)
    thrift, speed, accuracy = 0.002 / 0.051, 1001 / 9001, 11 / 42
    assert reward_of(BAD, [GOOD, BAD]) == pytest.approx(
        0.4 * (0.4 + 0.3 * accuracy + 0.15 * speed + 0.15 * thrift)
    )
    assert reward_of(NEW, [GOOD, NEW]) is None


@given(
    asked=st.integers(1, 5000),
    share=st.floats(0, 1),
    latency=st.integers(0, 10**6),
    cost=st.decimals(0, 100, places=6),
    settled=st.integers(0, 500),
)
def test_a_reward_is_a_fraction(asked: int, share: float, latency: int, cost: Decimal, settled: int) -> None:
    arm = ArmFigures(
        name="a",
        asked=asked,
        answered=int(asked * share),
        latency_ms=Decimal(latency),
        cost_usd=cost,
        settled=settled,
        right=int(settled * share),
    )
    reward = reward_of(arm, [arm, GOOD])
    assert reward is not None
    assert 0 <= reward <= 1
    draw([arm, GOOD, NEW], "q")


def situation(**facts: Any) -> Situation:
    return Situation.model_validate({"ticker": "NVDA", **facts})


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({}, "adaptive"),
        ({"task": "simple"}, "adaptive"),
        ({"private": True}, "private"),
        ({"budget_left_usd": "3"}, "low_budget"),
        ({"volatility": "2"}, "high_volatility"),
    ],
)
def test_what_was_achieved_weighs_only_where_the_rule_asks_for_the_task_alone(
    facts: dict[str, Any], rule: str
) -> None:
    figures = {"good": GOOD, "bad": BAD}
    routing = Routing(adaptive=True)
    choice = choose(PLAIN, situation(**facts), TWO, routing, question="q7", figures=figures)
    assert choice.rule == rule
    assert bool(choice.figures) == (rule == "adaptive")
    if rule == "adaptive":
        assert choice.candidate.name == draw(choice.figures, "q7").name == "good"
        assert choice.reason.endswith("good was drawn by what they have achieved; its record is 0.92 of 1.")


def test_a_unit_keeps_its_side_and_shares_are_kept() -> None:
    sides = [arm_of(TEST, f"u{number}") for number in range(2000)]
    assert sides == [arm_of(TEST, f"u{number}") for number in range(2000)]
    assert 900 < sides.count("b") < 1100
    few = TEST.model_copy(update={"share": Decimal("0.1")})
    assert 140 < [arm_of(few, f"u{number}") for number in range(2000)].count("b") < 260
    assert {arm_of(TEST.model_copy(update={"share": Decimal(0)}), f"u{n}") for n in range(99)} == {"a"}
    assert {arm_of(TEST.model_copy(update={"share": Decimal(1)}), f"u{n}") for n in range(99)} == {"b"}


def test_two_tests_do_not_know_of_each_other() -> None:
    other = TEST.model_copy(update={"name": "other"})
    both = Counter((arm_of(TEST, f"u{n}"), arm_of(other, f"u{n}")) for n in range(2000))
    assert min(both.values()) > 400


def test_an_assignment_is_what_the_hash_says() -> None:
    assert [arm_of(TEST, f"telegram:{number}") for number in (10, 11, 12, 13)] == ["b", "b", "a", "a"]


def test_the_unit_is_the_question_the_chat_or_the_ticker() -> None:
    request = AskRequest(ticker="NVDA", requested_in="telegram:-5")
    units = [TEST.model_copy(update={"unit": unit}) for unit in ("question", "chat", "ticker")]
    assert [unit_of(test, request, "q1") for test in units] == ["q1", "telegram:-5", "NVDA"]


@pytest.mark.parametrize(
    ("facts", "tested"), [({}, True), ({"task": Task.COMPLEX}, True), ({"private": True}, False)]
)
def test_a_test_takes_over_what_one_of_its_two_would_have_answered(
    facts: dict[str, Any], tested: bool
) -> None:
    choice = choose(PLAIN, situation(**facts), TWO, Routing(tests=(TEST,)), question="q1")
    assert (choice.rule == "test") == tested
    off = TEST.model_copy(update={"enabled": False})
    assert choose(PLAIN, situation(**facts), TWO, Routing(tests=(off,)), question="q1").rule != "test"
    preferred = PLAIN.model_copy(update={"model_preference": "bad"})
    chosen = choose(preferred, situation(**facts), TWO, Routing(tests=(TEST,)), question="q1")
    assert (chosen.rule, chosen.candidate.name) == ("model_preference", "bad")


def test_guards_are_rules_about_privacy_network_and_money() -> None:
    assert RoutingWhen(private=False).guards
    assert RoutingWhen(stake_above_usd=Decimal(1)).guards
    assert not RoutingWhen(volume="high", task=Task.SIMPLE, urgent=True).guards


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    found = wilson(15, 20)
    assert found.estimate == Decimal("0.75")
    assert (round(found.low, 3), round(found.high, 3)) == (Decimal("0.531"), Decimal("0.888"))
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == 1


def test_a_bootstrap_holds_its_mean_and_can_be_made_again() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 10.0]
    found = bootstrap(values, "seed")
    assert found == bootstrap(values, "seed")
    assert found.low < found.estimate == 4 < found.high
    assert bootstrap([2.0], "x").low == bootstrap([2.0], "x").high == 2


def test_a_report_tells_apart_only_what_does_not_touch() -> None:
    many = [
        *trials("a", 40, cost="0.004", latency_ms=2_000),
        *trials("b", 38, answered_each=2, cost="0.04", latency_ms=6_000),
    ]
    found = report(TEST, many)
    assert found.clear == ("balanced answers more often", "balanced costs less", "balanced is quicker")
    assert [arm.asked for arm in found.arms] == [40, 38]
    same = [
        *trials("a", 30, cost="0.004", latency_ms=2_000),
        *trials("b", 30, cost="0.004", latency_ms=2_000),
    ]
    assert report(TEST, same).clear == ()
    few = [*trials("a", 9, cost="0.004", latency_ms=2_000), *trials("b", 40, cost="0.04", latency_ms=6_000)]
    assert report(TEST, few).clear == ()
    assert report(TEST, few).arms[0].cost_usd is None
    none: list[Trial] = []
    assert report(TEST, none).arms[0].answered is None
