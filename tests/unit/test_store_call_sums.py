"""Sums over calls are those of a slow recomputation, on both databases."""

import tracemalloc
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating, RiskLevel
from core.domain.calls import Call, CallOutcome, Purpose
from core.domain.costs import EVERYTHING, CostGroup, CostScope, Hour
from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.store.call_tables import calls as table
from core.store.store import Store
from tests.call_facts import NEW_YORK, NOON, call_of, grouped, slowly
from tests.store_values import begun

pytest_plugins = ("tests.storage",)

FALLBACK = datetime(2025, 11, 2, 6, tzinfo=UTC)
"""New York's clocks go back: the day has twenty-five hours."""
END = FALLBACK + timedelta(days=400)
DECIDED = {("run00001", "alpha"): True, ("run00001", "beta"): None}
"""Of the seats of `settled_run` those with a ballot: one was right, one is not settled."""

CALLS = st.lists(
    st.builds(
        call_of,
        at=st.integers(-3_000, 3_000).map(lambda minutes: FALLBACK + timedelta(minutes=minutes)),
        usd=st.sampled_from(["0", "0.0004", "0.000000000000004", "1.25", "0.1"]),
        latency_ms=st.sampled_from([0, 7, 99, 100, 101, 999, 1_001, 12_345, 10**9, 2**40]),
        outcome=st.sampled_from(CallOutcome),
        from_cache=st.booleans(),
        purpose=st.sampled_from(Purpose),
        member=st.sampled_from(["alpha", "beta", "momentum"]),
        run_id=st.sampled_from([None, "run00001", "run00404"]),
        tier=st.sampled_from([None, "premium"]),
        chat=st.sampled_from(["telegram:-1", "slack:C1"]),
        person=st.sampled_from(["telegram:1", "terminal"]),
        stage=st.sampled_from(["", "bear", "decision"]),
        provider=st.sampled_from(["openrouter", "local"]),
        model=st.sampled_from(["a/b", "c", "ünï"]),
        key=st.sampled_from(["", "main"]),
        unpriced_calls=st.integers(0, 1),
        cached_tokens=st.integers(0, 2**33),
    ),
    max_size=60,
).map(lambda made: [call.model_copy(update={"id": f"call-{n}"}) for n, call in enumerate(made)])


def ballot(member: str) -> Ballot:
    return Ballot(
        member=member,
        action=Action.BUY,
        rating=Rating.BUY,
        confidence=Decimal("0.7"),
        risk_level=RiskLevel.LOW,
        reasoning='It says "action": null.',
    )


async def settled_run(store: Store) -> None:
    """A run with two ballots, of which one is settled and was right, and an abstention."""
    record = await begun(store)
    gone = Abstention(member="momentum", kind=AbstentionKind.FAILED, reason='"action": "BUY"')
    for result in (ballot("alpha"), ballot("beta"), gone):
        await store.runs.add_result(record.run_id, result)
    await store.outcomes.add([outcome(horizon) for horizon in (1, 5)])


def outcome(horizon: int) -> Outcome:
    return Outcome(
        season=Season.LIVE,
        run_id="run00001",
        member="alpha",
        ticker="NVDA",
        horizon=horizon,
        action=Action.BUY,
        confidence=Decimal("0.7"),
        decided_at=NOON,
        entry_session=date(2025, 10, 30),
        exit_session=date(2025, 11, 5),
        entry_price=Decimal(100),
        exit_price=Decimal(110),
        return_ratio=Decimal("0.1"),
        settled_at=NOON + timedelta(days=horizon),
    )


async def empty(store: Store) -> None:
    async with store.database.write() as connection:
        await connection.execute(table.delete())


@pytest_asyncio.fixture
async def settled(store: Store) -> Store:
    """A store with a run of which one ballot is settled."""
    await settled_run(store)
    return store


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=CALLS, by=st.sampled_from(CostGroup))
async def test_every_sum_is_that_of_the_calls_one_by_one(
    settled: Store, made: Sequence[Call], by: CostGroup
) -> None:
    store = settled
    await empty(store)
    await store.calls.add(made)
    found = await store.call_sums.by(by, (None, END), NEW_YORK, EVERYTHING)
    assert {line.name: line for line in found.lines} == grouped(made, by, DECIDED)
    assert found.total == slowly(made, "", DECIDED)
    assert found.more == 0
    if by is CostGroup.DAY:
        assert [line.name for line in found.lines] == sorted(
            (line.name for line in found.lines), reverse=True
        )
    else:
        costs = [line.spend.cost_usd for line in found.lines]
        assert costs == sorted(costs, reverse=True)


async def test_only_calls_of_the_time_count_with_its_beginning_and_without_its_end(store: Store) -> None:
    hour = timedelta(hours=1)
    await store.calls.add([call_of(n, at=NOON + n * hour) for n in range(4)])
    found = await store.call_sums.by(CostGroup.MODEL, (NOON + hour, NOON + 3 * hour), NEW_YORK, EVERYTHING)
    assert found.total.sent == 2


async def test_a_scope_has_the_calls_of_its_chats_and_of_its_person(store: Store) -> None:
    await store.calls.add(
        [
            call_of(1, chat="telegram:-1", person="telegram:1"),
            call_of(2, chat="telegram:-2", person="telegram:2"),
            call_of(3, chat="telegram:-2", person="telegram:1"),
            call_of(4, chat="telegram:-3", person="telegram:3"),
        ]
    )

    async def sent(**scope: object) -> int:
        made = CostScope.model_validate(scope)
        return (await store.call_sums.by(CostGroup.CHAT, (None, END), NEW_YORK, made)).total.sent

    assert await sent() == 4
    assert await sent(chats=("telegram:-1", "telegram:-3")) == 2
    assert await sent(person="telegram:1") == 2
    assert await sent(chats=("telegram:-3",), person="telegram:1") == 3


async def test_the_dearest_groups_are_kept_and_the_rest_is_counted(store: Store) -> None:
    await store.calls.add([call_of(n, usd=f"0.{n:02}", model=f"model-{n}") for n in range(1, 8)])
    found = await store.call_sums.by(CostGroup.MODEL, (None, END), NEW_YORK, EVERYTHING, most=3)
    assert [line.name for line in found.lines] == ["model-7", "model-6", "model-5"]
    assert (found.more, found.total.sent) == (4, 7)


async def test_the_newest_days_are_kept(store: Store) -> None:
    await store.calls.add([call_of(n, at=NOON - timedelta(days=n)) for n in range(5)])
    found = await store.call_sums.by(CostGroup.DAY, (None, END), NEW_YORK, EVERYTHING, most=2)
    assert [line.name for line in found.lines] == ["2025-10-29", "2025-10-28"]
    assert found.more == 3


async def test_hours_are_those_of_the_wall_clock_also_when_it_shows_one_twice(store: Store) -> None:
    half = timedelta(minutes=30)
    # 00:30, 01:00, 01:30 and after the change 01:00, 01:30, 02:00.
    moments = [FALLBACK - timedelta(minutes=90) + n * half for n in range(6)]
    await store.calls.add([call_of(n, at=at, usd="0.10") for n, at in enumerate(moments)])
    day = date(2025, 11, 2)
    span = (moments[0], END)
    assert await store.call_sums.hours(span, NEW_YORK, EVERYTHING) == {
        Hour(day, 0): Decimal("0.10"),
        Hour(day, 1): Decimal("0.40"),
        Hour(day, 2): Decimal("0.10"),
    }


async def test_what_is_spent_is_told_by_name(store: Store) -> None:
    await store.calls.add([call_of(1, key="main"), call_of(2, key="spare"), call_of(3, key="main")])
    spent = await store.call_sums.spent(CostGroup.KEY, (NOON, END), EVERYTHING)
    assert spent == {"openrouter:main": Decimal("0.02"), "openrouter:spare": Decimal("0.01")}


async def test_without_calls_everything_is_nothing(store: Store) -> None:
    found = await store.call_sums.by(CostGroup.DAY, (None, END), NEW_YORK, EVERYTHING)
    assert (found.total.sent, found.lines, found.more) == (0, (), 0)
    assert await store.call_sums.first(EVERYTHING) is None


async def test_a_great_many_groups_take_no_great_memory(store: Store) -> None:
    many = [call_of(n, chat=f"telegram:{n}", latency_ms=n) for n in range(20_000)]
    for start in range(0, len(many), 2_000):
        await store.calls.add(many[start : start + 2_000])
    await store.call_sums.by(CostGroup.CHAT, (None, END), NEW_YORK, EVERYTHING, most=10)
    tracemalloc.start()
    found = await store.call_sums.by(CostGroup.CHAT, (None, END), NEW_YORK, EVERYTHING, most=10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(found.lines), found.more, found.total.sent) == (10, 19_990, 20_000)
    assert peak < 12_000_000


async def test_a_pack_is_found_by_its_hash_and_a_run_by_its_id(store: Store) -> None:
    one, other = "ab" * 32, "cd" * 32
    await store.calls.add(
        [
            call_of(2, at=NOON + timedelta(seconds=1), evidence_sha256=one, run_id="r1"),
            call_of(1, evidence_sha256=one, purpose=Purpose.ASK),
            call_of(3, evidence_sha256=other, run_id="r1"),
        ]
    )
    found = await store.sightings.of_evidence(one)
    assert [seen.id for seen in found.seen] == ["call-1", "call-2"]
    assert found.seen[0].person == "telegram:1001"
    assert [seen.id for seen in (await store.sightings.of_run("r1")).seen] == ["call-3", "call-2"]
    short = await store.sightings.of_evidence(one, 1)
    assert (len(short.seen), short.more) == (1, 1)
    assert await store.sightings.hashes("ab" * 6, 2) == (one,)
