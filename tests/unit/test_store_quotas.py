"""Quotas hold in both databases, however many processes start runs at the same moment."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from core.clock import ManualClock
from core.domain.quota import Allowance, Quota, QuotaSpent, Used
from core.domain.run import RunState
from core.store.store import Store
from tests.store_values import START, WANTED, evidence_of, record_of

pytest_plugins = ["tests.storage"]

ALICE, ROOM, UNTIL = "telegram:1001", "telegram:-100123", START + timedelta(minutes=1)


def allowance(runs: int | None = None, in_chat: int | None = None, **more: object) -> Allowance:
    quotas = {"of_person": Quota(runs), "of_chat": Quota(in_chat), "since": START - timedelta(hours=1)}
    values = {"person": ALICE, "chat": ROOM, "resets": "00:00 (New York)", **quotas, **more}
    return Allowance(**values)  # type: ignore[arg-type]


async def stored(store: Store) -> None:
    await store.members.seat(WANTED)
    await store.runs.save_evidence(evidence_of())


async def begin(store: Store, number: int, allowed: Allowance, **more: object) -> str | None:
    asked = {"requested_by": ALICE, "requested_in": ROOM, "started_at": START, **more}
    run = record_of(f"run{number}", **asked)
    return await store.runs.begin(run, f"key {number}", "host", UNTIL, allowed)


async def test_of_many_runs_asked_for_at_once_in_two_processes_only_so_many_start(
    store: Store, url: str, clock: ManualClock
) -> None:
    await stored(store)
    other = await Store.open(url, clock)
    try:
        came = await asyncio.gather(
            *(begin((store, other)[n % 2], n, allowance(3)) for n in range(10)), return_exceptions=True
        )
    finally:
        await other.close()
    assert came.count(None) == 3
    assert sum(isinstance(one, QuotaSpent) for one in came) == 7
    assert await store.runs.used_of(allowance(3)) == (Used(3), Used(0))


async def test_joining_a_run_in_flight_is_free_and_the_quota_of_a_chat_counts_everybody(store: Store) -> None:
    await stored(store)
    assert await begin(store, 1, allowance(1)) is None
    with pytest.raises(QuotaSpent, match="your 1 run of today are used up"):
        await begin(store, 2, allowance(1))
    joined = record_of("again", requested_by=ALICE, requested_in=ROOM)
    assert await store.runs.begin(joined, "key 1", "host", UNTIL, allowance(1)) == "run1"
    await store.runs.check_room("key 1", allowance(1))
    with pytest.raises(QuotaSpent, match="this chat's 1 run of today"):
        await begin(store, 3, allowance(5, 1), requested_by="telegram:1002")
    assert await begin(store, 4, allowance(2), requested_in="telegram:-2") is None


async def test_what_was_before_today_and_runs_of_subscriptions_count_for_nobody(store: Store) -> None:
    await stored(store)
    assert await begin(store, 1, allowance(1), started_at=START - timedelta(hours=2)) is None
    assert await begin(store, 2, allowance(1), once="slot") is None
    assert await begin(store, 3, allowance(1)) is None
    with pytest.raises(QuotaSpent):
        await begin(store, 4, allowance(1))


async def test_a_cancelled_run_counts_as_one_that_was_started(store: Store) -> None:
    await stored(store)
    await begin(store, 1, allowance(1))
    await store.runs.end("run1", RunState.CANCELLED, "stopped", START)
    with pytest.raises(QuotaSpent):
        await begin(store, 2, allowance(1))


async def test_money_counts_what_runs_that_go_on_will_presumably_cost(store: Store) -> None:
    await stored(store)
    member = record_of().seats[0].member
    preset = record_of().preset.value
    shares = {(preset, member): Decimal("0.40")}
    money = allowance(of_person=Quota(None, Decimal(1)), shares=shares, cost=Decimal("0.40"))
    assert await begin(store, 1, money) is None
    assert await begin(store, 2, money) is None
    with pytest.raises(
        QuotaSpent, match=r"it would cost about \$0\.40, and of your \$1\.00 of today \$0\.20"
    ):
        await begin(store, 3, money)
    assert (await store.runs.used_of(money))[0].usd == Decimal("0.80")
    for run in ("run1", "run2"):  # over without having cost anything
        await store.runs.end(run, RunState.CANCELLED, "stopped", START)
    assert await begin(store, 4, money) is None
