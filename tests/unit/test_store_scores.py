"""Sums over the books in SQL say the same as adding up one by one."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.domain.ballot import Action
from core.domain.run import RunState
from core.domain.scores import BallotTotals, ClosedTrade, DailyValue, Hits
from core.domain.season import Season
from core.ledger.scores.ballots import ballot_totals
from core.ledger.scores.trades import trade_totals
from core.store.season_tables import closed_trades
from core.store.store import Store
from core.store.tables import fills, runs, seats
from tests.judges import outcome
from tests.season_scene import RUN, SeasonScene, close_of, day, seated
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)

LIVE = Season.LIVE


async def one_by_one(store: Store, season: Season, first: int | None, last: int | None) -> dict[str, object]:
    """The totals of the sessions in between, added up from the rows themselves."""
    found: dict[str, tuple[list[ClosedTrade], int]] = {}
    low, high = (None if edge is None else day(edge) for edge in (first, last))
    async with store.database.read() as connection:
        for table in (fills, closed_trades):
            rows = (await connection.execute(select(table).where(table.c.season == season))).mappings()
            for row in rows:
                if (low and row["session"] < low) or (high and row["session"] > high):
                    continue
                trades, count = found.get(row["member"], ([], 0))
                if table is fills:
                    found[row["member"]] = trades, count + 1
                else:
                    trade = ClosedTrade(row["ticker"], row["session"], row["pnl_usd"], Decimal(0))
                    found[row["member"]] = [*trades, trade], count
    return {member: trade_totals(trades, count) for member, (trades, count) in found.items()}


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    trades=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["alpha", "beta"]), st.integers(-3, 3)), max_size=12
    ),
    first=st.none() | st.integers(0, 5),
    last=st.none() | st.integers(0, 5),
)
async def test_trades_of_some_sessions_are_summed_up_as_one_by_one(
    store: Store, trades: list[tuple[int, str, int]], first: int | None, last: int | None
) -> None:
    if await store.runs.record(RUN) is None:
        await seated(store)
    scene = SeasonScene(store, Season(f"s-{uuid4().hex[:12]}"))
    await scene.open("alpha", "beta")
    for number, member, profit in sorted(trades):
        await scene.trades(number, member, str(profit))
    found = await store.scores.trade_totals(
        scene.season, None if first is None else day(first), None if last is None else day(last)
    )
    assert found == await one_by_one(store, scene.season, first, last)
    accounts = {one.member: one.totals for one in await store.books.accounts(scene.season) if one.trades}
    assert await store.scores.trade_totals(scene.season) == accounts
    if last is not None:
        later = await store.scores.trade_totals(scene.season, day(last + 1))
        before = await store.scores.trade_totals(scene.season, None, day(last))
        for member, totals in accounts.items():
            left = totals.without(later[member]) if member in later else totals
            known = before.get(member)
            assert known is None or left._replace(best_usd=None, worst_usd=None) == known._replace(
                best_usd=None, worst_usd=None
            )
            assert left.best_usd in {None, known and known.best_usd}


@pytest.fixture
async def scene(store: Store) -> SeasonScene:
    await seated(store)
    scene = SeasonScene(store)
    await scene.open("alpha", "beta")
    return scene


async def test_daily_values_and_closes_come_back_as_they_were_kept(scene: SeasonScene) -> None:
    await scene.passes(0, {"alpha": "10000.12345678", "beta": None}, benchmark="100.5")
    await scene.passes(1, {"alpha": "1", "beta": "-3.5"}, benchmark=None, tokens={"beta": "0.000000000001"})
    days = await scene.store.scores.days(LIVE)
    assert [(close.session, close.closed_at, close.level) for close in days.closes] == [
        (day(0), close_of(day(0)), Decimal("100.5")),
        (day(1), close_of(day(1)), None),
    ]
    zero, value = Decimal("0.00"), Decimal("10000.12345678")
    assert days.values["alpha"][0] == DailyValue(day(0), value, value, zero, zero, zero, zero)
    assert [one.value_usd for one in days.values["beta"]] == [None, Decimal("-3.5")]
    assert days.values["beta"][1].token_cost_usd == Decimal("0.000000000001")
    later = await scene.store.scores.days(LIVE, day(0))
    assert (later.closes, later.values["alpha"]) == (days.closes[1:], days.values["alpha"][1:])
    assert await scene.store.scores.days(LIVE, day(1)) == ((), {})


async def test_a_watermark_changes_with_each_session_fill_and_account_and_with_nothing_else(
    scene: SeasonScene,
) -> None:
    scores = scene.store.scores
    marks = [await scores.watermark(LIVE)]
    for change in (
        lambda: scene.trades(0, "alpha", "1"),
        lambda: scene.passes(0, {"alpha": "10000"}),
        lambda: scene.open("gamma"),
        lambda: scene.passes(1, {"alpha": "10000"}),
    ):
        await change()
        marks.append(await scores.watermark(LIVE))
        assert await scores.watermark(LIVE) == marks[-1]
    assert len(set(marks)) == len(marks)
    await SeasonScene(scene.store, Season("other")).open("alpha")
    assert await scores.watermark(LIVE) == marks[-1]


async def test_ballots_are_counted_as_one_by_one_for_a_period_and_until_a_moment(scene: SeasonScene) -> None:
    kept = [
        outcome(
            run_id=RUN,
            member=member,
            horizon=horizon,
            action=action,
            right=right,
            entry_session=day(number),
            settled_at=close_of(day(number)),
        )
        for number, (member, horizon, action, right) in enumerate(
            [
                ("alpha", 1, Action.BUY, True),
                ("alpha", 5, Action.SELL, False),
                ("alpha", 20, Action.HOLD, True),
                ("beta", 5, Action.SELL, True),
                ("gamma", 5, Action.BUY, False),
            ]
        )
    ]
    await scene.settled(kept)
    scores = scene.store.scores
    expected = {
        name: ballot_totals([one for one in kept if one.member == name])
        for name in ("alpha", "beta", "gamma")
    }
    assert await scores.ballot_totals(LIVE) == expected
    assert await scores.ballot_totals(LIVE, day(4)) == {"gamma": BallotTotals(after_5=Hits(1, 0))}
    assert await scores.ballot_totals(LIVE, until=close_of(day(0))) == {"alpha": BallotTotals(Hits(1, 1))}
    assert await scores.ballot_totals(Season("other")) == {}


async def test_what_tokens_cost_is_the_same_in_parts_wherever_they_are_parted(store: Store) -> None:
    states = (RunState.FINISHED, RunState.FINISHED, RunState.CANCELLED, RunState.RUNNING)
    for number, state in enumerate(states):
        run_id = f"run0000{number}"
        await begun(store, run_id, ticker=("NVDA", "AAPL", "MSFT", "IBM")[number])
        finished = None if state is RunState.RUNNING else START + timedelta(hours=number)
        async with store.database.write() as connection:
            change = update(runs).where(runs.c.run_id == run_id).values(state=state, finished_at=finished)
            await connection.execute(change)
            paid = update(seats).where(seats.c.run_id == run_id).values(cost_usd=Decimal(10**number))
            await connection.execute(paid)
    whole = await store.runs.token_costs(LIVE)
    assert whole["alpha"] == 1111
    for hours in (-1, 0, 1, 5):
        at = START + timedelta(hours=hours)
        final, other = await store.scores.final_costs(LIVE, at), await store.scores.other_costs(LIVE, at)
        assert {name: final.get(name, 0) + other.get(name, 0) for name in whole} == whole
    first, then = START, START + timedelta(hours=1)
    parts = [await store.scores.final_costs(LIVE, first), await store.scores.final_costs(LIVE, then, first)]
    assert [part["alpha"] for part in parts] == [1, 10]
