"""Whole runs: five models over a real socket, a real database, the bundled sample prices."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core.app.app import App
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import OrderState
from core.domain.errors import NoPrices, NotFound, Refused
from core.domain.events import MemberFinished, RunStarted, StageFinished
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.stage import ModelChat
from tests import arena
from tests.loopback.model_replies import answers, filled, hangs, server_error
from tests.loopback.model_server import ModelServer

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

Opening = Callable[..., Awaitable[App]]


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
    assert {fill.member for fill in record.fills} == {"claude", "gpt5", "gemini", "committee"}
    (refused,) = [order for order in record.orders if order.state is OrderState.CANCELLED]
    assert (refused.member, refused.reason) == ("qwen", "nothing to sell, and short positions are off")
    board = await app.leaderboard()
    assert {standing.member for standing in board.standings} == {*arena.FIVE, "committee", "crowd"}
    assert board.season == Season.SAMPLE
    assert board.caveat is not None


async def test_all_members_see_byte_identical_evidence_and_its_hash_is_kept(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    prompts = {name: [sent.messages for sent in models.asked(f"{name}/{name}-1")] for name in arena.FIVE}
    packs = {
        frozenset(user["content"].split("[[/evidence")[0] for _, user in turns) for turns in prompts.values()
    }
    assert len(packs) == 1
    core = f"[[evidence {record.evidence_sha256[:12]}]]\ninstrument: AAPL"
    assert all(pack.startswith(core) for pack in packs.pop())
    assert len({system["content"] for turns in prompts.values() for system, _ in turns}) == 1


async def test_every_finished_modelchat_is_one_json_file(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, arena.request())
    files = sorted((tmp_path / "modelchats" / record.run_id).iterdir())
    assert [file.name for file in files] == sorted(f"{name}.json" for name in arena.FIVE)
    chat = ModelChat.model_validate(json.loads(files[0].read_text()))
    assert chat == await app.model_chat(record.run_id, chat.member)


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
    assert [seat.member for seat in record.voters] == ["claude", "deepseek"]
    assert [seat.member for seat in record.followers] == ["committee", "crowd"]
    for name in ("committee", "Crowd"):
        with pytest.raises(Refused, match=f"{name.lower()} follows every run by itself and cannot be chosen"):
            await arena.finished(app, arena.request(members=(name,)))
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


async def test_members_without_configured_prices_stay_within_the_budget_all_the_same(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100, "cost": 0.01}
    for name in arena.FIVE:
        models.always(f"{name}/{name}-1", filled(arena.opinion(name), usage=usage))
    keys = [{"name": "main", "secret": "env:A_KEY"}]
    paid = [{"name": "loopback", "base_url": models.base_url, "keys": keys}]
    environ = {"A_KEY": "made-up-key"}
    app = await opening(
        models.base_url, tmp_path, environ=environ, providers=paid, budget={"per_run_usd": 0.15}
    )
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


async def test_a_hanging_model_holds_up_nobody_under_a_budget(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    models.always("claude/claude-1", hangs())
    keys = [{"name": "main", "secret": "env:A_KEY"}]
    paid = [{"name": "loopback", "base_url": models.base_url, "keys": keys}]
    app = await opening(
        models.base_url,
        tmp_path,
        environ={"A_KEY": "made-up-key"},
        providers=paid,
        budget={"per_run_usd": 5},
        pipeline={"stage_timeout_s": 2.0, "base_delay_s": 0.01},
    )
    record = await arena.finished(app, arena.request())
    assert [absent.member for absent in record.abstentions] == ["claude"]
