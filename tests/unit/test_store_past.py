"""Past runs page by page, what they have earned, and the run that two members share."""

from decimal import Decimal

from core.domain.run import RunState
from core.store.store import Store
from tests.integration.test_run_history import ran
from tests.unit.test_store_outcomes import heard, of_run

pytest_plugins = ("tests.storage",)


async def test_pages_have_finished_runs_alone_and_the_newest_first(store: Store) -> None:
    for number in range(1, 6):
        await ran(store, f"run0000{number}", "0", minute=number)
    await ran(store, "run00006", "0", state=RunState.CANCELLED, minute=6)
    await ran(store, "run00007", "0", minute=7, ticker="AAPL")
    assert await store.past.count(None) == 6
    assert await store.past.count("NVDA") == 5
    assert await store.past.count("MSFT") == 0
    everything = await store.past.page(None, 0, 4)
    assert [run.run_id for run in everything] == ["run00007", "run00005", "run00004", "run00003"]
    assert [run.run_id for run in await store.past.page("NVDA", 3, 4)] == ["run00002", "run00001"]
    assert await store.past.page("MSFT", 0, 4) == ()
    assert all(run.return_ratio is None and run.earned is None for run in everything)


async def test_a_run_has_the_return_over_the_longest_time_that_is_settled(store: Store) -> None:
    await heard(store, "run00001", "alpha", "beta")
    await heard(store, "run00002", "alpha")
    for horizon, ratio in ((5, "0.05"), (1, "0.01"), (20, "-0.2")):
        settled = of_run("run00001", "alpha", "beta", horizon=horizon, return_ratio=Decimal(ratio))
        await store.outcomes.add(settled)
    await store.outcomes.add(of_run("run00002", "alpha", horizon=1, return_ratio=Decimal("0.03")))
    found = {run.run_id: (run.horizon, run.return_ratio) for run in await store.past.page(None, 0, 9)}
    assert found == {"run00001": (20, Decimal("-0.2")), "run00002": (1, Decimal("0.03"))}


async def test_the_last_run_that_two_members_share_is_found_of_a_ticker_or_of_all(store: Store) -> None:
    await ran(store, "run00001", "0", minute=1)
    await ran(store, "run00002", "0", minute=2, ticker="AAPL")
    await ran(store, "run00003", "0", minute=3, state=RunState.FAILED)
    assert await store.past.shared("alpha", "beta", None) == "run00002"
    assert await store.past.shared("beta", "alpha", "NVDA") == "run00001"
    assert await store.past.shared("alpha", "nobody", None) is None
    assert await store.past.shared("alpha", "beta", "MSFT") is None
