"""A thousand runs of several processes at once pass no limit by a cent, whatever fails or dies among them."""

import asyncio
import random
from dataclasses import dataclass
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import ManualClock, SystemClock
from core.domain.budgets import Limit, Wish
from core.domain.calls import Caller, Purpose
from core.domain.errors import BadAnswer, BudgetExceeded, ModelFailure
from core.domain.usage import ServedBy, Spend
from core.llm.budget import Budget, BudgetedModel
from core.llm.port import Answer, Ask, Message
from core.llm.prices import Prices
from core.llm.recording import CallForm, RecordedModel
from core.llm.scopes import counts_of, scopes_of
from core.store.budget_tables import budget_holds, budget_scopes
from core.store.call_tables import calls
from core.store.column_types import COST_PLACES, Exact
from core.store.store import Store
from tests.budget_wishes import DAY, DAY_SCOPE, LEASE, ZONE, call, standing, wish
from tests.store_values import START

pytest_plugins = ("tests.storage",)


@dataclass
class Provider:
    """Answers, fails and dies by chance; none of its calls costs more than was reserved."""

    dice: random.Random
    most: Decimal
    dead: bool = False

    async def ask(self, ask: Ask) -> Answer:
        for _ in range(self.dice.randrange(4)):
            await asyncio.sleep(0)
        spend = Spend(cost_usd=self.most * self.dice.randrange(0, 1001) / 1000, calls=1, prompt_tokens=1)
        fate = self.dice.random()
        if fate < 0.2:
            raise BadAnswer("junk", spent=spend)
        if fate < 0.3:
            raise asyncio.CancelledError
        if fate < 0.35:
            raise ModelFailure("nothing was sent", spent=Spend(calls=1))
        return Answer(text="Buy", served_by=ServedBy(provider="p", model="m"), spend=spend, latency_ms=1)


RUNS, PROCESSES = 1_000, 4
PRICES = Prices(out_usd_per_mtok=Decimal(1000))
ASK = Ask(messages=(Message(role="user", content="?"),), max_output_tokens=100)
MOST = PRICES.most(ASK)
LIMITS = {
    "day": Decimal(20),
    "tier:premium": Decimal("9.5"),
    "tier:fast": Decimal(6),
    "key": Decimal("17.123"),
    "chat": Decimal(4),
    "person": Decimal(3),
    "run": MOST * 2,
    "tokens": Decimal(100_000_000),
}


def limit_of(scope: str) -> Decimal | None:
    kind, _, rest = scope.partition(":")
    return LIMITS.get(f"{kind}:{rest.partition(':')[0]}", LIMITS.get(kind))


@pytest.mark.timeout(120)
async def test_a_thousand_runs_of_several_processes_pass_no_limit_by_a_cent(
    url: str, clock: ManualClock
) -> None:
    """With random costs, failures and cancellations, and processes that die with their calls under way."""
    dice = random.Random(1)
    stores = [await Store.open(url, clock) for _ in range(PROCESSES)]
    await _all_run(dice, url, stores, clock)
    held = await _check(stores[0])
    clock.advance(LEASE.total_seconds() + 61)
    await stores[0].budgets.hold(wish(call("last", "0"), "run:after"))
    await _check(stores[0])
    spent, still = await standing(stores[0])
    assert still == 0
    async with stores[0].database.read() as connection:
        total = func.sum(calls.c.cost_usd, type_=Exact(COST_PLACES))
        lost = (await connection.execute(select(total).where(calls.c.outcome == "lost"))).scalar()
        assert spent == (await connection.execute(select(total))).scalar()
    assert (lost or 0) == held
    assert spent > Decimal(10)
    for store in stores:
        await store.close()


async def _all_run(dice: random.Random, url: str, stores: list[Store], clock: ManualClock) -> None:
    """Let all runs go on at once, and look all the while whether every scope keeps its limit."""
    budgets = [
        Budget(limit_of, book=one.budgets, clock=SystemClock(), zone=ZONE, patience_s=0.2) for one in stores
    ]

    async def run(number: int) -> None:
        place = number % PROCESSES
        store = stores[place]
        caller = Caller(
            purpose=Purpose.RUN,
            tier=dice.choice(["premium", "fast", "advanced"]),
            run_id=f"r{number // 4}",
            chat=f"slack:C{number % 7}",
            person=f"slack:U{number % 11}",
        )
        form = CallForm(caller=caller, provider="p", model="m", key="main", clock=clock, zone=ZONE)
        inner = RecordedModel(Provider(dice, MOST), form, store.calls.log)
        model = BudgetedModel(inner, budgets[place], PRICES, form)
        for _ in range(1 + (number % 4 == 0)):
            try:
                await model.ask(ASK)
            except BudgetExceeded:
                return
            except (ModelFailure, asyncio.CancelledError):
                continue

    over = asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            await _check(stores[0])
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(run(number) for number in range(RUNS)), *(_dies(url, clock) for _ in range(2)))
    over.set()
    await watching
    for store in stores:
        assert await store.calls.log.flush(60)


async def _dies(url: str, clock: ManualClock) -> None:
    """Hold some money, as a process does that is killed before it hears how its calls ended."""
    await asyncio.sleep(0.05)
    store = await Store.open(url, clock)
    for number in range(3):
        made = call(f"lost-{id(store)}-{number}", str(MOST), chat="slack:C1")
        limited = [(scope, most) for scope in scopes_of(made, DAY) if (most := limit_of(scope))]
        limits = tuple(Limit(scope, most, counts_of(scope, ZONE)) for scope, most in limited)
        await store.budgets.hold(Wish(made, scopes_of(made, DAY), limits, START + LEASE))
    await store.database.close()


async def _check(store: Store) -> Decimal:
    """Check every scope's row against its limit, its calls and its holds; return what the day holds."""
    async with store.database.read() as connection:
        rows = (await connection.execute(select(budget_scopes))).mappings().all()
        holds = (await connection.execute(select(budget_holds.c.amounts))).scalars().all()
        sums = await _sums(connection)
    day = Decimal(0)
    for row in rows:
        scope, unit = row["scope"], 0 if row["scope"].startswith("tokens") else COST_PLACES
        spent, held = Decimal(row["spent"]).scaleb(-unit), Decimal(row["held"]).scaleb(-unit)
        limit = limit_of(scope)
        assert limit is not None or scope == "run:after"
        assert held >= 0
        assert limit is None or spent + held <= limit, scope
        assert row["held"] == sum(int(amounts.get(scope, 0)) for amounts in holds), scope
        assert spent == sums.get(scope, 0), scope
        day = held if scope == DAY_SCOPE else day
    return day


async def _sums(connection: AsyncConnection) -> dict[str, Decimal]:
    """Add up calls as the test understands scopes, and not as the store does; all are of one day."""
    sums: dict[str, Decimal] = {}
    for row in (await connection.execute(select(calls))).mappings():
        owners = ["day", f"tier:{row['tier']}", f"chat:{row['chat']}", f"person:{row['person']}"]
        key = f"{row['provider']}:{row['key']}"
        scopes = [f"{owner}:{DAY}" for owner in (*owners, f"key:{key}")] + [f"run:{row['run_id']}"]
        for scope in scopes:
            sums[scope] = sums.get(scope, Decimal(0)) + row["cost_usd"]
        tokens = f"tokens:{key}:{DAY}"
        sums[tokens] = sums.get(tokens, Decimal(0)) + row["prompt_tokens"] + row["completion_tokens"]
    return sums
