"""The documents of `--json`: their names and forms are a promise to people's scripts."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.documents import (
    chat_document,
    leaderboard_document,
    portfolio_document,
    recount_document,
    run_document,
)
from core.domain.ballot import Abstention, AbstentionKind, Action
from core.domain.run import RunRecord, RunState
from core.domain.stage import Stage
from tests import arena_facts, standings_facts

PROMISED = {
    *("run_id", "ticker", "as_of", "evidence_sha256", "decision", "confidence", "agreement"),
    *(
        "high_consensus",
        "risk_level",
        "stop_loss",
        "take_profit",
        "votes",
        "weighted_votes",
        "outliers",
        "largest_orders",
    ),
    *("abstentions", "ballots", "fills", "total_cost_usd", "total_tokens", "latency_ms"),
}
MORE = {
    *("average_confidence", "weighted_confidence", "method", "rule", "dissent", "weights"),
    *("state", "preset", "season", "rerun_of", "source", "caveat", "orders"),
    *("committee", "crowd"),
}
BALLOT = {
    *("member", "action", "rating", "confidence", "target_weight", "reasoning"),
    *("served_by", "written_by", "from_cache", "latency_ms", "cost_usd", "tokens"),
    *("stop_loss", "take_profit", "risk_level", "horizon", "key_points"),
}
MONEY = {
    *("stop_loss", "take_profit", "total_cost_usd", "cost_usd", "shares", "price", "amount_usd", "fee_usd"),
    *("reference_price", "initial_cash_usd", "cash_usd", "value_usd", "pnl_usd", "token_cost_usd"),
    *("average_cost", "mark"),
}
TIMES = {"as_of", "filled_at", "marked_at", "started_at", "completed_at"}
RATIOS = {
    *("confidence", "agreement", "average_confidence", "weighted_confidence", "target_weight", "win_rate"),
    *("configured", "weight", "calibrated", "threshold"),
}


def document(record: RunRecord) -> dict[str, Any]:
    made = run_document(record, arena_facts.FINISHED)
    read: dict[str, Any] = json.loads(json.dumps(made))
    assert read == made
    return read


def entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from entries(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from entries(inner)


DOCUMENTS = {
    "run": run_document(arena_facts.record(), arena_facts.FINISHED),
    "recount": recount_document(arena_facts.record(), arena_facts.VERDICT),
    "chat": chat_document(arena_facts.chat()),
    "leaderboard": leaderboard_document(standings_facts.LEADERBOARD),
    "portfolio": portfolio_document(standings_facts.STATEMENT),
}


def test_a_run_has_exactly_the_promised_keys() -> None:
    made = document(arena_facts.record())
    assert set(made) == PROMISED | MORE
    assert all(set(ballot) == BALLOT for ballot in made["ballots"])
    assert [set(abstention) for abstention in made["abstentions"]] == [{"member", "reason"}]
    assert set(made["votes"]) == set(made["weighted_votes"]) == {"BUY", "SELL", "HOLD"}


def test_the_committee_and_the_crowd_are_objects_of_their_own_and_no_ballots() -> None:
    made = document(arena_facts.record(seats=arena_facts.followed()))
    assert [ballot["member"] for ballot in made["ballots"]] == [
        *("claude-sonnet-4.5", "gpt-5", "gemini-2.5-pro", "momentum")
    ]
    assert set(made["committee"]) == set(made["crowd"]) == BALLOT
    assert (made["committee"]["action"], made["crowd"]["action"]) == ("BUY", "SELL")
    nobody = Abstention(member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted")
    made = document(arena_facts.record(seats=arena_facts.followed(committee=None, crowd=nobody)))
    assert made["committee"] is None
    assert made["crowd"] == {"member": "crowd", "reason": "nobody voted"}
    assert document(arena_facts.record())["crowd"] is None


@pytest.mark.parametrize("name", DOCUMENTS)
def test_money_is_a_decimal_string_ratios_are_numbers_and_times_have_an_offset(name: str) -> None:
    found = [(key, value) for key, value in entries(DOCUMENTS[name]) if value is not None]
    money = [value for key, value in found if key in MONEY]
    assert money
    assert all(isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{2,}", value) for value in money)
    for key, value in found:
        if key in RATIOS and name != "chat":
            assert isinstance(value, float)
            assert 0 <= value <= 1
        if key in TIMES:
            assert datetime.fromisoformat(value).utcoffset() == timedelta(0)


def test_a_run_tells_who_decided_what() -> None:
    made = document(arena_facts.record())
    assert (made["decision"], made["agreement"], made["high_consensus"]) == ("BUY", 0.75, True)
    assert made["votes"] == {"BUY": 3, "SELL": 0, "HOLD": 1}
    assert sum(made["weighted_votes"].values()) == pytest.approx(1)
    assert made["stop_loss"] == "186.50"
    assert made["outliers"] == ["gemini-2.5-pro"]
    assert made["abstentions"] == [
        {"member": "grok-4", "reason": "no answer within 120 s at the stage research"}
    ]
    assert [fill["price"] for fill in made["fills"]] == ["207.081408"]
    assert made["latency_ms"] == 7_340
    assert made["total_cost_usd"] == "0.0792"
    assert made["ballots"][-1]["served_by"] is None


def test_a_run_tells_who_differs_and_why_and_with_which_weight_each_ballot_was_counted() -> None:
    made = document(arena_facts.record())
    assert made["dissent"] == [
        {"member": "gemini-2.5-pro", "action": "HOLD", "reason": "Earnings momentum outweighs the valuation."}
    ]
    assert [one["member"] for one in made["dissent"]] == made["outliers"]
    assert [one["member"] for one in made["weights"]] == [one["member"] for one in made["ballots"]]
    assert made["weights"][1] == {
        "member": "gpt-5",
        "configured": 1.0,
        "weight": 0.8333,
        "sample": 41,
        "calibrated": 0.74,
    }
    assert made["weights"][0]["calibrated"] is None


def test_a_recount_stands_beside_the_runs_own_verdict_in_the_same_form() -> None:
    own = document(arena_facts.record())
    counted = arena_facts.VERDICT.model_copy(
        update={"decision": Action.HOLD, "method": "conviction", "threshold": Decimal("0.3333")}
    )
    made = recount_document(arena_facts.record(), counted)
    assert made["original"] == {name: own[name] for name in made["original"]}
    assert set(made["recount"]) == set(made["original"])
    assert (made["recount"]["decision"], made["original"]["decision"]) == ("HOLD", "BUY")
    assert (made["run_id"], made["threshold"]) == (arena_facts.RUN_ID, 0.3333)
    never = recount_document(arena_facts.record(state=RunState.FAILED, verdict=None), counted)
    assert never["original"] is None


def test_without_a_verdict_the_decision_is_null_and_the_keys_stay() -> None:
    made = document(arena_facts.running())
    assert set(made) == PROMISED | MORE
    assert made["decision"] is None
    assert made["risk_level"] is None
    assert made["ballots"] == made["fills"] == []
    no_quorum = arena_facts.VERDICT.model_copy(update={"decision": None, "rule": "no verdict"})
    assert document(arena_facts.record(verdict=no_quorum))["decision"] is None
    failed = document(arena_facts.record(state=RunState.FAILED, verdict=None))
    assert (failed["decision"], failed["state"]) == (None, "failed")


def test_a_share_that_would_be_written_with_an_exponent_is_not() -> None:
    fill = arena_facts.FILLS[0].model_copy(update={"shares": Decimal("0.000001"), "price": Decimal("1E+3")})
    (told,) = document(arena_facts.record(fills=(fill,)))["fills"]
    assert (told["shares"], told["price"]) == ("0.000001", "1000.00")


def test_one_stage_of_a_chat_can_be_had_alone() -> None:
    whole, bear = chat_document(arena_facts.chat()), chat_document(arena_facts.chat(), Stage.BEAR)
    assert len(whole["stages"]) == 12
    assert [stage["stage"] for stage in bear["stages"]] == ["bear"]
    assert whole["result"]["action"] == Action.BUY
    assert json.loads(json.dumps(whole)) == whole


def test_what_cannot_be_priced_is_null_and_says_why() -> None:
    board = DOCUMENTS["leaderboard"]["standings"]
    assert [standing["value_usd"] for standing in board][-1] is None
    assert board[-1]["unpriced"] == ["XYZ"]
    books = DOCUMENTS["portfolio"]
    assert (books["value_usd"], books["pnl_usd"], books["return"]) == (None, None, None)
    assert books["positions"][1]["unpriced"] == "no usable price since 2025-09-30"


def test_levels_and_what_else_happened_are_in_the_books_of_a_member() -> None:
    books = DOCUMENTS["portfolio"]
    assert [(held["stop_loss"], held["take_profit"]) for held in books["positions"]] == [
        ("190.00", None),
        (None, None),
    ]
    assert books["pending"][0]["cause"] == "ballot"
    assert books["history"] == [
        {
            "kind": "split",
            "session": "2025-10-28",
            "at": arena_facts.AS_OF.isoformat(),
            "ticker": "NVDA",
            "amount_usd": None,
            "ratio": "4.00",
            "shares_before": "3.018",
            "shares": "12.072",
            "side": None,
            "reason": None,
        }
    ]
