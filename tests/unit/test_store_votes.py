"""Votes: one a person and run, changeable until the crowd's result is stored, and then all counted."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult
from core.domain.member import MemberKind
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.vote import Vote
from core.pipeline.followers import crowd_result
from core.store.store import Store
from tests import store_values
from tests.store_values import START, WANTED, record_of

pytest_plugins = ("tests.storage",)

CROWD = ("crowd", MemberKind.CROWD, Decimal(0), (), True)
ALICE, BOB = "telegram:1001", "slack:U0BOB"


@pytest.fixture
def with_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every made-up run a seat for the crowd."""
    monkeypatch.setattr(store_values, "WANTED", (*WANTED, CROWD))


async def begun(store: Store, run_id: str = "run00001", **changes: object) -> RunRecord:
    return await store_values.begun(store, run_id, **changes)


async def cast(
    store: Store,
    person: str,
    action: Action,
    confidence: str | None = None,
    *,
    run_id: str = "run00001",
    minute: int = 0,
) -> bool:
    stated = None if confidence is None else Decimal(confidence)
    at = START + timedelta(minutes=minute)
    return await store.votes.cast(run_id, person, action, stated, "telegram:-100", at)


def counted(votes: Sequence[Vote]) -> MemberResult:
    return crowd_result("crowd", votes)


@pytest.mark.usefixtures("with_crowd")
async def test_the_newest_vote_of_a_person_stands(store: Store) -> None:
    await begun(store)
    assert await cast(store, ALICE, Action.BUY, "0.7")
    assert await cast(store, BOB, Action.SELL)
    assert await cast(store, ALICE, Action.HOLD, minute=1)
    assert await store.votes.of_run("run00001") == (
        Vote(person=BOB, action=Action.SELL, chat="telegram:-100", at=START),
        Vote(person=ALICE, action=Action.HOLD, chat="telegram:-100", at=START + timedelta(minutes=1)),
    )


@pytest.mark.usefixtures("with_crowd")
async def test_a_confidence_is_kept_to_the_last_place(store: Store) -> None:
    await begun(store)
    await cast(store, ALICE, Action.BUY, "0.07")
    (vote,) = await store.votes.of_run("run00001")
    assert vote.confidence == Decimal("0.07")


@pytest.mark.usefixtures("with_crowd")
async def test_votes_of_one_run_are_none_of_another(store: Store) -> None:
    await begun(store)
    await begun(store, "run00002", ticker="AAPL")
    await cast(store, ALICE, Action.BUY)
    await cast(store, ALICE, Action.SELL, run_id="run00002")
    assert [vote.action for vote in await store.votes.of_run("run00001")] == [Action.BUY]
    assert [vote.action for vote in await store.votes.of_run("run00002")] == [Action.SELL]


async def test_a_run_without_a_seat_for_the_crowd_or_none_at_all_takes_no_votes(store: Store) -> None:
    await begun(store)
    assert not await cast(store, ALICE, Action.BUY)
    assert not await cast(store, ALICE, Action.BUY, run_id="nowhere1")
    assert not await store.votes.close("run00001", counted)
    assert await store.votes.of_run("run00001") == ()


@pytest.mark.usefixtures("with_crowd")
async def test_after_the_close_no_vote_is_taken_and_the_first_result_stays(store: Store) -> None:
    await begun(store)
    await cast(store, ALICE, Action.BUY)
    assert await store.votes.close("run00001", counted)
    assert not await cast(store, ALICE, Action.SELL)
    assert not await cast(store, BOB, Action.SELL)
    assert not await store.votes.close("run00001", lambda votes: crowd_result("crowd", ()))
    record = await store.runs.record("run00001")
    assert record is not None
    (seat,) = record.followers
    assert isinstance(seat.result, Ballot)
    assert seat.result.reasoning == "Votes: 1 BUY."
    assert record.ballots == ()


@pytest.mark.usefixtures("with_crowd")
async def test_nobody_voted_closes_a_run_as_well(store: Store) -> None:
    await begun(store)
    assert await store.votes.close("run00001", counted)
    record = await store.runs.record("run00001")
    assert record is not None
    assert record.followers[0].result == Abstention(
        member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted"
    )
    assert record.abstentions == ()
    assert not await cast(store, ALICE, Action.BUY)


@pytest.mark.usefixtures("with_crowd")
async def test_a_stopped_run_takes_votes_again_when_it_is_taken_up(store: Store) -> None:
    await begun(store)
    await cast(store, ALICE, Action.BUY)
    await store.runs.end("run00001", RunState.CANCELLED, "stopped", START)
    assert not await cast(store, BOB, Action.SELL)
    assert not await store.votes.close("run00001", counted)
    assert await store.runs.reopen("run00001", "host-1", START + timedelta(minutes=1))
    assert await cast(store, BOB, Action.SELL)
    assert len(await store.votes.of_run("run00001")) == 2


@pytest.mark.usefixtures("with_crowd")
async def test_of_votes_and_a_close_at_the_same_time_exactly_those_taken_are_counted(store: Store) -> None:
    await begun(store)
    people = [f"telegram:{number}" for number in range(20)]
    early = [cast(store, person, Action.BUY) for person in people[:10]]
    late = [cast(store, person, Action.BUY) for person in people[10:]]
    *taken, closed = await asyncio.gather(*early, *late, store.votes.close("run00001", counted))
    assert closed
    record = await store.runs.record("run00001")
    assert record is not None
    result = record.followers[0].result
    told = result.reasoning if isinstance(result, Ballot) else "Votes: 0 BUY."
    assert told == f"Votes: {sum(taken)} BUY."
    assert len(await store.votes.of_run("run00001")) == sum(taken)


@pytest.mark.usefixtures("with_crowd")
async def test_one_person_who_votes_many_times_at_once_has_one_vote(store: Store) -> None:
    await begun(store)
    taken = await asyncio.gather(*(cast(store, ALICE, action) for action in [*Action, *Action]))
    assert all(taken)
    assert len(await store.votes.of_run("run00001")) == 1


async def test_the_run_to_vote_in_is_the_newest_of_the_ticker_and_of_the_own_chat_first(store: Store) -> None:
    assert await store.votes.run_of("NVDA", "telegram:1") is None
    await begun(store, "run00001", requested_in="telegram:1")
    await begun(store, "run00002", requested_in="telegram:2")
    await begun(store, "run00003", requested_in="telegram:2", ticker="AAPL")
    assert await store.votes.run_of("NVDA", "telegram:3") == "run00002"
    assert await store.votes.run_of("NVDA", "telegram:1") == "run00001"
    await store.runs.end("run00001", RunState.FAILED, "lost", START)
    assert await store.votes.run_of("NVDA", "telegram:1") == "run00002"


async def test_nobody_votes_in_a_replay(store: Store) -> None:
    await store.members.seat(WANTED)
    await store.seasons.claim(Season("replay-1"), {}, "SPY", "owner", START, START)
    await begun(store, "run00001", season=Season("replay-1"))
    assert await store.votes.run_of("NVDA", "telegram:1") is None
    assert record_of().season == Season.LIVE
