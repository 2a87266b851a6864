"""What past runs tell about coming ones."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from core.domain.ballot import Abstention, AbstentionKind, Action
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.stage import Preset
from core.domain.usage import Spend
from core.domain.verdict import Verdict
from core.store.store import Store
from tests.store_values import START, begun

pytest_plugins = ("tests.storage",)


NO_VERDICT = Verdict(
    decision=None,
    method="weighted",
    agreement=Decimal(0),
    votes=dict.fromkeys(Action, 0),
    weighted_votes=dict.fromkeys(Action, Decimal(0)),
    abstained=("alpha",),
)


async def ran(
    store: Store,
    run_id: str,
    usd: str,
    *,
    state: RunState = RunState.FINISHED,
    minute: int = 0,
    **changes: object,
) -> None:
    """A run in which alpha spent so much."""
    await begun(store, run_id, **changes)
    spend = Spend(prompt_tokens=10, cost_usd=Decimal(usd), calls=1)
    result = Abstention(member="alpha", kind=AbstentionKind.TIMEOUT, reason="late", spend=spend, latency_ms=1)
    await store.runs.add_result(run_id, result)
    at = START + timedelta(minutes=minute)
    if state is not RunState.FINISHED:
        await store.runs.end(run_id, state, None, at)
        return
    async with store.books.locked(Season.LIVE) as books:
        assert await books.finish_run(run_id, NO_VERDICT, at)


async def test_the_last_finished_runs_of_a_preset_tell_what_each_member_spent(store: Store) -> None:
    for number, usd in enumerate(("9", "0.1", "0.2", "0.3"), 1):
        await ran(store, f"run0000{number}", usd, minute=number)
    await ran(store, "run00005", "7", state=RunState.FAILED, minute=5)
    await ran(store, "run00006", "8", preset=Preset.QUICK, minute=6)
    spent = await store.history.spent(Preset.STANDARD, 3)
    assert {member: sorted(one.cost_usd for one in each) for member, each in spent.items()} == {
        "alpha": [Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]
    }
    assert await store.history.spent(Preset.DEEP, 3) == {}
    asked = [(Preset.QUICK, 3), (Preset.DEEP, 3), (Preset.STANDARD, 1), (Preset.QUICK, 3)]
    found = await asyncio.gather(*(store.history.spent(*wanted) for wanted in asked))
    assert [[one.cost_usd for one in each.get("alpha", ())] for each in found] == [
        [Decimal(8)],
        [],
        [Decimal("0.3")],
        [Decimal(8)],
    ]


async def test_the_tickers_of_the_last_runs_come_newest_first_and_once(store: Store) -> None:
    for number, ticker in enumerate(("NVDA", "AAPL", "NVDA", "IBM"), 1):
        await ran(store, f"run0000{number}", "0", ticker=ticker, minute=number)
    await ran(store, "run00009", "0", ticker="GONE", state=RunState.CANCELLED, minute=9)
    assert await store.history.tickers(5) == ("IBM", "NVDA", "AAPL")
    assert await store.history.tickers(1) == ("IBM",)
