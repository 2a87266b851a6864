"""The leaderboard by any metric and period, and what is remembered for it."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, update

from core.app.scoreboard import Scoreboard
from core.clock import ManualClock
from core.config import Settings
from core.domain.books import Leaderboard
from core.domain.errors import NotFound, Refused
from core.domain.scores import Metric
from core.domain.season import Season
from core.store.season_tables import daily_values, imports
from core.store.store import Store
from core.store.tables import seats
from tests.curves import EAGER
from tests.judges import outcome
from tests.season_scene import MEMBERS, RUN, SeasonScene, close_of, day, seated, worth
from tests.store_values import START

pytest_plugins = ("tests.storage",)

LIVE = Season.LIVE
STRICT = Settings().model_copy(update={"scores": EAGER})


def board_of(store: Store, rules: Settings = STRICT) -> Scoreboard:
    return Scoreboard(store, rules, ManualClock(START))


async def asked(
    scoreboard: Scoreboard, by: Metric = Metric.VALUE, period: str = "all", **more: bool
) -> Leaderboard:
    return await scoreboard.leaderboard(LIVE, period, by, **more)


def order(board: Leaderboard) -> list[tuple[int, str]]:
    return [(one.rank, one.member) for one in board.standings]


def scores(board: Leaderboard) -> dict[str, object]:
    return {one.member: one.score.value if one.score else None for one in board.standings}


@pytest.fixture
async def scene(store: Store) -> SeasonScene:
    await seated(store)
    scene = SeasonScene(store)
    await scene.open("alpha", "beta", "gamma")
    return scene


async def test_before_the_first_close_everybody_is_ranked_by_cash_and_has_no_other_figure(
    scene: SeasonScene,
) -> None:
    board = await asked(board_of(scene.store))
    assert order(board) == [(1, "alpha"), (1, "beta"), (1, "gamma")]
    assert (board.first, board.last, board.benchmark, board.benchmark_return) == (None, None, "SPY", None)
    assert {one.rank_before for one in board.standings} == {None}
    sharpe = await asked(board_of(scene.store), Metric.SHARPE)
    assert order(sharpe) == [(0, "alpha"), (0, "beta"), (0, "gamma")]


async def test_a_season_may_begin_after_it_was_asked_for(store: Store) -> None:
    await seated(store)
    board = board_of(store)
    assert ((await asked(board)).standings, (await asked(board)).benchmark) == ((), "")
    await SeasonScene(store).open("alpha")
    assert (order(await asked(board)), (await asked(board)).benchmark) == ([(1, "alpha")], "SPY")


async def test_any_metric_ranks_better_first_and_whoever_has_no_figure_last_without_a_rank(
    scene: SeasonScene,
) -> None:
    await scene.passes(0, {"alpha": "10100", "beta": "9000", "gamma": None})
    await scene.passes(1, {"alpha": "10000", "beta": "9900", "gamma": None})
    await scene.trades(1, "beta", "5")
    board = board_of(scene.store)
    fall = await asked(board, Metric.MAX_DRAWDOWN)
    assert order(fall) == [(1, "alpha"), (2, "beta"), (0, "gamma")]
    assert scores(fall) == {"alpha": pytest.approx(100 / 10100), "beta": 0.1, "gamma": None}
    assert [one.medal for one in fall.standings] == ["", "🥈", ""]
    spread = await asked(board, Metric.VOLATILITY)
    assert [one.member for one in spread.standings] == ["alpha", "beta", "gamma"]
    best = await asked(board, Metric.BEST_TRADE)
    assert order(best) == [(1, "beta"), (0, "alpha"), (0, "gamma")]


async def test_below_its_minimum_sample_a_figure_ranks_nobody_and_keeps_its_sample(
    scene: SeasonScene,
) -> None:
    for number in range(3):
        await scene.passes(number, {"alpha": str(10_000 + number), "beta": "10000", "gamma": "10000"})
    board = await asked(board_of(scene.store, Settings()), Metric.SHARPE)
    assert [(one.rank, one.score and one.score.sample) for one in board.standings] == [(0, 3)] * 3


async def test_value_profit_and_return_are_those_of_the_latest_marks_and_all_else_of_the_last_close(
    scene: SeasonScene,
) -> None:
    await scene.passes(0, {"alpha": "10100", "beta": "10000", "gamma": "9900"})
    board = await asked(board_of(scene.store), Metric.RETURN)
    # Nobody has traded, so all are worth their cash now, whatever the close said.
    assert order(board) == [(1, "alpha"), (1, "beta"), (1, "gamma")]
    assert scores(board) == dict.fromkeys(("alpha", "beta", "gamma"), 0.0)
    assert board.standings[0].figures[Metric.RETURN].value == 0.01
    assert order(await asked(board_of(scene.store), Metric.RETURN_AFTER_TOKENS))[0] == (1, "alpha")


async def test_a_rank_change_is_against_one_session_earlier_by_the_same_metric(scene: SeasonScene) -> None:
    board = board_of(scene.store)
    await scene.passes(0, {"alpha": "10300", "beta": "10200", "gamma": None})
    first = await asked(board, Metric.RETURN_AFTER_TOKENS)
    assert [one.rank_before for one in first.standings] == [None] * 3
    await scene.passes(1, {"alpha": "10300", "beta": "10400", "gamma": "10500"})
    second = await asked(board, Metric.RETURN_AFTER_TOKENS)
    assert [(one.member, one.rank, one.rank_before) for one in second.standings] == [
        ("gamma", 1, None),
        ("beta", 2, 2),
        ("alpha", 3, 1),
    ]


async def test_with_marks_from_after_the_last_close_that_close_is_one_session_earlier(
    scene: SeasonScene,
) -> None:
    await scene.passes(0, {"alpha": "9000", "beta": "10200", "gamma": "9500"})
    await scene.marked(close_of(day(0)), "100")
    await scene.passes(1, {"alpha": "10300", "beta": "10200", "gamma": "9500"})
    board = board_of(scene.store)

    async def before() -> dict[str, int | None]:
        return {one.member: one.rank_before for one in (await asked(board)).standings}

    assert await before() == {"alpha": 3, "beta": 1, "gamma": 2}
    await scene.marked(close_of(day(1)) + timedelta(hours=1), "101")
    assert await before() == {"alpha": 1, "beta": 2, "gamma": 3}


async def test_a_period_is_measured_from_the_last_known_value_before_it(scene: SeasonScene) -> None:
    names = ("alpha", "beta", "gamma")
    closes = [("10100", "10000", "9900"), ("10200", None, "9000"), ("10300", "10500", "9100")]
    for number, values in enumerate(closes):
        tokens = {"alpha": str(number + 1)}
        await scene.trades(number, "alpha", str(number + 1))
        await scene.passes(
            number, dict(zip(names, values, strict=True)), tokens=tokens, benchmark=f"{100 + number}"
        )
    board = await asked(board_of(scene.store), Metric.RETURN_AFTER_TOKENS, "1d")
    assert (board.first, board.last, board.period) == (day(2), day(2), "1d")
    assert board.benchmark_return == pytest.approx(102 / 101 - 1)
    found = {one.member: one for one in board.standings}
    assert scores(board) == {
        "beta": pytest.approx(500 / 10000),
        "gamma": pytest.approx(100 / 9000),
        "alpha": pytest.approx((100 - 1) / 10200),
    }
    assert [found[name].trades for name in names] == [2, 0, 0]
    assert found["alpha"].closed_trades == 1
    # Its cash is what it is worth now: 10000 and profits of 1, 2 and 3, against 10200 before.
    assert found["alpha"].pnl_usd == Decimal(10_006) - 10_200
    # One session earlier the same number of days was looked at: only that session.
    assert {name: found[name].rank_before for name in names} == {"alpha": 1, "beta": None, "gamma": 2}


async def test_a_period_that_reaches_back_to_the_beginning_is_the_whole_season(scene: SeasonScene) -> None:
    for number in range(3):
        await scene.trades(number, "beta", "1")
        await scene.passes(number, {name: str(10_000 + number) for name in ("alpha", "beta", "gamma")})
    board = board_of(scene.store)
    whole, long = await asked(board), await asked(board, period="3650d")
    assert long == whole.model_copy(update={"period": "3650d"})
    assert (whole.first, whole.last) == (day(0), day(2))


async def test_token_cost_is_taken_off_value_profit_and_return_and_off_nothing_else(
    store: Store,
) -> None:
    await seated(store)
    scene = SeasonScene(store)
    await scene.open("alpha", "beta")
    await scene.trades(0, "alpha", "2")
    record = await store.runs.record(RUN)
    assert record is not None
    async with store.database.write() as connection:
        paid = update(seats).where(seats.c.member == "alpha").values(cost_usd=Decimal(3))
        await connection.execute(paid)
    board = board_of(store)
    assert [order(await asked(board, by))[0][1] for by in (Metric.VALUE, Metric.PNL, Metric.RETURN)] == [
        "alpha"
    ] * 3
    for by, expected in ((Metric.VALUE, 9999), (Metric.PNL, -1), (Metric.RETURN, -0.0001)):
        net = await asked(board, by, net_of_tokens=True)
        assert order(net) == [(1, "beta"), (2, "alpha")]
        assert net.standings[1].score is not None
        assert net.standings[1].score.value == expected
        assert net.standings[1].value_usd == 10_002
        assert net.net_of_tokens
    with pytest.raises(Refused, match="off value, pnl and return, not off sharpe"):
        await asked(board, Metric.SHARPE, net_of_tokens=True)


async def test_the_committee_and_the_crowd_are_put_beside_the_models(store: Store) -> None:
    await seated(store)
    scene = SeasonScene(store)
    await scene.open(*MEMBERS)
    for member, profit in (("alpha", "1"), ("beta", "2"), ("gamma", "4"), ("committee", "3")):
        await scene.trades(0, member, profit)
    board = await asked(board_of(store))
    assert (board.committee_beats, board.crowd_beats, board.models) == (2, 0, 3)
    assert board.median_return == Decimal("0.0002")
    alone = SeasonScene(store, Season("alone"))
    await alone.open("alpha", "crowd")
    found = await board_of(store).leaderboard(Season("alone"), "all", Metric.VALUE)
    assert (found.committee_beats, found.crowd_beats, found.models) == (None, 0, 1)


async def test_settled_ballots_rank_by_what_was_settled_at_the_last_close(scene: SeasonScene) -> None:
    facts = {"run_id": RUN, "horizon": 5}
    for number in range(3):
        await scene.passes(number, dict.fromkeys(("alpha", "beta", "gamma"), "10000"))
    early, late = ({"entry_session": day(0), "settled_at": close_of(day(number))} for number in (1, 2))
    await scene.settled(
        [
            outcome(**facts, **early, member="alpha", right=False),
            outcome(**facts, **early, member="beta"),
            outcome(**facts, **late, member="gamma"),
        ]
    )
    board = await asked(board_of(scene.store), Metric.HIT_RATE_5)
    assert [(one.rank, one.member, one.rank_before) for one in board.standings] == [
        (1, "beta", 1),
        (1, "gamma", None),
        (3, "alpha", 2),
    ]
    # They were entered before the period began.
    assert {one.rank for one in (await asked(board_of(scene.store), Metric.HIT_RATE_5, "1d")).standings} == {
        0
    }


async def test_the_best_trade_before_is_found_though_a_better_one_followed(scene: SeasonScene) -> None:
    names = ("alpha", "beta", "gamma")
    for number, profits in enumerate((("3", "2", "1"), ("1", "1", "9"))):
        for member, profit in zip(names, profits, strict=True):
            await scene.trades(number, member, profit)
        await scene.passes(number, dict.fromkeys(names, "10000"))
    board = board_of(scene.store)
    best = await asked(board, Metric.BEST_TRADE)
    assert [(one.member, one.rank_before) for one in best.standings] == [
        ("gamma", 3),
        ("alpha", 1),
        ("beta", 2),
    ]
    trades = await asked(board, Metric.TRADES)
    assert {(one.rank, one.rank_before, one.trades) for one in trades.standings} == {(1, 1, 4)}


async def test_what_cannot_be_asked_for_is_refused(scene: SeasonScene) -> None:
    board = board_of(scene.store)
    for period in ("0d", "3651d", "d", "7", "7w", "", "-1d", "٣d", "9" * 40 + "d"):
        with pytest.raises(Refused, match="is not a period: write all, or days such as 7d"):
            await asked(board, period=period)
    with pytest.raises(NotFound, match=r"^There is no season called nowhere\. Seasons with books: "):
        await board.leaderboard(Season("nowhere"), "all", Metric.VALUE)


async def test_sessions_and_fills_of_another_process_are_seen(scene: SeasonScene, url: str) -> None:
    board = board_of(scene.store)
    await scene.passes(0, {"alpha": "10100", "beta": "10000", "gamma": "9900"})
    await asked(board, Metric.MAX_DRAWDOWN)
    other = await Store.open(url, ManualClock(START))
    try:
        elsewhere = SeasonScene(other)
        elsewhere._orders = 100
        await elsewhere.passes(1, {"alpha": "5000", "beta": "10000", "gamma": "9900"})
        await elsewhere.trades(1, "beta", "7")
    finally:
        await other.close()
    found = await asked(board, Metric.MAX_DRAWDOWN)
    assert found == await asked(board_of(scene.store), Metric.MAX_DRAWDOWN)
    assert found.last == day(1)
    assert found.standings[-1].member == "alpha"
    assert next(one.trades for one in found.standings if one.member == "beta") == 2


async def test_an_imported_past_is_read_whole(scene: SeasonScene) -> None:
    board = board_of(scene.store)
    for number in range(2):
        await scene.passes(number, {"alpha": "10000", "beta": "10000"})
    await asked(board)
    async with scene.store.database.write() as connection:
        for number in range(2):
            row = worth(number, "11000", "0")._asdict()
            await connection.execute(insert(daily_values).values(season=LIVE, member="gamma", **row))
        facts = {"file_name": "a.csv", "sha256": "0", "price": "open", "rows": 1, "at": START}
        await connection.execute(insert(imports).values(id="i", season=LIVE, member="gamma", **facts))
    found = await asked(board, Metric.RETURN_AFTER_TOKENS)
    assert order(found)[0] == (1, "gamma")
    assert found == await asked(board_of(scene.store), Metric.RETURN_AFTER_TOKENS)


async def test_many_that_ask_at_once_get_the_same_answer(scene: SeasonScene) -> None:
    for number in range(4):
        await scene.passes(number, {name: str(10_000 + number) for name in ("alpha", "beta", "gamma")})
    board = board_of(scene.store)
    found = await asyncio.gather(*(asked(board, by) for by in (Metric.SHARPE, Metric.VALUE) * 5))
    assert all(one == found[0] for one in found[::2])
    assert all(one == found[1] for one in found[1::2])


async def test_who_is_cancelled_while_it_asks_leaves_nothing_half_read_behind(scene: SeasonScene) -> None:
    await scene.passes(0, {"alpha": "10100", "beta": "10000", "gamma": "9900"})
    fresh = await asked(board_of(scene.store), Metric.CALMAR)
    board = board_of(scene.store)
    for turns in range(12):
        task = asyncio.create_task(asked(board, Metric.CALMAR))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert await asked(board, Metric.CALMAR) == fresh


async def test_only_a_few_seasons_are_remembered(store: Store) -> None:
    await seated(store)
    board = board_of(store)
    for number in range(7):
        scene = SeasonScene(store, Season(f"s{number}"))
        await scene.open("alpha")
        assert (await board.leaderboard(scene.season, "all", Metric.VALUE)).season == scene.season
    assert len(board._seasons) == 4


async def test_scorecards_have_every_figure_and_whether_it_is_luck(scene: SeasonScene) -> None:
    for number in range(6):
        values = {"alpha": str(10_000 + 50 * number), "beta": "10000", "gamma": "10000"}
        await scene.passes(number, values, benchmark=str(100 - number))
    cards = await board_of(scene.store).scorecards(LIVE)
    assert [card.member for card in cards] == ["alpha", "beta", "gamma"]
    assert all(set(card.figures) == set(Metric) for card in cards)
    assert cards[0].luck is not None
    assert cards[0].luck.told_apart
    board = await asked(board_of(scene.store), Metric.SHARPE)
    assert board.standings[0].luck == cards[0].luck
