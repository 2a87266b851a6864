"""The rules of the routing: what each looks at, and that exactly one always chooses."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.routing import DEFAULT_RULES, Routing, RoutingRule, RoutingWhen
from core.domain.asking import AskRequest, Task
from core.domain.errors import Refused
from core.domain.evidence_items import Mood
from core.domain.routing import Situation
from core.routing.choosing import choose
from core.routing.lineup import Candidate, Lineup
from core.routing.rules import because, first_fit, fits
from core.routing.situation import check_context, situation_of
from tests.packs import evidence as pack

ROUTING = Routing()
TIERS = ("premium", "advanced", "specialised", "fast", None)
PLAIN = AskRequest(ticker="NVDA")

numbers = st.none() | st.decimals(0, 5, places=2)
situations = st.builds(
    Situation,
    ticker=st.just("NVDA"),
    task=st.none() | st.sampled_from(list(Task)),
    private=st.booleans(),
    offline=st.booleans(),
    urgent=st.booleans(),
    stake_usd=st.none() | st.decimals(0, 50_000, places=2),
    has_position=st.none() | st.booleans(),
    volume_ratio=numbers,
    volatility=numbers,
    sentiment=st.none() | st.decimals(-1, 1, places=2),
    budget_left_usd=st.none() | st.decimals(-5, 200, places=2),
)
whens = st.builds(
    RoutingWhen,
    has_position=st.none() | st.booleans(),
    volume=st.sampled_from([None, "high", "normal"]),
    volatility=st.sampled_from([None, "high", "normal"]),
    sentiment=st.sampled_from([None, "clear", "unclear"]),
    task=st.none() | st.sampled_from(list(Task)),
    urgent=st.none() | st.booleans(),
    stake_above_usd=st.none() | st.decimals(0, 50_000, places=2),
    budget_left_below_usd=st.none() | st.decimals(0, 200, places=2),
)
rules = st.lists(st.tuples(whens, st.sampled_from(["fast", "premium", "m0", "local"])), max_size=6).map(
    lambda given: tuple(
        RoutingRule(name=f"r{number}", when=when, use=use) for number, (when, use) in enumerate(given)
    )
)


@st.composite
def lineups(draw: st.DrawFn) -> Lineup:
    made = []
    for number in range(draw(st.integers(1, 5))):
        local = draw(st.booleans()) or number == 0
        made.append(
            Candidate(
                name=f"m{number}",
                member=f"m{number}",
                route=(f"{'near' if local else 'far'}:m{number}",),
                tier=draw(st.sampled_from(TIERS)),
                local=local,
                price_usd=draw(st.none() | st.decimals(0, 50, places=2)),
                quality=draw(st.none() | st.decimals(0, 1, places=2)),
                latency_s=draw(st.none() | st.floats(0.1, 60)),
            )
        )
    return Lineup(made, {}, {"near"})


@given(situation=situations, own=rules, lineup=lineups())
def test_exactly_one_is_chosen_whatever_the_rules_and_the_situation(
    situation: Situation, own: tuple[RoutingRule, ...], lineup: Lineup
) -> None:
    for routing in (ROUTING, Routing(rules=own)):
        choice = choose(PLAIN, situation, lineup, routing, question="q")
        assert choice.candidate.name in {one.name for one in lineup.candidates}
        assert choice.reason.endswith(".")
        assert choice == choose(PLAIN, situation, lineup, routing, question="q")
        if situation.private or situation.offline:
            assert all(hop.startswith("near:") for hop in choice.routed.route)


@given(situation=situations, own=rules)
def test_the_first_rule_that_fits_wins(situation: Situation, own: tuple[RoutingRule, ...]) -> None:
    routing = Routing(rules=own)
    fitting = [rule for rule in own if fits(rule, situation, routing)]
    assert first_fit(situation, routing).name == (fitting[0].name if fitting else "otherwise")


def situation(**facts: Any) -> Situation:
    return Situation.model_validate({"ticker": "NVDA", **facts})


@pytest.mark.parametrize(
    ("facts", "rule", "reason"),
    [
        ({"private": True, "volatility": "0.9"}, "private", "the question is private"),
        ({"offline": True}, "offline", "no remote model can be reached"),
        ({"budget_left_usd": "19.99"}, "low_budget", "$19.99 is left of today's budget"),
        ({"budget_left_usd": "-1"}, "low_budget", "$0.00 is left of today's budget"),
        (
            {"has_position": True, "volume_ratio": "2.14"},
            "position_and_volume",
            "a position is held and volume is 2.1 times its mean",
        ),
        ({"volatility": "0.52"}, "high_volatility", "volatility is 52 % a year"),
        ({"sentiment": "-0.45"}, "clear_sentiment", "sentiment is clear at -0.45"),
        (
            {"urgent": True, "task": "complex"},
            "urgent_and_complex",
            "it is urgent and the task is complex",
        ),
        ({"task": "simple"}, "simple_task", "the task is simple"),
        ({"budget_left_usd": "20"}, "otherwise", "nothing special is known"),
        ({"has_position": True, "volume_ratio": "1.49"}, "otherwise", "nothing special is known"),
        ({"volatility": "0.39", "sentiment": "0.34"}, "otherwise", "nothing special is known"),
        ({}, "otherwise", "nothing special is known"),
    ],
)
def test_the_shipped_rules_fit_from_their_thresholds_on_and_say_why(
    facts: dict[str, Any], rule: str, reason: str
) -> None:
    found = first_fit(situation(**facts), ROUTING)
    assert (found.name, because(found, situation(**facts))) == (rule, reason)


def test_the_stake_must_be_above_and_what_nobody_knows_never_fits() -> None:
    rule = RoutingRule(name="r", use="fast", when=RoutingWhen(stake_above_usd=Decimal(5000)))
    assert not fits(rule, situation(stake_usd="5000"), ROUTING)
    assert fits(rule, situation(stake_usd="5000.01"), ROUTING)
    assert not fits(rule, situation(), ROUTING)
    free = RoutingRule(name="r", use="fast", when=RoutingWhen(has_position=False))
    assert not fits(free, situation(), ROUTING)
    assert fits(free, situation(has_position=False), ROUTING)


def test_the_last_of_the_shipped_rules_fits_always() -> None:
    assert DEFAULT_RULES[-1].when == RoutingWhen()


def test_the_callers_word_goes_before_the_evidence() -> None:
    mood = Mood(vendor="x", at=None, score=Decimal("0.8"), voices=3)
    other = Mood(vendor="y", at=None, score=Decimal("-0.4"))
    evidence = pack().model_copy(update={"sentiment": (mood, other)})
    told = AskRequest.model_validate(
        {
            "ticker": "NVDA",
            "context": {"shares": "12", "volume_ratio": "3", "volatility": "0.6", "urgent": "yes"},
        }
    )
    found = situation_of(told, evidence)
    assert (found.has_position, found.urgent) == (True, True)
    assert (found.volume_ratio, found.volatility) == (Decimal(3), Decimal("0.6"))
    assert found.sentiment == Decimal("0.5")
    silent = situation_of(PLAIN, evidence)
    assert (silent.has_position, silent.volatility) == (None, evidence.indicators.volatility_20)


def test_what_makes_no_sense_as_a_fact_counts_as_not_told() -> None:
    told = AskRequest.model_validate(
        {"ticker": "NVDA", "context": {"sentiment": "7", "volatility": "wild", "has_position": "perhaps"}}
    )
    found = situation_of(told, pack())
    assert (found.sentiment, found.has_position) == (None, None)
    assert found.volatility == pack().indicators.volatility_20


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"a" * 41: True}, "one line of 1 to 40 signs"),
        ({"line\nbreak": True}, "one line of 1 to 40 signs"),
        ({"note": "x" * 501}, "longer than 500 signs"),
        ({"price": Decimal("1e16")}, "not one that can be used"),
        ({"price": Decimal("NaN")}, "not one that can be used"),
    ],
)
def test_a_context_that_no_prompt_can_take_is_refused(context: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_context(context)
