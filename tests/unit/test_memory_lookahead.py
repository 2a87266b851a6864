"""Whatever comes to be known after a run's moment, not one byte of its prompts changes."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from core.config import Settings
from core.config.settings import Pipeline
from core.domain.ballot import Abstention, AbstentionKind, Action
from core.domain.member import MemberKind
from core.domain.run import Briefing, RunState, Seat
from core.domain.season import Season
from core.domain.stage import Stage, Step
from core.domain.usage import NOTHING_SPENT
from core.pipeline.prompting import user_prompt
from core.pipeline.remembering import Remembering
from core.store.season_tables import outcomes, reflections, seasons
from core.store.store import Store
from core.store.tables import runs, seats
from tests import packs
from tests.judges import ballot_of, outcome

pytest_plugins = ("tests.storage",)

EXAMPLES = 60
DAY = timedelta(days=1)
AS_OF = packs.AS_OF
FIRST = AS_OF - 30 * DAY
LIVE, SECOND, REPLAY = Season.LIVE, Season("winter"), Season("replay-1")
LATER = "SOMETHING FROM LATER"


@dataclass(frozen=True)
class Fact:
    """One ballot and what became of it; days count from `FIRST`, and the run's moment is day 30."""

    ticker: str
    season: Season
    decided: int
    finished_after: int
    settled_after: int
    written_after: int
    action: Action
    rise: int
    abstains: bool = False

    @property
    def decided_at(self) -> datetime:
        return FIRST + self.decided * DAY

    @property
    def finished_at(self) -> datetime:
        return self.decided_at + self.finished_after * DAY

    @property
    def settled_at(self) -> datetime:
        return self.finished_at + self.settled_after * DAY

    @property
    def written_at(self) -> datetime:
        return self.settled_at + self.written_after * DAY


facts = st.builds(
    Fact,
    ticker=st.sampled_from(["NVDA", "NVDA", "AAPL", "MSFT"]),
    season=st.sampled_from([LIVE, SECOND, REPLAY]),
    # Near the run's moment, so that each of a ballot's own moments is often on the other side of it.
    decided=st.integers(20, 31),
    finished_after=st.integers(0, 6),
    settled_after=st.integers(1, 8),
    written_after=st.integers(0, 6),
    action=st.sampled_from(Action),
    rise=st.integers(-20, 20),
    abstains=st.sampled_from([False, False, False, True]),
)


@pytest_asyncio.fixture
async def arena(store: Store) -> AsyncIterator[tuple[Store, Iterator[int]]]:
    """A store with three seasons and many members that have decided nothing yet."""
    names = [f"m{number}" for number in range(EXAMPLES * 20)]
    await store.members.seat([(name, MemberKind.LLM, Decimal(1), (), True) for name in names])
    await store.runs.save_evidence(packs.evidence())
    kinds = {LIVE: ("live", "ended"), SECOND: ("live", "open"), REPLAY: ("replay", "open")}
    async with store.database.write() as connection:
        for season, (kind, state) in kinds.items():
            row = {"name": season, "kind": kind, "state": state, "benchmark": "SPY", "created_at": FIRST}
            await connection.execute(insert(seasons).values(row))
    yield store, iter(range(len(names)))


class World:
    """What one member has done, in the tables themselves."""

    def __init__(self, store: Store, number: int) -> None:
        self._store = store
        self.member = f"m{number}"

    async def has(self, found: Sequence[Fact]) -> None:
        rows: dict[Any, list[dict[str, Any]]] = {runs: [], seats: [], outcomes: [], reflections: []}
        for number, fact in enumerate(found):
            self._add(rows, fact, f"{self.member}-{number}")
        async with self._store.database.write() as connection:
            for table, made in rows.items():
                if made:
                    await connection.execute(insert(table), made)

    def _add(self, rows: dict[Any, list[dict[str, Any]]], fact: Fact, run_id: str) -> None:
        one = outcome(
            season=fact.season,
            run_id=run_id,
            member=self.member,
            ticker=fact.ticker,
            action=fact.action,
            decided_at=fact.decided_at,
            settled_at=fact.settled_at,
            return_ratio=Decimal(fact.rise) / 100,
            benchmark_return=Decimal("0.01"),
        )
        left = Abstention(member=self.member, kind=AbstentionKind.TIMEOUT, reason="no answer")
        run = {"run_id": run_id, "key": run_id, "ticker": fact.ticker, "as_of": fact.decided_at}
        run |= {"preset": "quick", "season": fact.season, "state": RunState.FINISHED, "config_hash": "c"}
        run |= {"evidence_sha256": packs.evidence().sha256, "source": "csv", "requested_by": "terminal"}
        run |= {"requested_in": "terminal", "started_at": fact.decided_at, "finished_at": fact.finished_at}
        rows[runs].append(run)
        seat = {"run_id": run_id, "member": self.member, "place": 0, "number": 1, "kind": "llm"}
        seat |= {"weight": Decimal(1), "briefing": packs.briefing(), "cost_usd": Decimal(0)}
        rows[seats].append(seat | {"result": left if fact.abstains else ballot_of(one)})
        if fact.abstains:
            return
        own = {name: getattr(one, name) for name in type(one).model_fields}
        rows[outcomes].append(own | {"correct": one.right})
        shared = ("season", "run_id", "member", "ticker", "decided_at", "settled_at", "action", "confidence")
        written = {name: own[name] for name in (*shared, "return_ratio")} | {"alpha": one.alpha, "tries": 0}
        written |= {"text": f"All of {run_id}.", "lesson": f"Lesson of {run_id}.", "spend": NOTHING_SPENT}
        rows[reflections].append(written | {"cost_usd": Decimal(0), "written_at": fact.written_at})

    async def changes_after(self, *, replay: bool, remove: bool) -> None:
        """Change or remove everything that nobody could know at the run's moment."""
        mine = {table: table.c.member == self.member for table in (outcomes, reflections, seats)}
        wrote = [] if replay else [reflections.c.written_at > AS_OF]
        ended = [] if replay else [runs.c.finished_at > AS_OF]
        late_runs = [runs.c.run_id.like(f"{self.member}-%"), _any(runs.c.as_of >= AS_OF, *ended)]
        async with self._store.database.write() as connection:
            late = list((await connection.execute(runs.select().where(*late_runs))).mappings())
            ids = [row["run_id"] for row in late]
            after = {
                reflections: _any(reflections.c.settled_at > AS_OF, reflections.c.run_id.in_(ids), *wrote),
                outcomes: _any(outcomes.c.settled_at > AS_OF, outcomes.c.run_id.in_(ids)),
                seats: seats.c.run_id.in_(ids),
            }
            if remove:
                for table, which in after.items():
                    await connection.execute(delete(table).where(mine[table], which))
                await connection.execute(delete(runs).where(runs.c.run_id.in_(ids)))
                return
            other = {
                reflections: {"text": LATER, "lesson": LATER, "alpha": Decimal(9)},
                outcomes: {"return_ratio": Decimal(9), "benchmark_return": Decimal(-9)},
                seats: {"result": ballot_of(outcome(member=self.member, confidence=Decimal("0.99")))},
            }
            for table, values in other.items():
                await connection.execute(update(table).where(mine[table], after[table]).values(values))

    async def prompts(self, season: Season, *, on: bool = True) -> list[str]:
        """Everything that the member is asked in a run of NVDA."""
        pack = packs.evidence()
        empty: Briefing = packs.briefing()
        seat = Seat(member=self.member, number=1, kind="llm", weight=Decimal(1), briefing=empty)
        remembering = Remembering(Settings(pipeline=Pipeline(memory=on)), self._store)
        (seated,) = await remembering.seated([seat], season, pack, replay=season == REPLAY)
        view = replace(packs.view(pack), briefing=seated.briefing, memory=seated.briefing.memory)
        return [user_prompt(Step(stage), view) for stage in Stage]


def _any(*conditions: Any) -> Any:
    first, *others = conditions
    for condition in others:
        first = first | condition
    return first


@given(
    found=st.lists(facts, min_size=3, max_size=12),
    season=st.sampled_from([LIVE, SECOND, REPLAY]),
    remove=st.booleans(),
)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_known_later_changes_no_byte_of_any_prompt(
    arena: tuple[Store, Iterator[int]], found: list[Fact], season: Season, remove: bool
) -> None:
    store, numbers = arena
    world = World(store, next(numbers))
    await world.has(found)
    before = await world.prompts(season)
    await world.changes_after(replay=season == REPLAY, remove=remove)
    after = await world.prompts(season)
    assert after == before
    assert LATER not in "".join(after)


@given(found=st.lists(facts, max_size=8), season=st.sampled_from([LIVE, SECOND, REPLAY]))
@settings(max_examples=EXAMPLES // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_switched_off_it_is_as_if_there_were_nothing_to_remember(
    arena: tuple[Store, Iterator[int]], found: list[Fact], season: Season
) -> None:
    store, numbers = arena
    world, stranger = World(store, next(numbers)), World(store, next(numbers))
    nothing = await stranger.prompts(season)
    await world.has(found)
    assert await world.prompts(season, on=False) == nothing
    # Nor does anybody remember what another member did.
    assert await stranger.prompts(season) == nothing


def done(ticker: str = "NVDA", season: Season = LIVE, decided: int = 10, **changes: Any) -> Fact:
    usual: dict[str, Any] = {"finished_after": 0, "settled_after": 7, "written_after": 0}
    return Fact(ticker, season, decided, action=Action.BUY, rise=3, **(usual | changes))


async def remembered(arena: tuple[Store, Iterator[int]], season: Season, *found: Fact) -> str:
    store, numbers = arena
    world = World(store, next(numbers))
    await world.has(found)
    text = (await world.prompts(season))[list(Stage).index(Stage.DECISION)]
    return text.replace(world.member, "m")


async def test_the_last_five_decisions_and_three_lessons_are_remembered_newest_first(
    arena: tuple[Store, Iterator[int]],
) -> None:
    found = [done(decided=day) for day in range(7)] + [done("AAPL", decided=day) for day in range(5)]
    text = await remembered(arena, LIVE, *found)
    told = [f"All of m-{number}." for number in range(7)]
    assert [one for one in told if one in text] == told[2:]
    assert text.index("All of m-6.") < text.index("All of m-2.")
    lessons = [f"Lesson of m-{number}." for number in range(7, 12)]
    assert [one for one in lessons if one in text] == lessons[2:]
    assert text.index(lessons[4]) < text.index(lessons[2])


async def test_a_decision_whose_horizon_is_not_over_is_remembered_without_an_outcome(
    arena: tuple[Store, Iterator[int]],
) -> None:
    text = await remembered(arena, LIVE, done(decided=28))
    assert "BUY, confidence 0.70; not settled yet\n" in text
    assert "Lesson" not in text


async def test_live_seasons_follow_one_another_and_replays_stay_alone(
    arena: tuple[Store, Iterator[int]],
) -> None:
    found = (done(season=LIVE), done(season=SECOND), done(season=REPLAY))
    live, second, alone = [await remembered(arena, season, *found) for season in (LIVE, SECOND, REPLAY)]
    assert live == second
    assert [f"All of m-{number}." in live for number in range(3)] == [True, True, False]
    assert [f"All of m-{number}." in alone for number in range(3)] == [False, False, True]


async def test_a_reflection_written_late_counts_at_once_in_a_replay_and_later_in_a_live_season(
    arena: tuple[Store, Iterator[int]],
) -> None:
    late = {"decided": 20, "written_after": 1_000}
    in_replay = await remembered(arena, REPLAY, done(season=REPLAY, **late))
    assert "You wrote: All of m-0." in in_replay
    live = await remembered(arena, LIVE, done(**late))
    assert "alpha +2.00%" in live
    assert "You wrote" not in live


async def test_abstentions_take_no_decisions_place(arena: tuple[Store, Iterator[int]]) -> None:
    found = [done(decided=1), *(done(decided=day, abstains=True) for day in range(2, 12))]
    assert "All of m-0." in await remembered(arena, LIVE, *found)
