"""A stretch of the past is replayed with the code of the present, and honestly."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.domain.books import OrderState
from core.domain.errors import Refused
from core.domain.evidence import Evidence
from core.domain.replay import Every
from core.domain.season import Season
from core.domain.stage import Preset
from core.pipeline import baselines
from core.pipeline.baselines.rule import Ruling
from core.store.season_tables import daily_values, outcomes, sessions
from core.store.tables import fills, orders, runs
from tests import arena
from tests.arena import Opening
from tests.loopback.model_replies import ModelRequest, filled, opinion
from tests.loopback.model_server import ModelServer
from tests.replay_scene import FIRST, LAST, ONE, RULES, replayed, rows

pytest_plugins = ["tests.storage", "tests.arena_fixtures"]


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


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"first": LAST, "last": FIRST}, "lies before the first"),
        ({"tickers": ()}, "Name the tickers"),
        ({"first": date(2012, 6, 9), "last": date(2012, 6, 10)}, "was closed from"),
        ({"last": date(2090, 1, 2)}, "has not closed yet"),
        ({"season": Season.LIVE}, "live is not for replays"),
        ({"season": Season.SAMPLE}, "sample is not for replays"),
        ({"season": Season("rerun-4f7k2m9q")}, "rerun-4f7k2m9q is not for replays"),
    ],
)
async def test_what_cannot_be_replayed_is_refused_in_one_sentence(
    models: ModelServer, tmp_path: Path, opening: Opening, asked: dict[str, Any], sentence: str
) -> None:
    app = await opening(models.base_url, tmp_path, **RULES)
    with pytest.raises(Refused, match=sentence):
        await replayed(app, **asked)
