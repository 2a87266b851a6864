"""An old run counted by another method: what is decided, what is refused, and how the card says so."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.present.recount import NOTHING_CHANGED, recount_card
from core.app.recount import recount
from core.config.settings import METHOD_NAMES, Consensus
from core.consensus.tally import tally
from core.domain.ballot import Action, Rating
from core.domain.errors import Refused
from core.domain.run import RunRecord, RunState
from core.domain.verdict import Verdict
from tests import arena_facts
from tests.arena_facts import ballot, record, seats
from tests.ballots import used

ZONE = ZoneInfo("America/New_York")
MEMBERS = {member.name: member for member in arena_facts.MEMBERS}
# Weights of the seats: 1 for claude and gpt-5, 0.8 for gemini, 0.5 for momentum.
SPLIT = (
    ballot("claude-sonnet-4.5", Rating.BUY, "0.60"),
    ballot("gpt-5", Rating.SELL, "0.90"),
    ballot("gemini-2.5-pro", Rating.UNDERWEIGHT, "0.50"),
    ballot("momentum", Rating.BUY, "0.70"),
)
SEATS = seats([*SPLIT[:3], arena_facts.RESULTS[3], SPLIT[3]])
RULES = Consensus()


def run(**changes: object) -> RunRecord:
    return record(seats=SEATS, **changes)


def old(**changes: object) -> Verdict:
    """A verdict of the time before weights were stored."""
    return arena_facts.VERDICT.model_copy(update={"weights": (), "dissent": (), **changes})


@pytest.mark.parametrize("method", METHOD_NAMES)
def test_a_run_without_stored_weights_is_counted_with_those_of_its_seats(method: str) -> None:
    weights = {seat.member: used(seat.member, seat.weight) for seat in SEATS}
    rules = RULES.model_copy(update={"method": method})
    expected = tally(SPLIT, ["grok-4"], weights, rules)
    assert recount(run(verdict=old()), method, None, RULES) == expected
    assert recount(run(verdict=None, state=RunState.CANCELLED), method, None, RULES) == expected


def test_the_weights_and_confidences_of_the_record_count_and_not_todays() -> None:
    learned = {
        "claude-sonnet-4.5": used("claude-sonnet-4.5", "0.9", sample=50, calibrated="0.95"),
        "gpt-5": used("gpt-5", "0.1", sample=50, calibrated="0.2"),
        "gemini-2.5-pro": used("gemini-2.5-pro", "0.1"),
        "momentum": used("momentum", "0.9"),
    }
    weighed = run(verdict=old(weights=tuple(learned.values())))
    assert recount(weighed, "weighted", None, RULES) == tally(SPLIT, ["grok-4"], learned, RULES)
    assert recount(weighed, "weighted", None, RULES).decision is Action.BUY
    assert recount(run(verdict=old()), "weighted", None, RULES).decision is Action.SELL


def test_a_member_that_abstained_still_abstains() -> None:
    assert recount(record(), "majority", None, RULES).abstained == ("grok-4",)


def test_the_configured_threshold_is_that_of_its_own_method_alone() -> None:
    rules = Consensus(method="supermajority", threshold=Decimal("0.5"))
    cases = [("supermajority", None), ("conviction", None), ("supermajority", Decimal("0.9"))]
    found = [recount(run(), method, threshold, rules).threshold for method, threshold in cases]
    assert found == [Decimal("0.5"), Decimal("0.3333"), Decimal("0.9")]


@pytest.mark.parametrize("threshold", ["-0.01", "1.01", "NaN", "Infinity", "0.1234567", "1e-999999999"])
def test_a_threshold_that_is_none_is_refused(threshold: str) -> None:
    with pytest.raises(Refused, match=r"^A threshold is a number from 0 to 1, with at most six places\.$"):
        recount(run(), "conviction", Decimal(threshold), RULES)


def test_what_cannot_be_counted_is_refused_in_one_sentence() -> None:
    with pytest.raises(Refused, match=r"^“x{30}” is not a method; choose one of weighted, majority, "):
        recount(run(), "x" * 99, None, RULES)
    with pytest.raises(Refused, match=r"^The method majority has no threshold; supermajority, .* and "):
        recount(run(), "majority", Decimal("0.5"), RULES)
    with pytest.raises(Refused, match=r"^Run 4f7k2m9q still goes on; "):
        recount(arena_facts.running(), "majority", None, RULES)


def test_the_card_is_headed_as_a_recount_beside_the_original_and_claims_no_trade() -> None:
    counted = recount(record(), "supermajority", Decimal("0.8"), RULES)
    card = recount_card(record(caveat="Sample prices."), counted, MEMBERS, ZONE)
    assert card.ticker == "NVDA · re-count"
    assert (card.headline, card.decision) == ("HOLD", Action.HOLD)
    assert card.rule == "3 of 4 ballots (75%) are for BUY, 80% needed: HOLD"
    assert card.caveat == f"{NOTHING_CHANGED} Sample prices."
    assert card.facts[:3] == (
        ("Re-count", "HOLD · supermajority, threshold 0.8"),
        ("Original", "BUY · weighted"),
        ("Agreement", "25 % · 1 of 4 ballots"),
    )
    assert card.trades == ()
    assert [line.member for line in card.dissent] == ["claude-sonnet-4.5", "gpt-5", "momentum"]


def test_the_card_of_a_run_that_was_stopped_says_that_it_was_never_counted() -> None:
    stopped = record(seats=seats(SPLIT[:1]), verdict=None, state=RunState.CANCELLED)
    card = recount_card(stopped, recount(stopped, "weighted", None, RULES), MEMBERS, ZONE)
    assert (card.headline, card.decision) == ("No verdict", None)
    assert card.rule == "no verdict: only 1 cast, and 2 ballots are needed"
    assert card.facts[:2] == (("Re-count", "no verdict · weighted"), ("Original", "never counted"))
