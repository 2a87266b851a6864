"""Members look back at what became of their ballots, and remember it the next time; live and in replays."""

import asyncio
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.documents import chat_document
from core.app.app import App
from core.domain.errors import BudgetSpent
from core.domain.memory import Reflection
from core.domain.season import Season
from core.domain.stage import Preset
from core.pipeline.reflecting import REST
from core.pipeline.spending import spent_today
from core.store.season_tables import reflections
from tests.arena import Opening
from tests.loopback.model_replies import (
    ModelRequest,
    completion,
    fill,
    filled,
    hangs,
    opinion,
    server_error,
    with_cost,
)
from tests.loopback.model_server import ModelServer
from tests.market_days import PRICED, Days, at, evening, market_days
from tests.replay_scene import ONE, replayed, rows

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

OCTOBER = [f"2025-10-{day:02}" for day in (1, 2, 3, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 20, 21, 22, 23, 24)]
BARS = {day: f"{100 + n},{101 + n},{100 + n},{101 + n}" for n, day in enumerate(OCTOBER)}
FLAT = dict.fromkeys(OCTOBER, "400,404,400,404")
HINDSIGHT = {
    "call": "The call was right, with an alpha of +3.95%.",
    "thesis": "Demand held as expected.",
    "lesson": "Let winners run.",
}
TEXT = " ".join(HINDSIGHT.values())


def speaks(days_or_models: Any, action: str = "BUY", **more: Any) -> None:
    """Let claude decide so, and look back as above."""
    rating = {"BUY": "Buy", "SELL": "Sell", "HOLD": "Hold"}[action]
    fields = opinion(0) | {"action": action, "rating": rating} | HINDSIGHT | more
    days_or_models.opine("claude/claude-1", fields)


def text_of(request: ModelRequest) -> str:
    return "\n".join(turn["content"] for turn in request.messages)


def hindsights(server: ModelServer) -> list[str]:
    """What members were asked when they looked back."""
    return [text_of(one) for one in server.requests if "You look back" in text_of(one)]


def decisions(server: ModelServer) -> list[str]:
    return [text_of(one) for one in server.requests if "You cast the ballot" in text_of(one)]


async def settled(days: Days) -> str:
    """A BUY of NVDA on the first of October, settled at five sessions on the eighth."""
    days.market.prices("NVDA", BARS)
    days.market.prices("AAPL", BARS)
    days.market.prices("SPY", FLAT)
    speaks(days._models)
    record = await days.run("NVDA", evening("2025-10-01"))
    await days.keep(evening("2025-10-08"))
    return record.run_id


async def reflection_of(app: App, run_id: str) -> Reflection | None:
    return (await app.model_chat(run_id, "claude")).reflection


async def test_a_member_looks_back_once_when_its_ballot_is_settled_at_five_sessions(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        days.market.prices("NVDA", BARS)
        days.market.prices("SPY", FLAT)
        speaks(days._models)
        record = await days.run("NVDA", evening("2025-10-01"))
        await days.keep(evening("2025-10-07"))
        assert await days.app.reflect() == 0
        await days.keep(evening("2025-10-08"))
        assert await days.app.reflect() == 1
        found = await reflection_of(days.app, record.run_id)
        assert found is not None
        assert (found.text, found.lesson, found.action) == (TEXT, "Let winners run.", "BUY")
        assert found.settled_at == at("2025-10-08", 20)
        assert found.alpha == (Decimal(106) / 101 - 1).quantize(Decimal("1e-12")) - Decimal("0.01")
        assert await days.app.reflect() == 0
        (asked,) = hindsights(days._models)
        assert "decision: BUY (Buy), confidence 0.80" in asked
        assert "return of the instrument, splits and dividends included: +4.95%" in asked


async def test_the_next_decision_remembers_and_nothing_else_does(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        await settled(days)
        await days.app.reflect()
        days.clock.set(evening("2025-10-09"))
        record = await days.run("NVDA", evening("2025-10-09"), preset=Preset.STANDARD)
        memory = record.seats[0].briefing.memory
        assert memory is not None
        assert memory.decisions[0].reflection == TEXT
        chat = await days.app.model_chat(record.run_id, "claude")
        told = {stage.stage.value for stage in chat.stages if "Let winners run." in stage.prompt}
        assert told == {"decision"}
        await days.run("AAPL", evening("2025-10-09"))
        assert "NVDA, BUY (alpha +3.95%): Let winners run." in decisions(days._models)[-1]


async def test_a_run_as_of_the_past_remembers_nothing_of_what_came_later(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        await settled(days)
        await days.app.reflect()
        record = await days.run("NVDA", evening("2025-10-09"), as_of=at("2025-10-07", 21))
        memory = record.seats[0].briefing.memory
        assert memory is not None
        assert memory.decisions[0].return_ratio is None
        assert "Let winners run." not in decisions(days._models)[-1]


async def test_switched_off_nobody_looks_back_or_remembers(tmp_path: Path) -> None:
    async with market_days(tmp_path, pipeline={"memory": False}) as days:
        await settled(days)
        assert await days.app.reflect() == 0
        record = await days.run("NVDA", evening("2025-10-09"))
        assert record.seats[0].briefing.memory is None
        assert hindsights(days._models) == []
        assert all("[[memory" not in asked for asked in decisions(days._models))


async def test_a_model_that_fails_is_asked_again_hours_later_and_three_times_at_most(
    tmp_path: Path,
) -> None:
    async with market_days(tmp_path, pipeline={"max_retries": 0}) as days:
        run_id = await settled(days)
        days._models.always("claude/claude-1", server_error())
        for asked in (1, 2, 3, 3, 3):
            for _ in range(3):  # rounds that follow one another, as in an outage
                assert await days.app.reflect() == 0
            assert len(hindsights(days._models)) == asked
            days.clock.set(days.clock.now() + REST)
        speaks(days._models)
        assert await days.app.reflect() == 0
        assert await reflection_of(days.app, run_id) is None


async def test_a_model_that_comes_back_in_time_has_its_say(tmp_path: Path) -> None:
    async with market_days(tmp_path, pipeline={"max_retries": 0}) as days:
        run_id = await settled(days)
        days._models.always("claude/claude-1", server_error())
        assert await days.app.reflect() == 0
        speaks(days._models)
        days.clock.set(days.clock.now() + REST)
        assert await days.app.reflect() == 1
        assert await reflection_of(days.app, run_id) is not None


async def test_two_processes_ask_once(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        await settled(days)
        first, second = days.app, await days.start()
        assert sum(await asyncio.gather(*(app.reflect() for app in (first, second, first)))) == 1
        assert len(hindsights(days._models)) == 1


async def test_rules_write_nothing(tmp_path: Path) -> None:
    async with market_days(tmp_path, members=[{"name": "buy_and_hold", "kind": "baseline"}]) as days:
        await settled(days)
        assert await days.rows("outcomes")
        assert await days.app.reflect() == 0
        assert days._models.requests == []


async def test_what_it_cost_is_counted_in_the_season_and_in_the_day(tmp_path: Path) -> None:
    async with market_days(tmp_path, budget={"daily_usd": "5"}, **PRICED) as days:
        run_id = await settled(days)
        before = (await days.store.runs.token_costs(Season.LIVE))["claude"]
        await days.app.reflect()
        found = await reflection_of(days.app, run_id)
        assert found is not None
        cost = found.spend.cost_usd
        assert cost > 0
        assert (await days.store.runs.token_costs(Season.LIVE))["claude"] == before + cost
        spent = await spent_today(days.app.settings, days.store, days.clock)
        assert spent["day:2025-10-08"] == cost
        (standing,) = (await days.app.leaderboard()).standings
        assert standing.token_cost_usd == before + cost


async def test_without_budget_nobody_is_asked_until_there_is_some_again(tmp_path: Path) -> None:
    async with market_days(tmp_path, **PRICED) as days:
        await settled(days)
        poor = await days.start(budget={"daily_usd": "0.000001"})
        for _ in range(5):
            assert await poor.reflect() == 0
        assert hindsights(days._models) == []
        rich = await days.start(budget={"daily_usd": "5"})
        assert await rich.reflect() == 0
        days.clock.set(at("2025-10-08", 23, 30))
        assert await rich.reflect() == 1


async def test_what_a_failed_one_cost_counts_in_the_day_and_for_its_key(tmp_path: Path) -> None:
    async with market_days(tmp_path, **PRICED) as days:
        await settled(days)
        keys = [{"name": "main", "secret": "env:KEY", "daily_usd": "5"}]
        provider = {"name": "loopback", "base_url": days._models.base_url, "keys": keys}
        app = await days.start(providers=[provider], environ={"KEY": "k"})
        days._models.always("claude/claude-1", with_cost(0.02, json.dumps({"no": "lesson"})))
        assert await app.reflect() == 0
        spent = await spent_today(app.settings, app._store, days.clock)
        assert spent["key:loopback:main:2025-10-08"] == spent["day:2025-10-08"] > 0


async def test_another_familys_lesson_is_not_this_members(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        run_id = await settled(days)
        days._models.always(
            "claude/claude-1",
            lambda asked: completion(asked, json.dumps(HINDSIGHT), model="gpt/gpt-5"),
        )
        assert await days.app.reflect() == 0
        assert await reflection_of(days.app, run_id) is None


async def test_the_export_and_the_json_of_why_have_the_reflection(tmp_path: Path) -> None:
    async with market_days(tmp_path) as days:
        run_id = await settled(days)
        chat = await days.app.model_chat(run_id, "claude")
        assert chat_document(chat)["reflection"] is None
        await days.app.reflect()
        chat = await days.app.model_chat(run_id, "claude")
        assert chat_document(chat)["reflection"]["text"] == TEXT
        files = await days.app.run_files(run_id)
        assert "looking back\n\n- Settled: `2025-10-08T20:00:00+00:00`" in files.markdown.decode()
        assert TEXT in files.markdown.decode()
        assert "Let winners run." in files.json_.decode()


WEEKS: dict[str, Any] = {
    "first": date(2012, 6, 4),
    "last": date(2012, 6, 15),
    "tickers": ("AAPL", "MSFT"),
}
SAMPLE: dict[str, Any] = {**ONE, "arena": {**ONE["arena"], "benchmark": "IBM"}}


def learns(models: ModelServer) -> None:
    """Answers that depend on what was asked, so that a changed prompt changes the answer."""

    def behave(request: ModelRequest) -> Any:
        asked = text_of(request)
        fields = opinion(sum(asked.encode()) % 5) | {"lesson": f"Lesson {sum(asked.encode()) % 97}."}
        return completion(request, json.dumps(fill(request.schema or {}, fields, "claude")))

    models.always("claude/claude-1", behave)


async def test_a_replay_learns_from_its_own_past_and_gives_the_same_when_made_again_for_free(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, **SAMPLE)
    learns(models)
    await replayed(app, season=Season("one"), **WEEKS)
    written = await rows(app, reflections, Season("one"))
    assert len(written) == 2 * 5
    assert {row["settled_at"].date() for row in written} == {date(2012, 6, day) for day in range(11, 16)}
    remembered = [asked for asked in decisions(models) if "[[memory" in asked]
    assert any("You wrote: " in asked and ": Lesson " in asked for asked in remembered)
    asked = len(models.requests)
    await replayed(app, season=Season("two"), **WEEKS)
    assert len(models.requests) == asked
    again = await rows(app, reflections, Season("two"))
    assert [row["text"] for row in again] == [row["text"] for row in written]
    assert sum(row["cost_usd"] for row in again) == 0


async def test_nothing_in_a_prompt_of_a_replay_is_from_after_its_moment(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    """A longer replay of the same days asks, up to the shorter one's end, exactly the same."""
    app = await opening(models.base_url, tmp_path, **SAMPLE)
    learns(models)
    await replayed(app, season=Season("long"), **WEEKS)
    long = {text_of(one) for one in models.requests}
    models.requests.clear()
    (tmp_path / "other").mkdir()
    other = await opening(models.base_url, tmp_path / "other", **SAMPLE)
    await replayed(other, season=Season("short"), **(WEEKS | {"last": date(2012, 6, 13)}))
    assert {text_of(one) for one in models.requests} < long


async def test_a_replay_without_money_for_a_reflection_waits_for_more(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    priced = {**SAMPLE, "members": PRICED["members"]}
    app = await opening(models.base_url, tmp_path, **priced)
    models.always("claude/claude-1", filled(opinion(0)))
    five = WEEKS | {"last": date(2012, 6, 8), "tickers": ("AAPL",)}
    await replayed(app, season=Season("priced"), **five)
    assert await rows(app, reflections, Season("priced")) == []
    paid = sum((await app._store.runs.token_costs(Season("priced"))).values())
    whole = WEEKS | {"tickers": ("AAPL",)}
    # The same questions are free; the first that is new is that of Monday's reflection.
    with pytest.raises(BudgetSpent, match="of this replay is used up"):
        await replayed(app, season=Season("poor"), budget_usd=Decimal("0.000001"), **whole)
    assert [row["tries"] for row in await rows(app, reflections, Season("poor"))] == [0]
    await replayed(app, season=Season("poor"), budget_usd=paid * 10, **whole)
    assert len([row for row in await rows(app, reflections, Season("poor")) if row["text"]]) == 5


async def test_what_an_answer_of_no_use_cost_is_counted_though_its_repair_came_too_late(
    tmp_path: Path,
) -> None:
    async with market_days(tmp_path, pipeline={"stage_timeout_s": 1}, **PRICED) as days:
        await settled(days)
        days._models.always("claude/claude-1", hangs())
        days._models.say_next("claude/claude-1", with_cost(0.02, "I would rather not say."))
        before = await spent_today(days.app.settings, days.store, days.clock)
        assert await days.app.reflect() == 0
        spent = await spent_today(days.app.settings, days.store, days.clock)
        assert sum(spent.values()) - sum(before.values()) >= Decimal("0.02")
