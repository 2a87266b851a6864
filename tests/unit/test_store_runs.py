"""Runs begin once, belong to one process at a time, and are read back whole."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating, RiskLevel
from core.domain.errors import NotFound, StoreError
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.stage import Stage
from core.domain.usage import ServedBy, Spend
from core.domain.verdict import Verdict
from core.store.store import Store
from core.store.tables import evidence
from tests.store_values import START, WANTED, begun, evidence_of, fill_of, order_of, record_of, stage_of

pytest_plugins = ("tests.storage",)

MINUTE = timedelta(minutes=1)
VERDICT = Verdict(
    decision=Action.BUY,
    method="weighted",
    agreement=Decimal("0.6667"),
    votes={Action.BUY: 1, Action.SELL: 0, Action.HOLD: 0},
    weighted_votes={Action.BUY: Decimal(1), Action.SELL: Decimal(0), Action.HOLD: Decimal(0)},
    stop_loss=Decimal("180.5"),
    abstained=("beta",),
)


def ballot_of(member: str, cost: str = "0.0135") -> Ballot:
    return Ballot(
        member=member,
        action=Action.BUY,
        rating=Rating.OVERWEIGHT,
        confidence=Decimal("0.72"),
        target_weight=Decimal("0.2"),
        risk_level=RiskLevel.MEDIUM,
        reasoning="Because \0 it rises – 日本.",
        key_points=("one", "two"),
        served_by=ServedBy(provider="openrouter", model="alpha/one"),
        spend=Spend(prompt_tokens=10, completion_tokens=20, cost_usd=Decimal(cost), calls=12),
        latency_ms=6100,
    )


async def test_evidence_comes_back_byte_for_byte(store: Store) -> None:
    pack = evidence_of()
    await store.runs.save_evidence(pack)
    await store.runs.save_evidence(pack)
    back = await store.runs.evidence(pack.sha256)
    assert back == pack
    assert back.canonical == pack.canonical


async def test_unknown_evidence_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no evidence"):
        await store.runs.evidence("0" * 64)


async def test_evidence_that_was_changed_is_not_trusted(store: Store) -> None:
    pack = evidence_of()
    await store.runs.save_evidence(pack)
    async with store.database.write() as connection:
        await connection.execute(
            update(evidence).values(canonical=pack.canonical.replace("207.04", "107.04"))
        )
    with pytest.raises(StoreError, match="changed"):
        await store.runs.evidence(pack.sha256)


async def test_a_run_that_begins_is_read_back_equal(store: Store) -> None:
    record = await begun(store, caveat="Sample prices.")
    assert await store.runs.record(record.run_id) == record
    assert await store.runs.running() == (record.run_id,)
    assert await store.runs.record("nothing") is None
    assert await store.runs.latest() is None


async def test_a_request_in_flight_is_joined_and_not_begun_again(store: Store) -> None:
    await begun(store, "first001")
    second = record_of("second01")
    assert await store.runs.begin(second, "first001", "host-2", START + MINUTE) == "first001"
    assert await store.runs.record("second01") is None
    assert await store.runs.end("first001", RunState.CANCELLED, "Cancelled by a person.", START)
    assert await store.runs.begin(second, "first001", "host-2", START + MINUTE) is None


async def test_of_many_equal_requests_at_once_one_begins(store: Store) -> None:
    await store.members.seat(WANTED)
    await store.runs.save_evidence(evidence_of())
    runs = [record_of(f"run{number:05}") for number in range(8)]
    outcomes = await asyncio.gather(
        *(store.runs.begin(run, "same", "host-1", START + MINUTE) for run in runs)
    )
    (winner,) = [run.run_id for run, outcome in zip(runs, outcomes, strict=True) if outcome is None]
    assert set(outcomes) == {None, winner}
    assert await store.runs.running() == (winner,)


async def test_a_run_without_its_evidence_is_refused_whole(store: Store) -> None:
    await store.members.seat(WANTED)
    with pytest.raises(StoreError, match="refused"):
        await store.runs.begin(record_of(), "key", "host-1", START)
    assert await store.runs.running() == ()


async def test_a_seat_of_an_unknown_member_undoes_the_whole_run(store: Store) -> None:
    await store.members.seat(WANTED[:2])
    await store.runs.save_evidence(evidence_of())
    with pytest.raises(StoreError, match="refused"):
        await store.runs.begin(record_of(), "key", "host-1", START)
    assert await store.runs.record("run00001") is None


async def test_a_lease_is_claimed_by_one_of_several_owners(store: Store) -> None:
    await begun(store)
    late = START + 2 * MINUTE
    assert await store.runs.interrupted(START) == ()
    assert not await store.runs.claim("run00001", "host-2", START, late)
    assert await store.runs.interrupted(late) == ("run00001",)
    claims = await asyncio.gather(
        *(store.runs.claim("run00001", f"host-{number}", late, late + MINUTE) for number in range(2, 8))
    )
    assert sorted(claims) == [False] * 5 + [True]
    winner = f"host-{claims.index(True) + 2}"
    assert not await store.runs.renew("run00001", "host-1", late + 5 * MINUTE)
    assert await store.runs.renew("run00001", winner, late + 5 * MINUTE)
    assert await store.runs.interrupted(late + 4 * MINUTE) == ()


async def test_a_released_run_can_be_claimed_at_once(store: Store) -> None:
    await begun(store)
    await store.runs.release("run00001", "somebody else")
    assert await store.runs.interrupted(START) == ()
    await store.runs.release("run00001", "host-1")
    assert await store.runs.interrupted(START) == ("run00001",)
    assert await store.runs.claim("run00001", "host-2", START, START + MINUTE)


async def test_a_run_that_is_over_is_neither_claimed_nor_ended_again(store: Store) -> None:
    await begun(store)
    late = START + 2 * MINUTE
    assert await store.runs.end("run00001", RunState.FAILED, "No model answered.", START)
    assert not await store.runs.end("run00001", RunState.CANCELLED, None, late)
    assert not await store.runs.claim("run00001", "host-2", late, late + MINUTE)
    assert not await store.runs.renew("run00001", "host-1", late)
    record = await store.runs.record("run00001")
    assert record is not None
    assert (record.state, record.reason, record.finished_at) == (RunState.FAILED, "No model answered.", START)


async def test_a_run_finishes_only_with_its_books(store: Store) -> None:
    await begun(store)
    with pytest.raises(StoreError, match="books"):
        await store.runs.end("run00001", RunState.FINISHED, None, START)


async def test_the_first_result_of_a_member_wins(store: Store) -> None:
    await begun(store)
    late = Abstention(member="alpha", kind=AbstentionKind.TIMEOUT, reason="Too late.")
    assert await store.runs.add_result("run00001", ballot_of("alpha"))
    assert not await store.runs.add_result("run00001", late)
    assert await store.runs.add_result("run00001", late.model_copy(update={"member": "beta"}))
    record = await store.runs.record("run00001")
    assert record is not None
    assert record.ballots == (ballot_of("alpha"),)
    assert [abstention.member for abstention in record.abstentions] == ["beta"]
    with pytest.raises(StoreError, match="no seat"):
        await store.runs.add_result("run00001", ballot_of("stranger"))


async def test_a_finished_run_explains_itself(store: Store) -> None:
    await begun(store)
    await store.runs.add_result("run00001", ballot_of("alpha"))
    order = order_of("order1")
    async with store.books.locked(Season.LIVE) as books:
        await books.open_accounts(["alpha"], Decimal(10_000), START)
        await books.add_order(order)
        await books.fill_order(fill_of(order))
        assert await books.finish_run("run00001", VERDICT, START + MINUTE)
        assert not await books.finish_run("run00001", VERDICT, START + 2 * MINUTE)
    record = await store.runs.latest("NVDA")
    assert record is not None
    assert record.state is RunState.FINISHED
    assert record.finished_at == START + MINUTE
    assert record.verdict == VERDICT
    assert [order.id for order in record.orders] == ["order1"]
    assert record.fills == (fill_of(order),)


async def test_the_latest_run_is_the_one_that_finished_last(store: Store) -> None:
    for run_id, ticker in (("run00001", "NVDA"), ("run00002", "AAPL"), ("run00003", "NVDA")):
        await begun(store, run_id, ticker=ticker)
    for run_id, minutes in (("run00003", 1), ("run00001", 2), ("run00002", 2)):
        async with store.books.locked(Season.LIVE) as books:
            await books.finish_run(run_id, VERDICT, START + minutes * MINUTE)
    latest = {ticker: await store.runs.latest(ticker) for ticker in (None, "NVDA", "AAPL", "MSFT")}
    found = {ticker: record and record.run_id for ticker, record in latest.items()}
    assert found == {None: "run00002", "NVDA": "run00001", "AAPL": "run00002", "MSFT": None}


async def test_the_newest_run_of_a_ticker_that_goes_on_is_found(store: Store) -> None:
    for run_id, ticker in (("run00001", "NVDA"), ("run00002", "AAPL"), ("run00003", "NVDA")):
        await begun(store, run_id, ticker=ticker)
    assert await store.runs.running_of("NVDA") == "run00003"
    await store.runs.end("run00003", RunState.CANCELLED, None, START)
    assert await store.runs.running_of("NVDA") == "run00001"
    assert await store.runs.running_of("MSFT") is None


async def test_spending_is_counted_by_result_or_else_by_stages(store: Store) -> None:
    await begun(store, "run00001")
    await begun(store, "run00002", requested_in="slack:C0TRADING", ticker="AAPL", started_at=START + MINUTE)
    for stage in (Stage.MARKET, Stage.NEWS):
        for run_id, member in (("run00001", "alpha"), ("run00001", "beta"), ("run00002", "alpha")):
            await store.stages.add(stage_of(run_id, member, stage))
    await store.runs.add_result("run00001", ballot_of("alpha", cost="0.0135"))
    by_stages = 2 * Decimal("0.00123456")
    assert await store.runs.token_costs(Season.LIVE) == {
        "alpha": Decimal("0.0135") + by_stages,
        "beta": by_stages,
        "momentum": Decimal(0),
    }
    assert await store.runs.token_costs(Season.SAMPLE) == {}
    # A run decided at a close is no cost of the session that has just closed.
    assert await store.runs.token_costs(Season.LIVE, START) == {}
    later = START + timedelta(microseconds=1)
    assert await store.runs.token_costs(Season.LIVE, later) == await store.runs.token_costs(Season.LIVE)
