"""Whole runs: five models over a real socket, a real database, the bundled sample prices."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.app.app import App
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import OrderState, Season
from core.domain.errors import NoPrices, NotFound, Refused, StoreError
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted, StageFinished
from core.domain.run import RunState
from core.domain.stage import ModelChat, StageRecord
from tests import arena
from tests.loopback.model_replies import answers, filled, hangs, server_error
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage"]


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        for name in arena.FIVE:
            server.opine(f"{name}/{name}-1", arena.opinion(name))
        yield server


Opening = Callable[..., Awaitable[App]]


@pytest.fixture
async def opening() -> AsyncIterator[Opening]:
    """Opens arenas and closes them all in the end, whatever the test does."""
    apps: list[App] = []

    async def open_one(*arguments: Any, **more: Any) -> App:
        apps.append(await arena.opened(*arguments, **more))
        return apps[-1]

    yield open_one
    for app in apps:
        await app.close()


async def test_five_ballots_sixty_stages_five_books_and_one_verdict(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, url=url)
    events = [event async for event in app.run(arena.request())]
    record = arena.ended(events)
    assert isinstance(events[0], RunStarted)
    assert Counter(type(event) for event in events)[StageFinished] == 60
    assert Counter(type(event) for event in events)[MemberFinished] == 5
    assert record.state is RunState.FINISHED
    assert record.verdict is not None
    assert record.verdict.decision is Action.BUY
    assert record.verdict.agreement == Decimal("0.6")
    assert record.verdict.outliers == ("deepseek", "qwen")
    assert len(record.ballots) == 5
    assert len(models.requests) == 60
    chats = [await app.model_chat(record.run_id, name) for name in arena.FIVE]
    assert [len(chat.stages) for chat in chats] == [12] * 5
    assert {fill.member for fill in record.fills} == {"claude", "gpt5", "gemini"}
    (refused,) = [order for order in record.orders if order.state is OrderState.CANCELLED]
    assert (refused.member, refused.reason) == ("qwen", "nothing to sell, and short positions are off")
    board = await app.leaderboard()
    assert len(board.standings) == 5
    assert board.season is Season.SAMPLE
    assert board.caveat is not None


async def test_all_members_see_byte_identical_evidence_and_its_hash_is_kept(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    packs = {sent.messages[1]["content"].split("[[/evidence")[0] for sent in models.requests}
    assert len(packs) == 1
    assert f"[[evidence {record.evidence_sha256[:12]}]]" in packs.pop()


async def test_every_finished_modelchat_is_one_json_file(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    files = sorted((tmp_path / "modelchats" / record.run_id).iterdir())
    assert [file.name for file in files] == sorted(f"{name}.json" for name in arena.FIVE)
    chat = ModelChat.model_validate(json.loads(files[0].read_text()))
    assert chat == await app.model_chat(record.run_id, chat.member)


async def test_a_killed_run_resumes_at_the_first_missing_stage_and_pays_for_nothing_twice(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    first = await opening(models.base_url, tmp_path, url=url)
    run_id = ""
    stream = first.run(arena.request())
    done = 0
    async for event in stream:
        if isinstance(event, RunStarted):
            run_id = event.record.run_id
        done += isinstance(event, StageFinished)
        if done == 12 * 4 + 7:
            break
    await first.close()
    before = len(models.requests)
    second = await opening(models.base_url, tmp_path, url=url)
    assert await second.resume_interrupted() == (run_id,)
    events = [event async for event in second.watch(run_id)]
    record = arena.ended(events)
    assert len(record.ballots) == 5
    # Seven of qwen's twelve stages were stored; the one that hung is asked again.
    assert len(models.requests) - before == 5
    assert len((await second.model_chat(run_id, "qwen")).stages) == 12
    trades = Counter(fill.member for fill in record.fills)
    assert trades == {"claude": 1, "gpt5": 1, "gemini": 1}


async def test_a_run_that_nobody_interrupted_cannot_be_resumed(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    with pytest.raises(Refused, match="nothing to resume"):
        _ = [event async for event in app.resume(record.run_id)]
    with pytest.raises(NotFound):
        _ = [event async for event in app.resume("zzzzzzzz")]


async def test_the_same_request_in_flight_is_joined(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    one, two = await asyncio.gather(
        arena.finished(app, arena.request()), arena.finished(app, arena.request("$aapl"))
    )
    assert one.run_id == two.run_id
    assert len(models.requests) == 60
    other = await arena.finished(app, arena.request("MSFT"))
    assert other.run_id != one.run_id


async def test_a_second_process_follows_the_run_of_the_first(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    models.latency_s = 0.05
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    first = asyncio.create_task(arena.finished(one, arena.request()))
    await models.until_asked(1)
    followed = [event async for event in two.run(arena.request())]
    assert arena.ended(followed).run_id == (await first).run_id
    assert Counter(type(event) for event in followed)[MemberFinished] == 5
    assert len(models.requests) == 60
    await one.close()


async def test_a_follower_takes_over_when_the_first_process_stops(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE:
        model = f"{name}/{name}-1"
        models.say_next(model, *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    first = asyncio.create_task(arena.finished(one, arena.request()))
    await models.until_asked(30)
    follower = asyncio.create_task(arena.finished(two, arena.request()))
    await asyncio.sleep(0)
    await one.close()
    record = await follower
    assert len(record.ballots) == 5
    assert record.state is RunState.FINISHED
    # Four stages a member were stored by the first process and not paid for again.
    assert len(models.requests) == 60 + 10
    await asyncio.gather(first, return_exceptions=True)


async def test_one_failing_member_abstains_alone(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always("qwen/qwen-1", server_error())
    models.always("gemini/gemini-1", answers("I'd rather not answer in JSON."))
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    reasons = {absent.member: absent for absent in record.abstentions}
    assert set(reasons) == {"qwen", "gemini"}
    assert reasons["qwen"].kind is AbstentionKind.FAILED
    assert reasons["gemini"].kind is AbstentionKind.BAD_ANSWER
    assert len(record.ballots) == 3
    assert record.verdict is not None
    assert sum(record.verdict.votes.values()) == 3
    assert record.verdict.abstained == ("gemini", "qwen")
    assert all(fill.member not in reasons for fill in record.fills)


async def test_too_few_ballots_are_no_verdict_and_the_books_still_trade(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE[1:]:
        models.always(f"{name}/{name}-1", server_error(503))
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    assert record.verdict is not None
    assert record.verdict.decision is None
    assert record.verdict.rule is not None
    assert "2 ballots are needed" in record.verdict.rule
    assert [fill.member for fill in record.fills] == ["claude"]


async def test_a_ballot_of_another_model_family_is_an_abstention(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always("claude/claude-1", filled(arena.opinion("claude"), model="meta-llama/llama-3-8b"))
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    (absent,) = record.abstentions
    assert absent.kind is AbstentionKind.OTHER_MODEL
    assert "llama" in absent.reason
    assert absent.spend.calls == 12
    (tmp_path / "lenient").mkdir()
    lenient = await opening(models.base_url, tmp_path / "lenient", arena={"strict": False})
    record = await arena.finished(lenient, arena.request())
    assert [str(ballot.served_by) for ballot in record.ballots if ballot.member == "claude"] == [
        "loopback:meta-llama/llama-3-8b"
    ]


async def test_a_cancelled_run_stops_its_requests_and_keeps_what_is_done(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    app = await opening(models.base_url, tmp_path)
    events = []
    async for event in app.run(arena.request()):
        events.append(event)
        stored = sum(isinstance(told, StageFinished) for told in events)
        if stored == 20 and isinstance(event, StageFinished):
            await models.until_asked(30)
            assert await app.cancel(event.run_id)
    record = arena.ended(events)
    assert record.state is RunState.CANCELLED
    assert record.fills == ()
    await asyncio.wait_for(models.until_closed_early(10), 5)
    assert len((await app.model_chat(record.run_id, "claude")).stages) == 4
    assert not await app.cancel(record.run_id)
    resumed = arena.ended([event async for event in app.resume(record.run_id)])
    assert resumed.state is RunState.FINISHED
    assert len(models.requests) == 70


async def test_a_quick_run_is_one_call_a_member(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request(preset="quick"))
    assert len(models.requests) == 5
    assert len(record.ballots) == 5


async def test_chosen_members_only(models: ModelServer, tmp_path: Path, opening: Opening) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request(members=("deep", "claude")))
    assert [seat.member for seat in record.seats] == ["claude", "deepseek"]
    with pytest.raises(NotFound, match="No model is called"):
        await arena.finished(app, arena.request(members=("nobody",)))


async def test_an_unknown_ticker_is_one_sentence_that_names_the_sample(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    with pytest.raises(NoPrices) as caught:
        await arena.finished(app, arena.request("NVDA"))
    assert str(caught.value) == (
        "Prices for NVDA could not be had (sample: holds only AAPL, GOOG, IBM and MSFT)."
    )
    assert models.requests == []


async def test_a_run_within_its_budget_only(models: ModelServer, tmp_path: Path, opening: Opening) -> None:
    members = [
        {"name": name, "route": [f"loopback:{name}/{name}-1"], "price_out_usd_per_mtok": 10}
        for name in arena.FIVE
    ]
    app = await opening(models.base_url, tmp_path, members=members, budget={"per_run_usd": 0.05})
    record = await arena.finished(app, arena.request())
    assert record.cost_usd <= Decimal("0.05")
    assert {absent.kind for absent in record.abstentions} <= {AbstentionKind.BUDGET, AbstentionKind.FAILED}


async def test_the_member_is_told_its_own_books_in_the_next_run(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    await arena.finished(app, arena.request())
    before = len(models.requests)
    record = await arena.finished(app, arena.request())
    asked = [sent for sent in models.requests[before:] if "You are the trader" in sent.messages[1]["content"]]
    claude = next(sent for sent in asked if sent.model == "claude/claude-1")
    # The fill came at the open after the evidence: to know it would be to look ahead.
    assert "orders that wait for the next open:\n- buy " in claude.messages[1]["content"]
    assert record.fills == ()


async def test_a_stream_left_early_does_not_stop_the_run(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    stream = app.run(arena.request())
    async for event in stream:
        assert isinstance(event, RunStarted)
        run_id = event.record.run_id
        break
    last = [event async for event in app.watch(run_id)][-1]
    assert isinstance(last, RunEnded)
    assert len(last.record.ballots) == 5


async def left_behind(models: ModelServer, opening: Opening, tmp_path: Path, **more: Any) -> str:
    """A run whose process went away in the middle; returns its id."""
    for name in arena.FIVE:
        models.say_next(f"{name}/{name}-1", *[filled(arena.opinion(name))] * 4, hangs(), hangs())
    app = await opening(models.base_url, tmp_path, **more)
    told: list[RunEvent] = []

    async def listen() -> None:
        async for event in app.run(arena.request()):
            told.append(event)  # noqa: PERF401 - what was told before the end is what is looked at

    listening = asyncio.create_task(listen())
    await models.until_asked(30)
    await app.close()
    await asyncio.gather(listening, return_exceptions=True)
    assert isinstance(told[0], RunStarted)
    return told[0].record.run_id


async def test_a_run_left_behind_is_continued_by_the_next_that_asks_the_same(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    left = await left_behind(models, opening, tmp_path)
    record = await arena.finished(await opening(models.base_url, tmp_path), arena.request())
    assert record.run_id == left
    assert len(models.requests) == 70


async def test_a_run_left_behind_under_another_configuration_is_given_up_for_a_new_one(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    left = await left_behind(models, opening, tmp_path)
    app = await opening(models.base_url, tmp_path, pipeline={"max_steps": 29})
    record = await arena.finished(app, arena.request())
    assert record.run_id != left
    assert len(record.ballots) == 5
    given_up = await app.record(left)
    assert given_up.state is RunState.FAILED
    assert given_up.reason is not None
    assert "newer run" in given_up.reason


async def test_a_store_out_of_reach_stops_the_run_and_leaves_it_resumable(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await opening(models.base_url, tmp_path)
    stages = app._store.stages
    add, kept = stages.add, 0

    async def breaking(record: StageRecord) -> bool:
        nonlocal kept
        kept += 1
        if kept > 9:
            raise StoreError("The database does not answer.")
        return await add(record)

    monkeypatch.setattr(stages, "add", breaking)
    monkeypatch.setattr("core.pipeline.hearing._WAITS_S", (0.01, 0.01))
    run_id = ""
    with pytest.raises(StoreError, match=r"does not answer.*--resume"):
        async for event in app.run(arena.request()):
            run_id = event.record.run_id if isinstance(event, RunStarted) else run_id
    monkeypatch.undo()
    assert (await app.record(run_id)).ballots == ()
    asked = len(models.requests)
    record = arena.ended([event async for event in app.resume(run_id)])
    assert len(record.ballots) == 5
    assert len(models.requests) - asked == 60 - 9


async def test_a_lease_that_could_not_be_renewed_once_is_not_lost(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.latency_s = 0.05
    monkeypatch.setattr("core.app.runs._RENEW_EVERY_S", 0.02)
    app = await opening(models.base_url, tmp_path)
    runs = app._store.runs
    renew, failures = runs.renew, 0

    async def failing_first(*arguments: Any) -> bool:
        nonlocal failures
        failures += 1
        if failures <= 2:
            raise StoreError("The database does not answer.")
        return await renew(*arguments)

    monkeypatch.setattr(runs, "renew", failing_first)
    record = await arena.finished(app, arena.request())
    assert failures > 2
    assert len(record.ballots) == 5


async def test_a_file_that_a_crash_left_out_is_written_by_the_next_process(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.say_next("qwen/qwen-1", *[filled(arena.opinion("qwen"))] * 7, hangs())
    app = await opening(models.base_url, tmp_path)
    run_id, results = "", 0
    async for event in app.run(arena.request()):
        run_id = event.record.run_id if isinstance(event, RunStarted) else run_id
        results += isinstance(event, MemberFinished)
        if results == 4 and len(models.asked("qwen/qwen-1")) == 8:
            break
    await app.close()
    folder = tmp_path / "modelchats" / run_id
    for file in folder.iterdir():
        file.unlink()
    again = await opening(models.base_url, tmp_path)
    arena.ended([event async for event in again.resume(run_id)])
    assert len(list(folder.iterdir())) == 5


async def test_members_without_configured_prices_stay_within_the_budget_all_the_same(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.01}
    for name in arena.FIVE:
        models.always(f"{name}/{name}-1", filled(arena.opinion(name), usage=usage))
    app = await opening(models.base_url, tmp_path, budget={"per_run_usd": 0.15})
    record = await arena.finished(app, arena.request())
    assert Decimal(0) < record.cost_usd <= Decimal("0.15")
    reasons = {absent.reason for absent in record.abstentions if absent.kind is AbstentionKind.BUDGET}
    assert any("the budget of $0.15 for this run is used up" in reason for reason in reasons)


async def test_the_daily_budget_of_a_key_survives_a_restart(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.04}
    models.always("claude/claude-1", filled(arena.opinion("claude"), usage=usage))
    key = {"name": "main", "secret": "env:A_KEY", "daily_usd": 0.1}
    sections = {
        "providers": [{"name": "loopback", "base_url": models.base_url, "keys": [key]}],
        "members": [{"name": "claude", "route": ["loopback:claude/claude-1"], "price_in_usd_per_mtok": 8}],
        "consensus": {"min_members": 1},
    }
    spent = Decimal(0)
    for _ in range(4):
        app = await opening(models.base_url, tmp_path, environ={"A_KEY": "made-up-key"}, **sections)
        spent += (await arena.finished(app, arena.request(preset="quick"))).cost_usd
        await app.close()
    assert spent == Decimal("0.08")
