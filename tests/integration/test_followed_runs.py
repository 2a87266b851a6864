"""The committee and the crowd in whole runs: what they follow, what they trade, and when votes count."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.app.app import App
from core.clock import OffsetClock
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, Rating
from core.domain.books import Side
from core.domain.errors import BadTicker, Refused
from core.domain.events import MemberFinished, RunStarted, VotesCounted
from core.domain.member import MemberKind
from core.domain.run import RunRecord, RunRequest, RunState
from core.domain.stage import Preset
from core.domain.vote import VoteTaken
from tests import arena
from tests.loopback.model_replies import filled, hangs, held, server_error
from tests.loopback.model_server import ModelServer
from tests.loopback.patience import PATIENCE_S

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]

Opening = Callable[..., Awaitable[App]]
ALICE, BOB, CAROL, GROUP = "telegram:1001", "slack:U0BOB", "telegram:1003", "telegram:-100"


def quick(ticker: str = "GOOG", **more: object) -> RunRequest:
    return arena.request(ticker, preset=Preset.QUICK, **more)


async def vote(
    app: App, person: str, action: Action, confidence: str | None = None, about: str = "GOOG"
) -> VoteTaken:
    stated = None if confidence is None else Decimal(confidence)
    return await app.vote(about, action, stated, person=person, chat=GROUP)


async def begun(app: App, models: ModelServer, wanted: RunRequest) -> tuple[str, "asyncio.Task[RunRecord]"]:
    """Start a run in which claude's one answer is held back, and return its id and its end."""
    models.say_next("claude/claude-1", hangs())
    told: asyncio.Queue[str] = asyncio.Queue()

    async def follow() -> RunRecord:
        events = []
        async for event in app.run(wanted):
            events.append(event)
            if isinstance(event, RunStarted):
                told.put_nowait(event.record.run_id)
        return arena.ended(events)

    task = asyncio.create_task(follow())
    run_id = await told.get()
    await models.until_asked(5)
    return run_id, task


async def stop_and_resume(app: App, run_id: str, task: "asyncio.Task[RunRecord]") -> RunRecord:
    """End a run that hangs, and carry it to its end: claude answers the second time."""
    assert await app.cancel(run_id)
    await task
    return arena.ended([event async for event in app.resume(run_id)])


def ballot_of(record: RunRecord, kind: MemberKind) -> Ballot:
    seat = record.follower(kind)
    assert seat is not None
    assert isinstance(seat.result, Ballot)
    return seat.result


async def test_the_committee_trades_the_verdict_with_its_own_money(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, url=url)
    events = [event async for event in app.run(quick())]
    record = arena.ended(events)
    made = ballot_of(record, MemberKind.COMMITTEE)
    assert record.verdict is not None
    assert made.confidence == record.verdict.weighted_confidence
    assert (made.action, made.rating, made.target_weight) == (Action.BUY, Rating.BUY, Decimal("0.2"))
    (fill,) = [fill for fill in record.fills if fill.member == "committee"]
    assert fill.side is Side.BUY
    assert Decimal(1_900) < -fill.amount_usd < Decimal(2_100)
    assert len({fill.price for fill in record.fills}) == 1
    standings = {standing.member: standing for standing in (await app.leaderboard()).standings}
    assert standings["committee"].kind == "committee"
    assert standings["committee"].trades == 1
    assert standings["crowd"].value_usd == Decimal("10000.00")
    heard = {event.result.member for event in events if isinstance(event, MemberFinished)}
    assert heard == set(arena.FIVE)


async def test_followers_are_in_no_count_and_briefed_like_everybody(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    await arena.finished(app, quick())
    record = await arena.finished(app, quick("AAPL"))
    assert record.verdict is not None
    assert sum(record.verdict.votes.values()) == len(record.ballots) == 5
    assert record.abstentions == ()
    committee = record.follower(MemberKind.COMMITTEE)
    assert committee is not None
    # The second run's committee knows the order that the first one left, or what became of it.
    assert committee.briefing.pending or committee.briefing.portfolio.positions


async def test_without_a_verdict_the_committee_abstains_and_does_not_trade(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    for name in arena.FIVE[1:]:
        models.always(f"{name}/{name}-1", server_error(503))
    app = await opening(models.base_url, tmp_path)
    record = await arena.finished(app, quick())
    committee, crowd = record.followers
    assert isinstance(committee.result, Abstention)
    assert committee.result.kind is AbstentionKind.NO_VERDICT
    assert crowd.result == Abstention(member="crowd", kind=AbstentionKind.NO_VOTES, reason="nobody voted")
    assert {fill.member for fill in record.fills} == {"claude"}
    assert len(record.abstentions) == 4


async def test_the_crowd_trades_what_most_people_voted_whatever_the_committee_does(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, url=url)
    run_id, task = await begun(app, models, quick())
    first = await vote(app, ALICE, Action.SELL)
    assert (first.run_id, first.before) == (run_id, None)
    await vote(app, BOB, Action.BUY, "0.9")
    await vote(app, CAROL, Action.BUY)
    changed = await vote(app, ALICE, Action.BUY, "0.7", about=run_id)
    assert changed.before is not None
    assert changed.before.action is Action.SELL
    assert changed.counts == {Action.BUY: 3, Action.SELL: 0, Action.HOLD: 0}
    record = await stop_and_resume(app, run_id, task)
    made = ballot_of(record, MemberKind.CROWD)
    assert (made.action, made.confidence, made.reasoning) == (Action.BUY, Decimal("0.8"), "Votes: 3 BUY.")
    (order,) = [order for order in record.orders if order.member == "crowd"]
    assert order.side is Side.BUY
    assert "crowd" in {fill.member for fill in record.fills}
    for about in ("GOOG", run_id):
        with pytest.raises(Refused, match=r"No run of GOOG is going on|The run of GOOG has ended"):
            await vote(app, ALICE, Action.SELL, about=about)
    assert len(await app._store.votes.of_run(run_id)) == 3


async def test_a_vote_without_a_run_says_how_to_start_one(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    with pytest.raises(Refused) as caught:
        await vote(app, ALICE, Action.BUY, about="goog")
    assert str(caught.value) == (
        "No run of GOOG is going on; votes count while one does. Start one with /run GOOG."
    )
    with pytest.raises(BadTicker):
        await vote(app, ALICE, Action.BUY, about="a\x00b")
    record = await arena.finished(app, quick())
    with pytest.raises(Refused) as caught:
        await vote(app, ALICE, Action.BUY, about=record.run_id)
    assert str(caught.value) == (
        "The run of GOOG has ended, and its votes are counted. Start another with /run GOOG."
    )


async def test_where_the_crowd_is_off_a_run_has_no_seat_for_it_and_takes_no_votes(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path, arena={"crowd": False, "committee": False})
    assert [member.name for member in await app.members()] == list(arena.FIVE)
    run_id, task = await begun(app, models, quick())
    with pytest.raises(Refused, match="takes no votes: the crowd has no seat in it"):
        await vote(app, ALICE, Action.BUY)
    record = await stop_and_resume(app, run_id, task)
    assert record.followers == ()
    assert {fill.member for fill in record.fills} == {"claude", "gpt5", "gemini"}


async def test_switched_off_later_the_followers_keep_their_books_and_take_no_part(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    await arena.finished(await opening(models.base_url, tmp_path), quick())
    app = await opening(models.base_url, tmp_path, arena={"crowd": False, "committee": False})
    assert [m.name for m in await app.members() if not m.enabled] == ["committee", "crowd"]
    record = await arena.finished(app, quick("AAPL"))
    assert record.followers == ()
    assert (await app.portfolio("committee")).fills


async def interrupted_at(app: App, models: ModelServer, place: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run until `place` of the committee's path, where the process goes away; return the run's id."""
    reached = asyncio.Event()

    async def never(*arguments: Any, **more: Any) -> bool:
        reached.set()
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr(place, never)
    gate = asyncio.Event()
    models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    events = []

    async def follow() -> None:
        async for event in app.run(quick()):
            if isinstance(event, RunStarted):
                events.append(event)
                await vote(app, ALICE, Action.SELL, "0.6")
                gate.set()

    task = asyncio.create_task(follow())
    await asyncio.wait_for(reached.wait(), PATIENCE_S)
    await app.close()
    await asyncio.gather(task, return_exceptions=True)
    monkeypatch.undo()
    return events[0].record.run_id


async def test_a_run_that_stops_between_the_followers_and_the_books_ends_as_it_would_have(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await opening(models.base_url, tmp_path, url=url)
    run_id = await interrupted_at(first, models, "core.pipeline.committee.finish_run", monkeypatch)
    app = await opening(models.base_url, tmp_path, url=url)
    left = await app.run_record(run_id)
    assert left.state is RunState.RUNNING
    assert left.orders == ()
    with pytest.raises(Refused, match="The run of GOOG has ended"):
        await vote(app, BOB, Action.BUY)
    record = arena.ended([event async for event in app.resume(run_id)])
    assert [seat.result for seat in record.followers] == [seat.result for seat in left.followers]
    assert ballot_of(record, MemberKind.CROWD).reasoning == "Votes: 1 SELL."
    assert len([order for order in record.orders if order.member == "committee"]) == 1
    assert len(models.requests) == 5


async def test_a_run_that_stops_between_the_two_followers_still_takes_votes_until_it_goes_on(
    models: ModelServer, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await opening(models.base_url, tmp_path)
    run_id = await interrupted_at(first, models, "core.store.vote_rows.Votes.close", monkeypatch)
    app = await opening(models.base_url, tmp_path)
    committee, crowd = (await app.run_record(run_id)).followers
    assert committee.result is not None
    assert crowd.result is None
    await vote(app, BOB, Action.BUY)
    await vote(app, CAROL, Action.BUY)
    record = arena.ended([event async for event in app.resume(run_id)])
    assert record.followers[0] == committee
    assert ballot_of(record, MemberKind.CROWD).reasoning == "Votes: 2 BUY, 1 SELL."


async def test_votes_taken_by_another_process_are_told_and_counted(
    models: ModelServer, url: str, tmp_path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.app.runs._VOTES_EVERY_S", 0.01)
    one = await opening(models.base_url, tmp_path, url=url)
    two = await opening(models.base_url, tmp_path, url=url)
    gate = asyncio.Event()
    models.say_next("claude/claude-1", held(filled(arena.opinion("claude")), gate))
    told: list[VotesCounted] = []
    async for event in one.run(quick()):
        if isinstance(event, RunStarted):
            await vote(two, ALICE, Action.BUY)
            await vote(two, BOB, Action.HOLD)
        if isinstance(event, VotesCounted):
            told.append(event)
            if sum(event.counts.values()) == 2:
                gate.set()
    assert told[-1].counts == {Action.BUY: 1, Action.SELL: 0, Action.HOLD: 1}
    record = await one.record("GOOG")
    assert ballot_of(record, MemberKind.CROWD).reasoning == "Votes: 1 BUY, 1 HOLD; a tie is HOLD."


async def test_a_resumed_run_tells_how_the_votes_stand(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    app = await opening(models.base_url, tmp_path)
    run_id, task = await begun(app, models, quick())
    await vote(app, ALICE, Action.BUY)
    assert await app.cancel(run_id)
    await task
    events = [event async for event in app.resume(run_id)]
    told = [event.counts[Action.BUY] for event in events if isinstance(event, VotesCounted)]
    assert told == [1]


async def test_on_live_prices_a_vote_counts_only_while_the_next_open_lies_ahead(
    models: ModelServer, tmp_path: Path, opening: Opening
) -> None:
    prices = tmp_path / "prices"
    prices.mkdir()
    days = ("2025-10-27", "2025-10-28", "2025-10-29", "2025-10-30")
    rows = "".join(f"{day},100,103,99,101,1000000\n" for day in days)
    (prices / "NVDA.csv").write_text(f"date,open,high,low,close,volume\n{rows}")
    clock = OffsetClock(datetime(2025, 10, 30, 22, tzinfo=UTC))
    market = {"prices": ["csv"], "csv": {"dir": str(prices)}}
    app = await opening(models.base_url, tmp_path, clock=clock, market=market)
    run_id, task = await begun(app, models, quick("NVDA"))
    assert (await vote(app, ALICE, Action.BUY, about="NVDA")).ticker == "NVDA"
    assert await app.cancel(run_id)
    await task
    models.requests.clear()
    # The open of 29 October is history by now, and people know it.
    past = datetime(2025, 10, 28, 20, tzinfo=UTC)
    run_id, task = await begun(app, models, quick("NVDA", as_of=past))
    with pytest.raises(Refused) as caught:
        await vote(app, ALICE, Action.BUY, about="NVDA")
    assert str(caught.value) == (
        "The market has opened since the evidence of this run of NVDA (2025-10-28 20:00 UTC), "
        "so a vote would be hindsight and does not count."
    )
    record = await stop_and_resume(app, run_id, task)
    assert isinstance(record.followers[1].result, Abstention)
    # The crowd's books go forward only, like everybody's.
    assert "committee" in {order.member for order in record.orders}
