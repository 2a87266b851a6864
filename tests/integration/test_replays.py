"""A stretch of the past is replayed with the code of the present: honest, resumable, paid for once."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.app.app import App
from core.domain.books import OrderState
from core.domain.errors import BudgetSpent, Refused
from core.domain.evidence import Evidence
from core.domain.replay import Every, ReplayProgress
from core.domain.season import Season
from core.domain.stage import Preset
from core.pipeline import baselines
from core.pipeline.baselines.rule import Ruling
from core.store.season_tables import answers, daily_values, outcomes, seasons, sessions
from core.store.tables import fills, orders, runs
from tests import arena
from tests.loopback.model_replies import ModelRequest, filled, held, opinion, server_error, with_cost
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

Opening = Callable[..., Awaitable[App]]
FIRST, LAST = date(2012, 6, 4), date(2012, 6, 8)
RULES = {
    "members": [{"name": name, "kind": "baseline"} for name in ("buy_and_hold", "coin_flip")],
    "arena": {"committee": False, "crowd": False, "benchmark": "IBM"},
}
ONE: dict[str, Any] = {
    "members": [{"name": "claude", "route": ["loopback:claude/claude-1"]}],
    "consensus": {"min_members": 1},
    "arena": {"committee": False, "crowd": False},
}


async def replayed(app: App, **asked: Any) -> list[ReplayProgress]:
    wanted = {"first": FIRST, "last": LAST, "tickers": ("AAPL", "MSFT"), **asked}
    async with aclosing(app.replay(**wanted)) as steps:
        return [progress async for progress in steps]


async def rows(app: App, table: Any, season: Season) -> list[dict[str, Any]]:
    query = select(table).where(table.c.season == season)
    async with app._store.database.read() as connection:
        return [dict(row) for row in (await connection.execute(query)).mappings()]


def without_ids(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what is random or of the wall clock, in an order of their own."""
    random = {"number", "id", "order_id", "run_id", "season"}
    kept = [{name: value for name, value in row.items() if name not in random} for row in found]
    return sorted(kept, key=lambda row: sorted((name, str(value)) for name, value in row.items()))


async def answers_kept(app: App) -> int:
    async with app._store.database.read() as connection:
        return (await connection.execute(select(func.count()).select_from(answers))).scalar() or 0


async def test_each_session_asks_about_each_ticker_and_fills_at_the_next_open(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    told = await replayed(app, season=Season("june"))
    assert [progress.sessions_done for progress in told] == [1, 2, 3, 4, 5]
    assert told[-1].runs_done == told[-1].runs == 10
    season = Season("june")
    assert {row["as_of"] for row in await rows(app, runs, season)} == {
        datetime(2012, 6, day, 20, tzinfo=UTC) for day in range(4, 9)
    }
    for fill in await rows(app, fills, season):
        (order,) = [row for row in await rows(app, orders, season) if row["id"] == fill["order_id"]]
        assert fill["session"] > order["decided_session"]
    passed = [row["session"] for row in await rows(app, sessions, season)]
    assert passed == [date(2012, 6, day) for day in range(4, 9)]


async def test_every_member_has_a_value_for_every_session_from_its_starting_capital_on(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    await replayed(app, season=Season("june"))
    values = await rows(app, daily_values, Season("june"))
    assert len(values) == 2 * 5
    first = [row["value_usd"] for row in values if row["session"] == FIRST]
    assert first == [Decimal(10_000), Decimal(10_000)]
    for row in values:
        assert row["value_usd"] == row["cash_usd"] + row["long_usd"] - row["short_usd"]
    board = await app.leaderboard(Season("june"))
    last = {row["member"]: row["value_usd"] for row in values if row["session"] == LAST}
    assert {standing.member: standing.value_usd for standing in board.standings} == last


async def test_ballots_are_settled_once_their_horizon_has_passed_and_never_before(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    await replayed(app, season=Season("june"))
    settled = await rows(app, outcomes, Season("june"))
    assert {row["horizon"] for row in settled} == {1}
    assert {row["exit_session"] for row in settled} == {date(2012, 6, day) for day in range(5, 9)}
    assert all(row["settled_at"] > row["decided_at"] for row in settled)


async def test_live_and_sample_books_are_untouched_and_why_shows_live_runs_only(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    live = await arena.finished(app, arena.request(preset=Preset.QUICK))
    before = await app.leaderboard()
    await replayed(app)
    assert await app.leaderboard() == before
    assert (await app.record("AAPL")).run_id == live.run_id
    assert await app.resume_interrupted() == ()


async def test_orders_that_the_end_left_waiting_are_cancelled_with_that_reason(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    await replayed(app, season=Season("june"))
    found = await rows(app, orders, Season("june"))
    assert OrderState.PENDING not in {row["state"] for row in found}
    late = [row for row in found if row["decided_session"] == LAST and row["shares"]]
    assert late
    assert {row["reason"] for row in late} == {"the replay ended before the next open"}


def decided_by_day(request: ModelRequest) -> dict[str, Any]:
    """On Monday buy NVDA and nothing else; after that sell it, and buy AMD."""
    text = request.body["messages"][-1]["content"]
    of_nvda, monday = "instrument: NVDA" in text, "as of: 2025-10-27" in text
    if of_nvda is monday:
        return opinion(0) | {"target_weight": 0.6}
    return opinion(1 if monday else 3) | {"target_weight": None}


async def test_an_order_that_a_ballot_without_a_wish_replaced_takes_no_room_from_later_ones(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    week = [f"2025-10-{day},100,100,100,100,1000000" for day in range(27, 32)]
    for ticker, traded in (("NVDA", [week[0], week[4]]), ("AMD", week)):
        (tmp_path / f"{ticker}.csv").write_text(
            "\n".join(["date,open,high,low,close,volume", *traded]) + "\n"
        )
    models.always("claude/claude-1", filled(decided_by_day))
    market = {"prices": ["csv"], "csv": {"dir": str(tmp_path)}, "max_age_sessions": 30}
    free = {"max_position": "0.6", "fee_bps": "0", "slippage_bps": "0"}
    app = await opening(models.base_url, tmp_path, **ONE, market=market, trading=free)
    asked = {"first": date(2025, 10, 27), "last": date(2025, 10, 29), "tickers": ("NVDA", "AMD")}
    await replayed(app, season=Season("halted"), **asked)
    found = await rows(app, orders, Season("halted"))
    (halted,) = [row for row in found if (row["ticker"], row["side"]) == ("NVDA", "buy")]
    assert halted["reason"].startswith("replaced by the newer ballot")
    (fill,) = await rows(app, fills, Season("halted"))
    assert (fill["ticker"], fill["shares"]) == ("AMD", 60)


async def test_weekly_replays_ask_on_the_last_session_of_each_week(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    asked = {"first": date(2012, 6, 25), "last": date(2012, 7, 6), "every": Every.WEEK}
    await replayed(app, season=Season("weekly"), **asked)
    days = {row["as_of"].date() for row in await rows(app, runs, Season("weekly"))}
    assert days == {date(2012, 6, 29), date(2012, 7, 6)}


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


async def test_a_rule_that_fails_abstains_and_the_replay_goes_on(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(evidence: Evidence, holds: bool) -> Ruling:
        raise ZeroDivisionError("a defect")

    monkeypatch.setitem(baselines.RULES, "coin_flip", failing)
    app = await opening(models.base_url, tmp_path, **RULES)
    assert (await replayed(app, season=Season("june")))[-1].runs_done == 10
    for run_id, *_ in await app._store.seasons.runs_of(Season("june")):
        record = await app.run_record(run_id)
        assert [ballot.member for ballot in record.ballots] == ["buy_and_hold"]
        (abstention,) = record.abstentions
        assert abstention.reason.startswith("an internal error; the log has it under")


async def test_no_question_shows_anything_from_after_its_session(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, arena={"committee": False, "crowd": False})
    await replayed(app)
    seen: set[str] = set()
    for request in models.requests:
        text = request.body["messages"][-1]["content"]
        moment = text.partition("as of: ")[2][:10]
        seen.add(moment)
        for day in range(1, 30):
            later = f"2012-06-{day:02}"
            assert later <= moment or later not in text
    assert len(seen) == 5


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


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"first": LAST, "last": FIRST}, "lies before the first"),
        ({"tickers": ()}, "Name the tickers"),
        ({"first": date(2012, 6, 9), "last": date(2012, 6, 10)}, "was closed from"),
        ({"last": date(2090, 1, 2)}, "has not closed yet"),
        ({"season": Season.LIVE}, "live is not for replays"),
        ({"season": Season.SAMPLE}, "sample is not for replays"),
    ],
)
async def test_what_cannot_be_replayed_is_refused_in_one_sentence(
    models: ModelServer, tmp_path: Path, opening: Opening, asked: dict[str, Any], sentence: str
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    with pytest.raises(Refused, match=sentence):
        await replayed(app, **asked)


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
