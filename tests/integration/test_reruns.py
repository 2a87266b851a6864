"""The evidence of an old run before members again: what is compared, and that nothing else moves."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot import program
from bot.program import Output
from core.app.app import App
from core.domain.ballot import Action
from core.domain.errors import NoPrices, NotFound, Refused, Unknown
from core.domain.events import RunStarted, StageFinished
from core.domain.rerun import RerunPlan
from core.domain.run import RunRecord, RunState
from core.domain.season import Season
from core.domain.stage import Preset
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import filled, hangs, with_cost
from tests.loopback.model_server import ModelServer
from tests.market_days import BOOKS, evening, market_days, rows
from tests.program import conclave

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

QUICK = {"preset": Preset.QUICK}


async def asked_again(app: App, plan: RerunPlan) -> RunRecord:
    return arena.ended([event async for event in app.rerun(plan)])


async def prompts_of(app: App, record: RunRecord, member: str) -> list[str]:
    return [stage.prompt for stage in (await app.model_chat(record.run_id, member)).stages]


def turned(models: ModelServer, name: str) -> None:
    """From now on this member sells."""
    sells = {"action": "SELL", "rating": "Sell", "recommendation": "Sell", "target_weight": None}
    models.opine(f"{name}/{name}-1", arena.opinion(name, **sells))


async def test_the_same_evidence_is_put_before_members_again_and_both_runs_are_compared(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app = await opening(models.base_url, tmp_path, url=url)
    original = await arena.finished(app, arena.request(members=("claude", "gpt5", "gemini")))
    turned(models, "gpt5")
    plan = await app.rerun_plan("AAPL", members=("gpt5", "claude", "qwen"))
    again = await asked_again(app, plan)
    assert again.evidence_sha256 == original.evidence_sha256
    assert (again.rerun_of, again.season) == (original.run_id, f"rerun-{again.run_id}")
    assert [seat.member for seat in again.seats] == ["claude", "gpt5", "qwen"]
    found = await app.rerun_of(again)
    assert [one.member for one in found.flipped] == ["gpt5"]
    assert [one.member for one in found.asked_twice] == ["claude", "gpt5"]
    assert [one.member for one in found.members] == ["claude", "gpt5", "gemini", "qwen"]
    assert found.roles_changed is False
    assert original.verdict is not None
    assert again.verdict is not None
    assert (original.verdict.decision, again.verdict.decision) == (Action.BUY, Action.SELL)
    # Who sat in the original is asked the same, byte for byte, until answers differ.
    assert await prompts_of(app, original, "claude") == await prompts_of(app, again, "claude")
    assert (await app.rebuilt(again.run_id)).clean


async def test_it_moves_no_books_and_stands_beside_the_runs_of_the_arena(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    app = await opening(models.base_url, tmp_path, url=url)
    original = await arena.finished(app, arena.request(**QUICK))
    kept = {table: await rows(app._store, table, Season.SAMPLE) for table in BOOKS}
    board = await app.leaderboard()
    known = await app.seasons()

    again = await asked_again(app, await app.rerun_plan(original.run_id))

    assert len(again.ballots) == 5
    assert (again.orders, again.fills) == ((), ())
    assert {table: await rows(app._store, table, Season.SAMPLE) for table in BOOKS} == kept
    assert [await rows(app._store, table, again.season) for table in BOOKS] == [[] for _ in BOOKS]
    assert (await app.leaderboard(), await app.seasons()) == (board, known)
    assert await app.audit() == ()
    assert await app.running_check() == ()
    with pytest.raises(NotFound):
        await app.leaderboard(again.season)
    # It is opened by its id; a ticker, the history and the like mean the arena's own runs.
    assert (await app.record(again.run_id)).rerun_of == original.run_id
    assert (await app.record("AAPL")).run_id == original.run_id
    assert (await app.past_runs(None, 1)).total == 1


async def test_no_vendor_is_asked_and_what_members_are_told_stays_as_it_was(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [{"name": name, "route": [f"loopback:{name}/{name}-1"]} for name in ("claude", "gpt5")]
    async with market_days(tmp_path, url=url, members=both) as days:
        for ticker in ("NVDA", "SPY"):
            days.market.flat(ticker, "100", ["2025-10-23", "2025-10-24", "2025-10-27", "2025-10-28"])
        days.say("HOLD", member="gpt5")
        await days.buy("NVDA", evening("2025-10-27"))
        await days.keep(evening("2025-10-28"))
        original = await days.run("NVDA", evening("2025-10-28"), members=("claude",))
        assert original.voters[0].briefing.portfolio.positions
        assert original.voters[0].briefing.memory is not None
        app = await days.start(trading={"max_position": "0.5"}, pipeline={"evidence_tokens": {"bars": 20}})

        async def refuses(*_: Any, **__: Any) -> Any:
            raise NoPrices("a vendor was asked")

        for name in ("bars", "bar_after", "actions"):
            monkeypatch.setattr(app._prices, name, refuses)
        monkeypatch.setattr(app._gatherer, "gather", refuses)
        again = await asked_again(app, await app.rerun_plan(original.run_id, members=("claude", "gpt5")))
        assert again.state is RunState.FINISHED
        assert again.voters[0].briefing == original.voters[0].briefing
        newcomer = again.voters[1].briefing
        assert (newcomer.portfolio.positions, newcomer.memory) == ((), None)
        assert newcomer.portfolio.cash_usd == newcomer.equity_usd == app.settings.arena.initial_cash
        assert await prompts_of(app, original, "claude") == await prompts_of(app, again, "claude")
        assert (await app.audit(), await app.reflect()) == ((), 0)


async def test_learned_weights_are_those_that_the_season_of_the_original_has_taught(
    models: ModelServer, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learns = {"consensus": {"weights": "learned"}}
    first = await opening(models.base_url, tmp_path, **learns)
    await arena.finished(first, arena.request(**QUICK))
    app = await opening(models.base_url, tmp_path, **learns)
    of_season, seasons = app._store.outcomes.of_season, []

    async def noted(season: Season, *rest: Any) -> Any:
        seasons.append(season)
        return await of_season(season, *rest)

    monkeypatch.setattr(app._store.outcomes, "of_season", noted)
    again = await asked_again(app, await app.rerun_plan("AAPL"))
    third = await asked_again(app, await app.rerun_plan(again.run_id))
    assert third.verdict is not None
    assert set(seasons) == {Season.SAMPLE}


async def test_another_preset_asks_other_stages(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path)
    original = await arena.finished(app, arena.request(members=("claude",), **QUICK))
    again = await asked_again(app, await app.rerun_plan("AAPL", preset=Preset.STANDARD))
    assert len(await prompts_of(app, again, "claude")) == 12
    assert [seat.member for seat in again.seats] == ["claude"]
    # What was asked again can be asked again, too.
    third = await asked_again(app, await app.rerun_plan(again.run_id))
    assert (third.rerun_of, third.evidence_sha256) == (again.run_id, original.evidence_sha256)


async def test_an_interrupted_one_is_taken_up_and_pays_for_no_finished_stage_twice(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str
) -> None:
    first = await opening(models.base_url, tmp_path, url=url)
    original = await arena.finished(first, arena.request(members=("claude", "qwen"), **QUICK))
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    before = len(models.requests)
    plan = await first.rerun_plan(original.run_id, preset=Preset.STANDARD)
    run_id, done = "", 0
    async for event in first.rerun(plan):
        if isinstance(event, RunStarted):
            run_id = event.record.run_id
        done += isinstance(event, StageFinished)
        if done == 12 + 7:
            break
    await first.close()
    models_asked = len(models.requests) - before
    second = await opening(
        models.base_url, tmp_path, url=url, trading={"max_position": "0.5"}, pipeline={"debate_rounds": 3}
    )
    assert await second.resume_interrupted() == (run_id,)
    record = arena.ended([event async for event in second.watch(run_id)])
    assert (record.state, len(record.ballots), record.orders) == (RunState.FINISHED, 2, ())
    assert len(models.requests) - before - models_asked == 5
    # The stages after the interruption were told by the run's own terms, and not by today's.
    assert (await second.rebuilt(run_id)).clean
    assert [one.member for one in (await second.rerun_of(record)).asked_twice] == ["claude", "qwen"]


async def test_a_deep_run_that_is_taken_up_keeps_the_rounds_that_it_began_with(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    first = await opening(models.base_url, tmp_path)
    run_id, done = "", 0
    async for event in first.run(arena.request(members=("qwen",), preset=Preset.DEEP)):
        run_id = event.record.run_id if isinstance(event, RunStarted) else run_id
        done += isinstance(event, StageFinished)
        if done == 7:
            break
    await first.close()
    second = await opening(models.base_url, tmp_path, pipeline={"debate_rounds": 4}, trading={"fee_bps": 9})
    record = arena.ended([event async for event in second.resume(run_id)])
    assert len(await prompts_of(second, record, "qwen")) == 17
    assert (await second.rebuilt(run_id)).clean


async def test_what_it_costs_counts_against_budgets_as_any_run_does(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    models.always("claude/claude-1", with_cost(0.02))
    keys = [{"name": "main", "secret": "env:KEY"}]
    sections: dict[str, Any] = {
        "budget": {"daily_usd": 1},
        "providers": [{"name": "loopback", "base_url": models.base_url, "keys": keys}],
        "members": [
            {
                "name": "claude",
                "route": ["loopback:claude/claude-1"],
                "price_in_usd_per_mtok": 1,
                "price_out_usd_per_mtok": 2,
            }
        ],
    }
    app = await opening(models.base_url, tmp_path, environ={"KEY": "k"}, **sections)
    await arena.finished(app, arena.request(**QUICK))
    plan = await app.rerun_plan("AAPL")
    assert plan.usd is not None
    assert plan.usd > 0
    again = await asked_again(app, plan)
    assert again.cost_usd > 0
    day = f"day:{app._gateway.today().isoformat()}"
    assert await app._gateway.budget.spent(day) == 2 * again.cost_usd


async def test_who_takes_no_part_any_more_is_left_out_and_named(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path)
    original = await arena.finished(app, arena.request(members=("claude", "gpt5"), **QUICK))
    await app.membership.remove(await app.member("gpt5"), "telegram:1")
    plan = await app.rerun_plan("AAPL")
    assert (plan.request.members, plan.left_out) == (("claude",), ("gpt5",))
    with pytest.raises(Refused, match="gpt5 is not enabled"):
        await app.rerun_plan("AAPL", members=("gpt5",))
    await app.membership.remove(await app.member("claude"), "telegram:1")
    with pytest.raises(Refused, match=f"Nobody who sat in run {original.run_id} takes part any more"):
        await app.rerun_plan("AAPL")


async def test_what_cannot_be_asked_is_refused_in_a_sentence(
    models: ModelServer, opening: Opening, tmp_path: Path
) -> None:
    app = await opening(models.base_url, tmp_path)
    original = await arena.finished(app, arena.request(members=("claude",), **QUICK))
    with pytest.raises(Unknown, match="Did you mean gemini"):
        await app.rerun_plan("AAPL", members=("gemni",))
    with pytest.raises(Unknown, match="no finished run of AAPLE"):
        await app.rerun_plan("AAPLE")
    with pytest.raises(Refused, match="repeats no other run"):
        await app.rerun_of(original)


async def test_the_terminal_says_what_it_costs_and_prints_both_beside_each_other(
    models: ModelServer, opening: Opening, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = await opening(models.base_url, tmp_path)
    original = await arena.finished(app, arena.request(members=("claude", "gpt5"), **QUICK))
    turned(models, "gpt5")
    asked: dict[str, Any] = {"members": (), "preset": None}
    assert await program.rerun(app.settings, Output(as_json=False), "AAPL", **asked)
    told = capsys.readouterr()
    sentence = f"Asking 2 members about the evidence of run {original.run_id} on AAPL, quick: about $0."
    assert sentence in told.err
    assert "1 of 2 members with a ballot in both flipped: gpt5 (BUY to SELL)." in " ".join(told.out.split())
    assert await program.rerun(app.settings, Output(as_json=True), original.run_id, **asked)
    document = json.loads(capsys.readouterr().out)
    assert document["flipped"] == ["gpt5"]
    assert document["rerun"]["rerun_of"] == document["original"]["run_id"] == original.run_id
    assert [one["now"]["action"] for one in document["members"]] == ["BUY", "SELL"]
    # One that was asked again is opened like any other, and says what it is.
    await program.why(app.settings, Output(as_json=False), document["rerun"]["run_id"], None, None)
    told_why = " ".join(capsys.readouterr().out.split())
    assert f"The evidence of run {original.run_id} asked again: nothing is traded." in told_why


def test_the_command_refuses_what_is_not_there_in_one_sentence(empty_folder: Path) -> None:
    done = conclave(empty_folder, "rerun", "IBM", "--members", "momentum")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip().splitlines()[-1].startswith("There is no finished run of IBM yet.")
    assert conclave(empty_folder, "rerun", "IBM", "--members", "").returncode == 2
    assert conclave(empty_folder, "rerun", "IBM", "--preset", "slow").returncode == 2


def test_rules_asked_again_decide_the_same(empty_folder: Path) -> None:
    first = json.loads(conclave(empty_folder, "run", "IBM", "--sample", "--json").stdout)[0]
    again = conclave(empty_folder, "rerun", "IBM", "--json")
    assert again.returncode == 0
    document = json.loads(again.stdout)
    assert (document["flipped"], document["same_verdict"]) == ([], True)
    assert document["rerun"]["fills"] == document["rerun"]["orders"] == []
    built = conclave(empty_folder, "rerun", first["run_id"], "--prompts")
    assert built.returncode == 0
    assert "Every prompt follows from the record, byte for byte." in built.stdout
    resumed = conclave(empty_folder, "run", "--resume", document["rerun"]["run_id"])
    assert "nothing to resume" in resumed.stderr
    audited = conclave(empty_folder, "audit")
    assert audited.returncode == 0
