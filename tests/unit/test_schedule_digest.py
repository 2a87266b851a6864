"""The digest's facts: what verdicts earned, who earned what, who disagreed, what moved."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import AbstentionKind, Action
from core.domain.bars import Mark, Quote
from core.domain.books import OrderCause
from core.domain.member import MemberKind
from core.domain.run import RunState
from core.domain.verdict import Dissent, Verdict
from core.schedule import digest
from tests import arena_facts

SEEN = Quote(price=Decimal(100), at=arena_facts.AS_OF, session=date(2025, 10, 29), session_open=False)


def mark(price: str, hours: int = 24, ticker: str = "NVDA") -> Mark:
    at = arena_facts.AS_OF + timedelta(hours=hours)
    return Mark(ticker=ticker, price=Decimal(price), at=at, source="csv")


def action(kind: ActionKind, value: str, day: int = 30) -> CorporateAction:
    return CorporateAction(
        ticker="NVDA", kind=kind, ex_date=date(2025, 10, day), value=Decimal(value), source="csv"
    )


def decided(decision: Action | None, **more: object) -> Verdict:
    return arena_facts.VERDICT.model_copy(update={"decision": decision, **more})


@pytest.mark.parametrize(
    ("decision", "price", "earned"),
    [
        (Action.BUY, "103", "0.03"),
        (Action.BUY, "97", "-0.03"),
        (Action.SELL, "97", "0.03"),
        (Action.SELL, "103", "-0.03"),
        (Action.HOLD, "103", "0"),
        (Action.BUY, "100", "0"),
    ],
)
def test_a_verdict_earns_in_its_own_direction_and_hold_earns_nothing(
    decision: Action, price: str, earned: str
) -> None:
    record = arena_facts.record(verdict=decided(decision))
    found = digest.verdict_so_far(record, SEEN, mark(price), ())
    assert found is not None
    assert found.earned == Decimal(earned)
    assert (found.price_then, found.price_now) == (Decimal(100), Decimal(price))


@pytest.mark.parametrize(
    ("actions", "price", "ratio"),
    [
        ([action(ActionKind.SPLIT, "4")], "26", "0.04"),
        ([action(ActionKind.SPLIT, "0.1")], "990", "-0.01"),
        ([action(ActionKind.DIVIDEND, "2")], "99", "0.01"),
        # Two of the same day: the dividend is paid on the shares after the split.
        ([action(ActionKind.DIVIDEND, "1"), action(ActionKind.SPLIT, "2")], "50", "0.02"),
    ],
)
def test_splits_and_dividends_in_between_are_no_gain_and_no_loss_of_their_own(
    actions: list[CorporateAction], price: str, ratio: str
) -> None:
    assert digest.total_return(Decimal(100), Decimal(price), actions) == Decimal(ratio)


@pytest.mark.parametrize("newest", [None, mark("120", 0), mark("120", -24)])
def test_a_price_that_is_not_newer_than_the_evidence_says_nothing(newest: Mark | None) -> None:
    found = digest.verdict_so_far(arena_facts.record(), SEEN, newest, ())
    assert found is not None
    assert (found.price_now, found.earned) == (None, None)


@pytest.mark.parametrize("verdict", [None, decided(None)])
def test_a_run_without_a_verdict_is_counted_and_not_told(verdict: Verdict | None) -> None:
    record = arena_facts.record(verdict=verdict)
    assert digest.verdict_so_far(record, SEEN, mark("103"), ()) is None
    assert digest.undecided([record, arena_facts.record()]) == 1


def test_runs_that_did_not_finish_are_broken_and_not_undecided() -> None:
    failed = arena_facts.record(state=RunState.FAILED, verdict=None)
    stopped = arena_facts.record(state=RunState.CANCELLED, verdict=None)
    assert digest.broken([failed, stopped, arena_facts.record()]) == 2
    assert digest.undecided([failed, stopped]) == 0


def test_members_are_told_from_the_best_to_the_worst_and_the_unknown_last() -> None:
    kinds = dict.fromkeys(("a", "b", "c", "d"), MemberKind.LLM)
    before = {"a": Decimal(10000), "b": Decimal(10000), "c": Decimal(10000), "d": Decimal(8000)}
    found = digest.earnings(
        kinds, before, {"a": Decimal(9900), "b": None, "c": Decimal(10250), "d": Decimal(8000)}
    )
    assert [(one.member, one.change_usd, one.change_ratio) for one in found] == [
        ("c", Decimal(250), Decimal("0.025")),
        ("d", Decimal(0), Decimal(0)),
        ("a", Decimal(-100), Decimal("-0.01")),
        ("b", None, None),
    ]


MONEY = st.none() | st.decimals(1, 100_000, places=2)
VALUES = st.dictionaries(st.sampled_from("abcdef"), MONEY)


@given(VALUES, VALUES)
def test_what_is_earned_is_the_difference_of_two_values_or_unknown(
    before: dict[str, Decimal | None], after: dict[str, Decimal | None]
) -> None:
    kinds = dict.fromkeys("abcdef", MemberKind.LLM)
    found = {one.member: one for one in digest.earnings(kinds, before, after)}
    assert found.keys() == kinds.keys()
    for member, one in found.items():
        start, end = before.get(member), after.get(member)
        if start is None or end is None:
            assert one.change_usd is None
        else:
            assert one.change_usd == end - start


def test_the_biggest_disagreement_has_the_lowest_agreement_and_its_loudest_outlier() -> None:
    split = arena_facts.VERDICT.model_copy(
        update={
            "agreement": Decimal("0.5"),
            "outliers": ("gemini-2.5-pro", "momentum"),
            "dissent": (
                Dissent(member="gemini-2.5-pro", action=Action.HOLD, reason="Quiet."),
                Dissent(member="momentum", action=Action.BUY, reason="It runs."),
            ),
        }
    )
    agreed = arena_facts.VERDICT.model_copy(
        update={"agreement": Decimal("0.1"), "outliers": (), "dissent": ()}
    )
    records = [
        arena_facts.record(run_id="run00001"),
        arena_facts.record(run_id="run00002", ticker="AAPL", verdict=split),
        arena_facts.record(run_id="run00003", ticker="IBM", verdict=agreed),
        arena_facts.record(run_id="run00004", ticker="MSFT", verdict=None),
    ]
    found = digest.biggest_disagreement(records)
    assert found is not None
    assert (found.ticker, found.agreement) == ("AAPL", Decimal("0.5"))
    assert found.against == (("gemini-2.5-pro", Action.HOLD), ("momentum", Action.BUY))
    assert found.strongest == Dissent(member="momentum", action=Action.BUY, reason="It runs.")
    assert found.supporters == ("claude-sonnet-4.5", "gpt-5", "momentum")


def test_where_all_agree_there_is_no_disagreement() -> None:
    agreed = arena_facts.VERDICT.model_copy(update={"outliers": (), "dissent": ()})
    assert digest.biggest_disagreement([arena_facts.record(verdict=agreed)]) is None
    assert digest.biggest_disagreement([]) is None


def test_prices_move_only_where_there_is_a_later_one() -> None:
    before = {"A": mark("100", 0, "A"), "B": mark("50", 0, "B"), "C": mark("10", 0, "C")}
    after = {
        "A": mark("110", 24, "A"),
        "B": mark("45", 24, "B"),
        "C": mark("10", 0, "C"),
        "D": mark("1", 24, "D"),
    }
    found = digest.movers(before, after, {})
    assert [(one.ticker, one.ratio) for one in found] == [("A", Decimal("0.1")), ("B", Decimal("-0.1"))]


def test_a_split_moves_no_price() -> None:
    split = {"A": (action(ActionKind.SPLIT, "2"),)}
    (found,) = digest.movers({"A": mark("100", 0, "A")}, {"A": mark("50", 24, "A")}, split)
    assert found.ratio == 0


def test_abstentions_are_counted_by_kind_and_followers_are_not_among_them() -> None:
    record = arena_facts.record(seats=arena_facts.followed(crowd=None))
    assert digest.abstentions([record, record]) == ((AbstentionKind.TIMEOUT, 2),)
    assert digest.abstentions([]) == ()


def test_cost_is_that_of_all_runs_abstentions_included() -> None:
    record = arena_facts.record()
    assert digest.spent([record, record]).cost_usd == 2 * Decimal("0.0792")
    assert digest.spent([]).tokens == 0


def test_trades_are_told_in_the_order_of_time_with_their_cause() -> None:
    late = arena_facts.fill("gpt-5", "2", "200")
    moment: datetime = late.filled_at - timedelta(hours=1)
    early = arena_facts.fill("momentum", "1", "190").model_copy(update={"filled_at": moment})
    found = digest.trades([(late, OrderCause.STOP), (early, OrderCause.BALLOT)])
    assert [(one.member, one.cause, one.amount_usd) for one in found] == [
        ("momentum", OrderCause.BALLOT, Decimal("190.00")),
        ("gpt-5", OrderCause.STOP, Decimal("400.00")),
    ]
