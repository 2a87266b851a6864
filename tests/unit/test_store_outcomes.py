"""Outcomes are written once and read back as of a moment; what has none yet can be asked for."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from core.domain.ballot import Abstention, AbstentionKind, Action
from core.domain.errors import StoreError
from core.domain.outcomes import Outcome
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.verdict import Verdict
from core.store.store import Store
from tests.judges import ballot_of, outcome
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)

LATER = START + timedelta(days=30)
NOBODY = dict.fromkeys(Action, 0)
NO_VERDICT = Verdict(
    decision=None, method="weighted", votes=NOBODY, weighted_votes=dict.fromkeys(Action, Decimal(0))
)


async def heard(store: Store, run_id: str, *voters: str, finished: bool = True, **changes: object) -> None:
    """A run in which these members cast ballots and the others abstained."""
    record = await begun(store, run_id, **changes)
    for seat in record.seats:
        if seat.member in voters:
            result = ballot_of(outcome(member=seat.member, action=Action.SELL, confidence="0.81"))
        else:
            result = Abstention(member=seat.member, kind=AbstentionKind.TIMEOUT, reason="no answer")
        await store.runs.add_result(run_id, result)
    if finished:
        async with store.books.locked(record.season) as books:
            assert await books.finish_run(run_id, NO_VERDICT, START)


def of_run(run_id: str, *members: str, **changes: object) -> list[Outcome]:
    return [outcome(run_id=run_id, member=member, **changes) for member in members]


def names(outcomes: Sequence[Outcome]) -> list[tuple[str, str, int]]:
    return [(each.run_id, each.member, each.horizon) for each in outcomes]


async def test_outcomes_are_read_back_equal(store: Store) -> None:
    await heard(store, "run00001", "alpha", "beta")
    kept = [
        outcome(
            run_id="run00001",
            entry_price=Decimal("207.12345678"),
            exit_price=Decimal("210.00"),
            return_ratio=Decimal("0.0138912345"),
            benchmark_return=Decimal("-0.001"),
        ),
        outcome(run_id="run00001", member="beta", action=Action.SELL, right=False),
    ]
    await store.outcomes.add(kept)
    assert await store.outcomes.of_season(Season.LIVE) == tuple(kept)
    assert await store.outcomes.of_member(Season.LIVE, "beta") == (kept[1],)


async def test_the_first_word_on_a_ballot_at_a_horizon_stands(store: Store) -> None:
    await heard(store, "run00001", "alpha", "beta")
    first = of_run("run00001", "alpha")
    await store.outcomes.add(first)
    await store.outcomes.add(of_run("run00001", "alpha", "beta", right=False))
    assert [(each.member, each.right) for each in await store.outcomes.of_season(Season.LIVE)] == [
        ("alpha", True),
        ("beta", False),
    ]
    await store.outcomes.add([])
    await store.outcomes.add(of_run("run00001", "alpha", horizon=20))
    assert len(await store.outcomes.of_member(Season.LIVE, "alpha")) == 2


async def test_an_outcome_of_a_ballot_that_nobody_cast_is_refused_and_nothing_of_its_batch_is_kept(
    store: Store,
) -> None:
    await heard(store, "run00001", "alpha")
    with pytest.raises(StoreError):
        await store.outcomes.add([*of_run("run00001", "alpha"), *of_run("run99999", "alpha")])
    assert await store.outcomes.of_season(Season.LIVE) == ()


async def test_only_what_was_settled_by_a_moment_is_read_for_it(store: Store) -> None:
    for week in range(3):
        await heard(store, f"run0000{week}", "alpha")
        await store.outcomes.add([outcome(week=week)])
    moment = outcome(week=1).settled_at
    early = await store.outcomes.of_member(Season.LIVE, "alpha", until=moment)
    assert names(early) == [("run00000", "alpha", 5), ("run00001", "alpha", 5)]
    assert await store.outcomes.of_season(Season.LIVE, moment) == early
    just_before = moment - timedelta(microseconds=1)
    assert len(await store.outcomes.of_season(Season.LIVE, until=just_before)) == 1


async def test_seasons_and_horizons_are_kept_apart(store: Store) -> None:
    await heard(store, "run00001", "alpha")
    await heard(store, "run00002", "alpha", season=Season.SAMPLE)
    await store.outcomes.add(of_run("run00001", "alpha"))
    await store.outcomes.add(of_run("run00001", "alpha", horizon=1))
    await store.outcomes.add(of_run("run00002", "alpha", season=Season.SAMPLE))
    assert names(await store.outcomes.of_season(Season.SAMPLE)) == [("run00002", "alpha", 5)]
    assert names(await store.outcomes.of_season(Season.LIVE, horizon=1)) == [("run00001", "alpha", 1)]
    assert names(await store.outcomes.of_member(Season.LIVE, "alpha", horizon=5)) == [
        ("run00001", "alpha", 5)
    ]


async def test_runs_are_unsettled_until_they_have_outcomes_at_the_horizon(store: Store) -> None:
    await heard(store, "run00001", "alpha", "beta")
    await heard(store, "run00002", "beta", season=Season.SAMPLE)
    await heard(store, "run00003", "alpha", finished=False)
    async with store.books.locked(Season.LIVE) as books:
        assert await books.sessions.unsettled(5, START, LATER) == (("run00001", "NVDA", START),)
        assert await books.sessions.unsettled(5, START + timedelta(days=1), LATER) == ()
        assert await books.sessions.unsettled(5, START, START) == ()
        ballots = await books.sessions.ballots(["run00001"])
        assert [(run_id, each.member) for run_id, each in ballots] == [
            ("run00001", "alpha"),
            ("run00001", "beta"),
        ]
        await books.sessions.settle(of_run("run00001", "alpha", "beta"))
        assert await books.sessions.unsettled(5, START, LATER) == ()
        assert len(await books.sessions.unsettled(20, START, LATER)) == 1


async def test_a_run_that_was_cancelled_has_nothing_to_settle(store: Store) -> None:
    await heard(store, "run00001", "alpha", finished=False)
    assert await store.runs.end("run00001", RunState.CANCELLED, None, START)
    async with store.books.locked(Season.LIVE) as books:
        assert await books.sessions.unsettled(1, START, LATER) == ()
