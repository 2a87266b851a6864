"""One reflection for each member and ballot, whoever asks for it and however often it fails."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from core.domain.ballot import Abstention, AbstentionKind
from core.domain.memory import Reflection
from core.domain.outcomes import Outcome
from core.domain.season import Season
from core.domain.stage import SPOKEN, SPOKEN_BEFORE, Stage
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.store.reflection_rows import MOST_TRIES, Settled
from core.store.season_tables import reflections
from core.store.store import Store
from tests.judges import ballot_of, outcome
from tests.store_values import begun, stage_of

pytest_plugins = ("tests.storage",)

SETTLED_AT = outcome().settled_at
NOW = SETTLED_AT + timedelta(hours=1)
LEASE = timedelta(minutes=5)
PAID = Spend(prompt_tokens=500, completion_tokens=60, cost_usd=Decimal("0.0021"), calls=1)
SERVED = ServedBy(provider="openrouter", model="alpha/one", key="main")


async def settled(store: Store, *members: str, run_id: str = "run00001", **changes: Any) -> None:
    """A run in which these members cast ballots that are settled now."""
    await begun(store, run_id)
    for member in members:
        one = outcome(run_id=run_id, member=member, **changes)
        await store.runs.add_result(run_id, ballot_of(one))
        await store.outcomes.add([one])


async def claimed(store: Store, *members: str, most: int = 20, **changes: Any) -> tuple[Settled, ...]:
    facts = {"now": NOW, "lease_until": changes.get("now", NOW) + LEASE} | changes
    since = SETTLED_AT - timedelta(days=14)
    return await store.reflections.claim(
        Season.LIVE, members or ("alpha", "beta"), since, SETTLED_AT, most=most, **facts
    )


def reflection(of: Outcome, **changes: Any) -> Reflection:
    same = ("season", "run_id", "member", "ticker", "decided_at", "settled_at", "action", "confidence")
    facts = {name: getattr(of, name) for name in (*same, "return_ratio", "alpha")}
    facts |= {"text": "It was right. Margins held. Wait.", "lesson": "Wait.", "written_at": NOW}
    return Reflection.model_validate(facts | {"served_by": SERVED, "spend": PAID} | changes)


async def test_a_ballot_is_taken_once_and_its_reflection_is_read_back_equal(store: Store) -> None:
    await settled(store, "alpha", "beta", benchmark_return=Decimal("0.01"))
    found = await claimed(store)
    assert [(one.outcome.member, one.ballot.member) for one in found] == [
        ("alpha", "alpha"),
        ("beta", "beta"),
    ]
    assert await claimed(store) == ()
    written = reflection(found[0].outcome)
    assert await store.reflections.of("run00001", "alpha") is None
    assert await store.reflections.write(written)
    assert await store.reflections.of("run00001", "alpha") == written
    assert await store.reflections.of("run00001", "beta") is None


async def test_processes_that_ask_at_the_same_time_share_the_ballots(store: Store) -> None:
    for number in range(4):
        await settled(store, "alpha", run_id=f"run0000{number}")
    parts = await asyncio.gather(*(claimed(store) for _ in range(3)))
    taken = [one.outcome.run_id for part in parts for one in part]
    assert sorted(taken) == [f"run0000{number}" for number in range(4)]


async def test_the_first_reflection_stays_and_all_that_was_paid_is_counted(store: Store) -> None:
    await settled(store, "alpha")
    (one,) = await claimed(store)
    assert await store.reflections.write(reflection(one.outcome))
    again = reflection(one.outcome, text="It was wrong. Nothing held. Run.", lesson="Run.")
    assert not await store.reflections.write(again)
    kept = await store.reflections.of("run00001", "alpha")
    assert kept is not None
    assert (kept.lesson, kept.spend) == ("Wait.", PAID + PAID)


async def test_a_claim_that_ran_out_is_free_again(store: Store) -> None:
    await settled(store, "alpha")
    await claimed(store)
    assert await claimed(store, now=NOW + LEASE - timedelta(seconds=1)) == ()
    assert len(await claimed(store, now=NOW + LEASE)) == 1


async def test_a_model_that_fails_is_asked_three_times_and_its_cost_stays(store: Store) -> None:
    await settled(store, "alpha")
    for number in range(MOST_TRIES):
        assert len(await claimed(store)) == 1, number
        await store.reflections.failed("run00001", "alpha", PAID, NOW)
    assert await claimed(store) == ()
    assert await store.reflections.costs(Season.LIVE) == {"alpha": 3 * PAID.cost_usd}


async def test_who_was_not_asked_is_not_counted_as_tried(store: Store) -> None:
    await settled(store, "alpha")
    for _ in range(MOST_TRIES + 2):
        assert len(await claimed(store)) == 1
        await store.reflections.put_back("run00001", "alpha", NOW)
    await store.reflections.put_back("run00001", "alpha", NOW + LEASE)
    assert await claimed(store) == ()
    async with store.database.read() as connection:
        assert (await connection.execute(select(reflections.c.tries))).scalar() == 0


async def test_only_the_wanted_members_season_horizon_and_time_are_taken(store: Store) -> None:
    await settled(store, "alpha")
    await settled(store, "alpha", run_id="run00002", horizon=20)
    await settled(store, "alpha", run_id="run00003", season=Season.SAMPLE)
    await settled(store, "alpha", run_id="run00004", settled_at=SETTLED_AT + timedelta(days=1))
    await settled(store, "alpha", run_id="run00005", settled_at=SETTLED_AT - timedelta(days=15))
    assert await claimed(store, "beta") == ()
    assert [one.outcome.run_id for one in await claimed(store)] == ["run00001"]


async def test_no_more_are_taken_than_are_wanted_the_oldest_first(store: Store) -> None:
    for number in range(3):
        when = SETTLED_AT - timedelta(days=number)
        await settled(store, "alpha", run_id=f"run0000{number}", settled_at=when)
    taken = [one.outcome.run_id for one in await claimed(store, most=2)]
    assert taken == ["run00002", "run00001"]
    assert [one.outcome.run_id for one in await claimed(store, most=2)] == ["run00000"]


async def test_an_abstention_is_nothing_to_look_back_at(store: Store) -> None:
    await begun(store)
    left = Abstention(member="alpha", kind=AbstentionKind.TIMEOUT, reason="no answer")
    await store.runs.add_result("run00001", left)
    await store.outcomes.add([outcome(run_id="run00001")])
    assert await claimed(store) == ()


async def test_costs_are_in_the_season(store: Store) -> None:
    await settled(store, "alpha", "beta")
    one, other = await claimed(store)
    await store.reflections.write(reflection(one.outcome))
    await store.reflections.failed(other.outcome.run_id, "beta", NOTHING_SPENT, NOW)
    assert (await store.runs.token_costs(Season.LIVE))["alpha"] == PAID.cost_usd
    assert "alpha" not in await store.runs.token_costs(Season.LIVE, SETTLED_AT)
    assert await store.reflections.costs(Season.LIVE, SETTLED_AT) == {}


@pytest.mark.parametrize("text", ["nul \0 and half \ud800", "ü 🙂"])
async def test_any_text_can_be_kept(store: Store, text: str) -> None:
    await settled(store, "alpha")
    (one,) = await claimed(store)
    assert await store.reflections.write(reflection(one.outcome, text=text, lesson=text))
    assert await store.reflections.of("run00001", "alpha") is not None


@pytest.mark.parametrize("mark", [SPOKEN, SPOKEN_BEFORE])
async def test_a_ballot_that_may_have_been_steered_is_nothing_to_be_learned_from(
    store: Store, mark: str
) -> None:
    await settled(store, "alpha", "beta")
    for member, marks in (("alpha", ("cites 181.30; evidence says 199.80", mark)), ("beta", ())):
        await store.stages.add(stage_of(member=member, stage=Stage.DECISION, marks=marks))
    assert [one.outcome.member for one in await claimed(store)] == ["beta"]
