"""A replay can be resumed and made again: worked on by one process at a time, and paid for once."""

import asyncio
import itertools
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.app.app import App
from core.domain.errors import BudgetSpent, Refused
from core.domain.season import Season
from core.store.season_tables import answers, daily_values, outcomes, seasons, sessions
from core.store.tables import fills, orders, runs
from tests.arena import Opening
from tests.loopback.model_replies import filled, held, opinion, server_error, with_cost
from tests.loopback.model_server import ModelServer
from tests.replay_scene import FIRST, LAST, ONE, RULES, replayed, rows

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]


def without_ids(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what is random or of the wall clock, in an order of their own."""
    random = {"number", "id", "order_id", "run_id", "season"}
    kept = [{name: value for name, value in row.items() if name not in random} for row in found]
    return sorted(kept, key=lambda row: sorted((name, str(value)) for name, value in row.items()))


async def answers_kept(app: App) -> int:
    async with app._store.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(answers))).scalar() or 0


async def test_the_same_plan_gives_the_same_books_whatever_interrupted_it(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    whole = await opening(models.base_url, tmp_path, url=url, **RULES)
    await replayed(whole, season=Season("whole"))
    for steps in (1, 3):
        app = await opening(models.base_url, tmp_path, url=url, **RULES)
        stream = app.replay(FIRST, LAST, ("AAPL", "MSFT"), season=Season("broken"))
        for _ in range(steps):
            await anext(stream)
        await stream.aclose()
        await app.close()
    rest = await opening(models.base_url, tmp_path, url=url, **RULES)
    await replayed(rest, season=Season("broken"))
    for table in (orders, fills, daily_values, sessions, outcomes):
        broken = without_ids(await rows(rest, table, Season("broken")))
        assert broken == without_ids(await rows(rest, table, Season("whole"))), table.name


async def test_a_replay_killed_in_mid_run_pays_for_no_finished_stage_again(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    five = {"arena": {"committee": False, "crowd": False}}
    models.latency_s = 0.02
    first = await opening(models.base_url, tmp_path, url=url, **five)
    task = asyncio.create_task(replayed(first, season=Season("paid")))
    await models.until_asked(17)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await first.close()
    models.latency_s = 0.0
    second = await opening(models.base_url, tmp_path, url=url, **five)
    kept, asked = await answers_kept(second), len(models.requests)
    assert kept > 0
    await replayed(second, season=Season("paid"))
    # Five models, two tickers, five sessions, one question each.
    assert len(models.requests) - asked == 50 - kept


async def test_a_replay_that_is_made_again_asks_nothing_and_gives_the_same(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, arena={"committee": False, "crowd": False})
    await replayed(app, season=Season("once"))
    asked = len(models.requests)
    last = (await replayed(app, season=Season("twice")))[-1]
    assert len(models.requests) == asked
    assert last.cost_usd == 0
    for table in (orders, fills, daily_values):
        again = without_ids(await rows(app, table, Season("twice")))
        assert again == without_ids(await rows(app, table, Season("once"))), table.name


async def ballots(app: App, season: Season) -> list[tuple[str, str, Decimal]]:
    found = [await app.run_record(run_id) for run_id, *_ in await app._store.seasons.runs_of(season)]
    return [(each.member, each.action, each.confidence) for record in found for each in record.ballots]


async def test_twins_on_one_route_keep_the_answers_that_each_of_them_got(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    numbers = itertools.count()
    models.always("claude/claude-1", filled(lambda request: opinion(next(numbers))))
    twins = [{"name": name, "route": ["loopback:claude/claude-1"]} for name in ("castor", "pollux")]
    app = await opening(models.base_url, tmp_path, **ONE | {"members": twins})
    asked = {"last": FIRST, "tickers": ("AAPL",)}
    await replayed(app, season=Season("once"), **asked)
    await replayed(app, season=Season("twice"), **asked)
    once = await ballots(app, Season("once"))
    assert len({confidence for *_, confidence in once}) == len(once) == 2
    assert await ballots(app, Season("twice")) == once


async def test_a_strict_arena_does_not_use_an_answer_that_another_family_gave_a_lenient_one(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always("claude/claude-1", server_error())
    member = {"name": "claude", "route": ["loopback:claude/claude-1", "loopback:gpt5/gpt5-1"]}
    for season, strict in ((Season("lenient"), False), (Season("strict"), True)):
        arena_of = ONE["arena"] | {"strict": strict}
        app = await opening(models.base_url, tmp_path, **ONE | {"members": [member], "arena": arena_of})
        await replayed(app, season=season, last=FIRST, tickers=("AAPL",))
        assert len(await ballots(app, season)) == (0 if strict else 1)


async def test_money_that_is_used_up_stops_the_replay_and_more_lets_it_go_on(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always("claude/claude-1", with_cost(0.01))
    app = await opening(models.base_url, tmp_path, **ONE)
    with pytest.raises(BudgetSpent, match=r"^The budget of \$0\.05 of this replay is used up\.$"):
        await replayed(app, season=Season("poor"), budget_usd=Decimal("0.05"))
    spent = sum((await app._store.runs.token_costs(Season("poor"))).values())
    assert spent <= Decimal("0.05")
    abstained = [
        each.reason
        for run_id, *_ in await app._store.seasons.runs_of(Season("poor"))
        for each in (await app.run_record(run_id)).abstentions
    ]
    assert abstained == []
    last = (await replayed(app, season=Season("poor"), budget_usd=Decimal(5)))[-1]
    assert last.runs_done == 10
    assert last.cost_usd <= Decimal("0.12")


async def test_a_season_holds_one_plan_and_one_process_works_on_it(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    stream = app.replay(FIRST, LAST, ("AAPL",), season=Season("mine"))
    await anext(stream)
    other = await opening(models.base_url, tmp_path, **RULES)
    with pytest.raises(Refused, match="Another process is working on the replay mine; if that was killed"):
        await replayed(other, season=Season("mine"), tickers=("AAPL",))
    await stream.aclose()
    with pytest.raises(Refused, match="holds something else"):
        await replayed(other, season=Season("mine"), tickers=("MSFT",))


async def run_out(app: App, season: Season) -> None:
    """Let the lease of a replay end, as that of a process does which is stopped for a while."""
    over = update(seasons).where(seasons.c.name == season)
    async with app._store.database.write() as connection:
        await connection.execute(over.values(lease_until=datetime(2012, 1, 1, tzinfo=UTC)))


async def books(app: App, season: Season) -> list[list[dict[str, Any]]]:
    return [await rows(app, table, season) for table in (runs, orders, fills)]


@pytest.mark.parametrize("sessions_of_other", [3, 5])
async def test_a_process_that_lost_its_replay_to_another_begins_no_more_runs(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening, sessions_of_other: int
) -> None:
    season = Season("taken")
    slept = await opening(models.base_url, tmp_path, url=url, **RULES)
    other = await opening(models.base_url, tmp_path, url=url, **RULES)
    lost = slept.replay(FIRST, LAST, ("AAPL", "MSFT"), season=season)
    await anext(lost)
    await run_out(other, season)
    async with aclosing(other.replay(FIRST, LAST, ("AAPL", "MSFT"), season=season)) as taken:
        for _ in range(sessions_of_other):
            await anext(taken)
        before = await books(other, season)
        with pytest.raises(Refused, match="has taken over the replay taken"):
            await anext(lost)
        assert await books(other, season) == before


async def test_a_run_that_another_process_has_finished_meanwhile_gets_no_second_orders(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    season, gate = Season("taken"), asyncio.Event()
    models.say_next("claude/claude-1", held(filled(opinion(0)), gate))
    models.always("claude/claude-1", filled(opinion(0)))
    slept = await opening(models.base_url, tmp_path, url=url, **ONE)
    other = await opening(models.base_url, tmp_path, url=url, **ONE)
    lost = asyncio.create_task(replayed(slept, season=season, tickers=("AAPL",)))
    await models.until_asked(1)
    await run_out(other, season)
    await replayed(other, season=season, tickers=("AAPL",))
    before = await books(other, season)
    gate.set()
    with pytest.raises(Refused, match="has taken over"):
        await lost
    assert await books(other, season) == before


async def test_a_lease_that_another_has_had_since_is_not_renewed(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, url=url, **RULES)
    kept, season, day = app._store.seasons, Season("taken"), datetime(2012, 6, 4, tzinfo=UTC)
    assert await kept.claim(season, {}, "SPY", "first", day, day)
    assert await kept.renew(season, "first", day)
    assert await kept.claim(season, {}, "SPY", "second", day, day)
    await kept.release(season, "second", ended=True)
    assert not await kept.renew(season, "first", day)


async def test_a_run_of_a_replay_cannot_be_resumed_alone(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    await replayed(app, season=Season("june"))
    run_id, *_ = (await app._store.seasons.runs_of(Season("june")))[0]
    with pytest.raises(Refused, match="part of the replay june"):
        _ = [event async for event in app.resume(run_id)]
