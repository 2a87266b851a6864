"""What more agreement a verdict needs on which much money hangs, and how much that money is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.app.recount import recount
from core.config.settings import Consensus, Trading
from core.consensus.tally import tally
from core.domain.ballot import Action, Rating
from core.domain.books import Portfolio, Position
from core.domain.run import Briefing
from core.pipeline.stakes import largest_orders
from tests import arena_facts
from tests.arena_facts import record, seats
from tests.ballots import Election, ballot, elections, equal

TWO_OF_THREE = [ballot("a", Rating.BUY), ballot("b", Rating.BUY), ballot("c", Rating.SELL)]
AMOUNTS = st.decimals("0.01", 50_000, places=2)


def rules(*stakes: tuple[str, str], **more: object) -> Consensus:
    listed = [{"above_usd": above, "agreement": agreement} for above, agreement in stakes]
    return Consensus.model_validate({"stakes": listed, "min_members": 1, **more})


def bought(value: str, asked: Consensus) -> tuple[Action | None, str | None]:
    verdict = tally(TWO_OF_THREE, [], equal(*TWO_OF_THREE), asked, {Action.BUY: Decimal(value)})
    return verdict.decision, verdict.rule


def test_much_money_with_little_agreement_is_hold_and_says_why() -> None:
    assert bought("2500.00", rules(("2000", "0.8"))) == (
        Action.HOLD,
        "the largest order is worth $2,500.00, and above $2,000.00 80% of the ballots must agree; "
        "66.66% do: BUY becomes HOLD",
    )


def test_an_amount_that_is_just_reached_is_not_exceeded_and_agreement_that_is_just_reached_counts() -> None:
    assert bought("2000.00", rules(("2000", "0.8"))) == (Action.BUY, None)
    half = [ballot("a", Rating.BUY), ballot("b", Rating.HOLD)]
    weights = equal(*half) | {"b": equal(half[1])["b"].model_copy(update={"weight": Decimal("0.5")})}
    verdict = tally(half, [], weights, rules(("2000", "0.5")), {Action.BUY: Decimal(3000)})
    assert verdict.decision is Action.BUY


def test_of_several_amounts_the_highest_that_is_exceeded_counts() -> None:
    steps = rules(("1000", "0.6"), ("5000", "0.9"))
    assert [bought(value, steps)[0] for value in ("900", "4000", "6000")] == [
        Action.BUY,
        Action.BUY,
        Action.HOLD,
    ]


def test_only_orders_for_the_decision_count() -> None:
    verdict = tally(
        TWO_OF_THREE, [], equal(*TWO_OF_THREE), rules(("2000", "1")), {Action.SELL: Decimal(9000)}
    )
    assert verdict.decision is Action.BUY
    assert verdict.orders == {Action.SELL: Decimal(9000)}


@given(elections(least=1), AMOUNTS, AMOUNTS, st.decimals(0, 1, places=4))
def test_stakes_turn_orders_into_hold_and_change_nothing_else(
    election: Election, value: Decimal, above: Decimal, agreement: Decimal
) -> None:
    ballots, weights = election
    orders = {Action.BUY: value, Action.SELL: value}
    plain = tally(ballots, [], weights, rules(), orders)
    asked = tally(ballots, [], weights, rules((str(above), str(agreement))), orders)
    decided = plain.decision in {Action.BUY, Action.SELL}
    votes = plain.votes[plain.decision] if plain.decision else 0
    if decided and value > above and Decimal(votes) < agreement * len(ballots):
        assert asked.decision is Action.HOLD
        assert asked.rule is not None
        assert asked.rule.endswith(f"{plain.decision} becomes HOLD")
    else:
        assert asked == plain


@given(elections(least=1), AMOUNTS, st.lists(AMOUNTS, min_size=2, max_size=2))
def test_a_larger_order_is_never_executed_where_a_smaller_one_is_not(
    election: Election, above: Decimal, values: list[Decimal]
) -> None:
    ballots, weights = election
    small, large = (
        tally(ballots, [], weights, rules((str(above), "0.75")), {Action.BUY: value, Action.SELL: value})
        for value in sorted(values)
    )
    assert large.decision in {small.decision, Action.HOLD}


@pytest.mark.parametrize(
    ("stakes", "told"),
    [
        ([("5000", "0.6"), ("1000", "0.9")], "from the lowest above_usd to the highest"),
        ([("5000", "0.6"), ("5000", "0.9")], "each once"),
        ([("1000", "0.9"), ("5000", "0.6")], "must not ask for less agreement above a higher amount"),
        ([("0", "0.9")], "greater than 0"),
        ([("1000", "1.1")], "less than or equal to 1"),
    ],
)
def test_stakes_that_contradict_each_other_are_refused(stakes: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        rules(*stakes)


def test_the_largest_order_is_that_of_the_ballots_for_an_action_by_their_own_books() -> None:
    members = [member.name for member in arena_facts.MEMBERS]
    cast = [
        ballot(members[0], Rating.BUY, target_weight="0.10"),
        ballot(members[1], Rating.BUY, target_weight="0.90"),
        ballot(members[2], Rating.SELL),
        ballot(members[3], Rating.HOLD),
        ballot(members[4], Rating.SELL),
    ]
    made = list(seats(cast))
    held = Portfolio(
        member=members[2],
        cash_usd=Decimal(9000),
        positions=(Position(ticker="NVDA", shares=Decimal(10), average_cost=Decimal(90)),),
    )
    made[2] = made[2].model_copy(update={"briefing": Briefing(portfolio=held, equity_usd=Decimal(10_000))})
    found = largest_orders(record(seats=tuple(made)), Decimal(100), Trading())
    assert found == {Action.BUY: Decimal("2500.00"), Action.SELL: Decimal("1000.00")}


def test_a_member_whose_books_have_no_price_orders_nothing() -> None:
    (seat,) = seats([ballot(arena_facts.MEMBERS[0].name, Rating.BUY)])
    blind = seat.model_copy(update={"briefing": seat.briefing.model_copy(update={"equity_usd": None})})
    assert largest_orders(record(seats=(blind,)), Decimal(100), Trading()) == {}


def test_a_count_anew_takes_the_orders_of_the_record() -> None:
    verdict = arena_facts.VERDICT.model_copy(update={"orders": {Action.BUY: Decimal(2500)}})
    assert recount(record(verdict=verdict), "majority", None, rules()).decision is Action.BUY
    strict = recount(record(verdict=verdict), "majority", None, rules(("2000", "1")))
    assert strict.decision is Action.HOLD
    assert "the largest order is worth $2,500.00" in (strict.rule or "")
