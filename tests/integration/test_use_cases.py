"""What bot may ask of an arena, over a real database, a real model server and the sample prices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from core.app.app import App
from core.clock import SystemClock
from core.domain.ballot import Action, Ballot
from core.domain.errors import BadTicker, NoPrices, NotFound, Refused
from core.domain.events import RunEnded, RunStarted
from core.domain.member import MemberKind
from core.domain.outcomes import Outcome
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.season import Season
from core.domain.stage import Preset, Stage
from tests import arena
from tests.judges import outcome
from tests.loopback.model_replies import filled, hangs
from tests.loopback.model_server import ModelServer


@pytest.fixture
async def models() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        for name in arena.FIVE:
            server.opine(f"{name}/{name}-1", arena.opinion(name))
        yield server


@pytest.fixture
async def app(models: ModelServer, tmp_path: Path) -> AsyncIterator[App]:
    app = await arena.opened(models.base_url, tmp_path, clock=SystemClock())
    yield app
    await app.close()


def quick(ticker: str = "GOOG", **more: object) -> RunRequest:
    return arena.request(ticker, preset=Preset.QUICK, **more)


async def begun(app: App, models: ModelServer, ticker: str = "GOOG") -> tuple[str, asyncio.Task[None]]:
    """Start a run in which claude never answers, and return its id once the others are asked."""
    models.always("claude/claude-1", hangs())
    told: asyncio.Queue[str] = asyncio.Queue()

    async def follow() -> None:
        async for event in app.run(quick(ticker)):
            if isinstance(event, RunStarted):
                told.put_nowait(event.record.run_id)

    task = asyncio.create_task(follow())
    run_id = await told.get()
    await models.until_asked(5)
    return run_id, task


async def test_a_record_is_found_by_its_id_or_as_the_latest_of_its_ticker(app: App) -> None:
    first, second = [await arena.finished(app, quick()) for _ in range(2)]
    assert first.run_id != second.run_id
    assert await app.record(first.run_id) == first
    assert await app.record(f" {first.run_id.upper()} ") == first
    assert await app.record("goog") == second
    assert await app.record("$GOOG") == second


async def test_a_ticker_without_a_run_says_how_to_start_one(app: App) -> None:
    with pytest.raises(NotFound, match=r"^There is no finished run of MSFT yet\. Start one: /run MSFT$"):
        await app.record("MSFT")
    with pytest.raises(BadTicker):
        await app.record("no ticker")


async def test_while_the_first_run_of_a_ticker_goes_on_why_says_so(app: App, models: ModelServer) -> None:
    run_id, task = await begun(app, models)
    with pytest.raises(NotFound) as caught:
        await app.record("GOOG")
    assert str(caught.value) == (
        f"The first run of GOOG still goes on: run {run_id}. "
        f"Ask again when it has ended, or see what there is with /why {run_id}."
    )
    assert (await app.record(run_id)).state is RunState.RUNNING
    assert (await app.model_chat(run_id, "claude")).stages == ()
    with pytest.raises(NotFound, match="no finished run of IBM"):
        await app.record("IBM")
    await app.cancel(run_id)
    await task
    with pytest.raises(NotFound, match="no finished run of GOOG"):
        await app.record("GOOG")


async def test_while_a_later_run_goes_on_why_shows_the_one_that_finished(
    app: App, models: ModelServer
) -> None:
    before = await arena.finished(app, quick())
    models.requests.clear()
    run_id, task = await begun(app, models)
    assert (await app.record("GOOG")) == before
    await app.cancel(run_id)
    await task


async def test_a_run_is_opened_by_its_id_alone_and_never_taken_for_a_ticker(app: App) -> None:
    record = await arena.finished(app, quick())
    assert await app.run_record(record.run_id) == record
    for gone in ("zzzz2222", "GOOG", "goog"):
        with pytest.raises(NotFound, match=r"^This run is too old to open\. Send /run NVDA for a new one\.$"):
            await app.run_record(gone)
        with pytest.raises(NotFound, match="too old to open"):
            _ = [event async for event in app.watch(gone)]


async def test_watching_a_run_that_is_over_tells_its_end(app: App) -> None:
    record = await arena.finished(app, quick())
    assert [event async for event in app.watch(record.run_id)] == [
        RunStarted(record=record),
        RunEnded(record=record),
    ]


async def test_a_modelchat_has_every_stage_and_the_result(app: App) -> None:
    record = await arena.finished(app, arena.request("GOOG"))
    chat = await app.model_chat("GOOG", "claud")
    assert (chat.run_id, chat.member) == (record.run_id, "claude")
    assert [stage.stage for stage in chat.stages] == list(Stage)
    assert chat.result == record.seats[0].result


async def test_a_run_keeps_weights_and_dissent_and_is_counted_again_without_being_changed(app: App) -> None:
    record = await arena.finished(app, quick())
    assert record.verdict is not None
    assert (record.verdict.decision, record.verdict.outliers) == (Action.BUY, ("deepseek", "qwen"))
    assert [one.reason for one in record.verdict.dissent] == [
        "A simulated key points by deepseek/deepseek-1.",
        "A simulated key points by qwen/qwen-1.",
    ]
    assert [one.member for one in record.verdict.weights] == sorted(arena.FIVE)
    assert {(one.configured, one.weight, one.sample) for one in record.verdict.weights} == {(1, 1, 0)}
    same, counted = await app.recount("goog", "supermajority")
    assert same == record
    assert (counted.decision, counted.weights) == (Action.HOLD, record.verdict.weights)
    assert counted.rule == "3 of 5 ballots (60%) are for BUY, 66.67% needed: HOLD"
    # BUY 0.80, 0.70 and 0.60 against SELL 0.90: (2.10 - 0.90) / 5.
    _, counted = await app.recount(record.run_id, "conviction", Decimal("0.24"))
    assert counted.decision is Action.BUY
    _, counted = await app.recount(record.run_id, "conviction", Decimal("0.2401"))
    assert counted.rule == "the mean conviction is 24% for BUY, below the threshold of 24.01%: HOLD"
    assert await app.record(record.run_id) == record


async def test_a_run_that_still_goes_on_is_not_counted_again(app: App, models: ModelServer) -> None:
    run_id, task = await begun(app, models)
    with pytest.raises(Refused, match=f"^Run {run_id} still goes on"):
        await app.recount(run_id, "majority")
    await app.cancel(run_id)
    await task
    _, counted = await app.recount(run_id, "majority")
    assert sum(counted.votes.values()) == len((await app.run_record(run_id)).ballots)


async def test_a_member_that_had_no_seat_in_a_run_is_told_with_those_that_had(app: App) -> None:
    record = await arena.finished(app, quick(members=("claude", "qwen")))
    with pytest.raises(NotFound) as caught:
        await app.model_chat(record.run_id, "gemini")
    assert str(caught.value) == f"gemini took no part in run {record.run_id} of GOOG: claude, qwen."


async def test_a_member_is_found_by_a_part_of_its_name_that_only_it_has(app: App) -> None:
    assert (await app.member("CLAUDE")).name == "claude"
    assert (await app.member("deep")).name == "deepseek"
    with pytest.raises(NotFound, match=r"Several models match “e”. Choose one of: claude, gemini, deepseek"):
        await app.member("e")
    with pytest.raises(NotFound, match=r"No model is called “llama”. Choose one of: claude, gpt5"):
        await app.member("llama")
    with pytest.raises(NotFound, match="No model is called"):
        await app.member(" ")


async def test_every_member_keeps_a_number_by_which_buttons_name_it(app: App) -> None:
    members = await app.members()
    assert [member.name for member in members] == [*arena.FIVE, "committee", "crowd"]
    kinds = [MemberKind.LLM] * 5 + [MemberKind.COMMITTEE, MemberKind.CROWD]
    assert [member.kind for member in members] == kinds
    for member in members:
        assert await app.member_numbered(member.number) == member
    with pytest.raises(NotFound, match="not known any more"):
        await app.member_numbered(99)


async def test_a_run_refuses_what_it_cannot_do_before_it_asks_any_model(
    app: App, models: ModelServer
) -> None:
    future = datetime(2090, 1, 2, tzinfo=UTC)
    for wanted, error in (
        (quick("no ticker"), BadTicker),
        (quick(members=("llama",)), NotFound),
        (quick(as_of=future), Refused),
        (quick("NVDA"), NoPrices),
    ):
        with pytest.raises(error):
            await arena.finished(app, wanted)
    assert models.requests == []
    assert (await app.leaderboard()).standings == ()


async def test_the_leaderboard_and_a_statement_agree_to_the_cent(app: App) -> None:
    await arena.finished(app, quick())
    board = await app.leaderboard()
    assert board.season == Season.SAMPLE
    assert [standing.rank for standing in board.standings] == sorted(s.rank for s in board.standings)
    for standing in board.standings:
        statement = await app.portfolio(standing.member)
        assert (statement.value_usd, statement.cash_usd) == (standing.value_usd, standing.cash_usd)
        held = sum((holding.value_usd or Decimal(0) for holding in statement.holdings), Decimal(0))
        assert statement.value_usd == statement.cash_usd + held


async def test_before_the_first_run_everybody_has_the_initial_cash(app: App) -> None:
    statement = await app.portfolio("qwen")
    assert (statement.cash_usd, statement.value_usd, statement.pnl_usd) == (10_000, 10_000, 0)
    assert (statement.holdings, statement.pending, statement.fills) == ((), (), ())


async def test_an_update_is_claimed_once_and_a_stranger_greeted_once_across_restarts(
    models: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "again").mkdir()
    answers = []
    for _ in range(2):
        app = await arena.opened(models.base_url, tmp_path / "again")
        answers += [
            await app.claim_delivery("telegram", "7"),
            await app.claim_delivery("slack", "7"),
            await app.greet_once("telegram:6666 telegram:-100"),
        ]
        await app.close()
    assert answers == [True] * 3 + [False] * 3


async def test_of_many_that_claim_an_update_at_once_one_gets_it(app: App) -> None:
    claims = await asyncio.gather(*(app.claim_delivery("telegram", "8") for _ in range(20)))
    assert sorted(claims) == [False] * 19 + [True]


async def test_a_message_stays_open_until_its_end_was_delivered(app: App) -> None:
    record = await arena.finished(app, quick())
    number = await app.remember_card(record.run_id, "telegram", "-100", "7", "55")
    other = await app.remember_card(record.run_id, "slack", "C0TRADING", None, "1.2")
    assert await app.open_cards("telegram") == ((number, record.run_id, "-100", "7", "55"),)
    assert await app.open_cards("slack") == ((other, record.run_id, "C0TRADING", None, "1.2"),)
    await app.card_done(number)
    assert await app.open_cards("telegram") == ()


async def test_a_run_knows_whether_it_still_goes_on(app: App, models: ModelServer) -> None:
    run_id, task = await begun(app, models)
    assert await app.running(run_id)
    assert await app.cancel(run_id)
    await task
    assert not await app.running(run_id)
    assert not await app.running("zzzz2222")
    models.always("claude/claude-1", filled(arena.opinion("claude")))
    resumed = arena.ended([event async for event in app.resume(run_id)])
    assert resumed.state is RunState.FINISHED


async def test_how_far_a_member_is_to_be_trusted_is_told_from_what_is_settled_by_now(app: App) -> None:
    record = await arena.finished(app, quick())
    ballots = record.ballots
    assert {each.member for each in ballots} == set(arena.FIVE)
    await app._store.outcomes.add([judged(record, each, right=each.member != "qwen") for each in ballots])
    future = datetime(2999, 1, 1, tzinfo=UTC)
    await app._store.outcomes.add([judged(record, ballots[0], horizon=20, settled_at=future)])

    claude, qwen = [await app.calibration(name) for name in ("claud", "qwen")]
    assert (claude.member, claude.season, claude.settled, claude.holds) == ("claude", record.season, 1, 0)
    assert claude.brier.value is None
    assert claude.brier.sample == 1
    assert claude.hit_rates[20].sample == 0
    assert claude.weight is not None
    assert claude.weight.weight == 1
    assert qwen.weight is not None
    assert qwen.weight.weight < 1
    assert not qwen.in_use
    assert claude.caveat
    assert (await app.calibration("deepseek")).holds == 1
    with pytest.raises(NotFound):
        await app.calibration("nobody")


def judged(record: RunRecord, ballot: Ballot, *, right: bool = True, **changes: object) -> Outcome:
    return outcome(
        season=record.season,
        run_id=record.run_id,
        member=ballot.member,
        ticker=record.ticker,
        action=ballot.action,
        confidence=ballot.confidence,
        decided_at=record.as_of,
        right=right,
        **changes,
    )
