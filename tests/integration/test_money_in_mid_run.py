"""Whole runs in which a key or a provider gives out in the middle: each request is paid once, by its key."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.app.app import App
from core.domain.calls import CallOutcome
from core.llm.scopes import day_scope, key_scope, run_scope
from core.store.budget_tables import budget_holds
from core.store.call_tables import calls
from tests import arena
from tests.arena import Opening
from tests.loopback import model_replies as say
from tests.loopback.model_server import ModelServer

pytest_plugins = ("tests.storage", "tests.arena_fixtures")

MODEL = "claude/claude-1"
COST = Decimal("0.001")
USAGE = {"prompt_tokens": 100, "completion_tokens": 50, "cost": float(COST)}
GOOD = say.filled(arena.opinion("claude"), usage=USAGE)
ENVIRON = {
    "ONE": "made-up-first-key-3f9a",
    "TWO": "made-up-second-key-77c1",
    "SPARE": "made-up-third-key-51d0",
}
PRICES = {"price_in_usd_per_mtok": 1, "price_out_usd_per_mtok": 1}
MISDEEDS = {
    "429 and for how long": say.rate_limited("3600"),
    "429": say.rate_limited(),
    "402": say.out_of_credit(),
    "401": say.echoes_key(),
    "500": say.server_error(),
    "hangs": say.hangs(),
    "drips": say.drips(),
    "junk": say.junk(),
}


@pytest.fixture
async def spare() -> AsyncIterator[ModelServer]:
    async with ModelServer(default=GOOD) as server:
        yield server


def sections(first: ModelServer, spare: ModelServer | None, keys: tuple[str, ...]) -> dict[str, Any]:
    """One member of which every scope has a limit, so that all of it is held and settled."""
    providers = [
        {
            "name": name,
            "base_url": server.base_url,
            "timeout_s": 0.5 if name == "first" and spare else 10.0,
            "keys": [{"name": key, "secret": f"env:{key.upper()}", "daily_usd": "5"} for key in its],
        }
        for name, server, its in (("first", first, keys), ("spare", spare, ("spare",)))
        if server
    ]
    route = [f"{provider['name']}:{MODEL}" for provider in providers]
    return {
        "providers": providers,
        "members": [{"name": "claude", "route": route, "tier": "premium", **PRICES}],
        "consensus": {"min_members": 1},
        "arena": {"committee": False, "crowd": False},
        "pipeline": {"base_delay_s": 0.01, "max_retries": 1, "stage_timeout_s": 20.0},
        "budget": {"daily_usd": "9", "per_run_usd": "9", "tiers": {"premium": "9"}},
    }


async def money_adds_up(app: App, run_id: str) -> list[Any]:
    """Check that budgets are the sums of the calls, and return the calls, the oldest first."""
    await app._store.calls.log.flush()
    async with app._store.database.read() as connection:
        made = list((await connection.execute(select(calls).order_by(calls.c.at))).mappings())
        held = (await connection.execute(select(func.count()).select_from(budget_holds))).scalar()
    budget, today = app._gateway.budget, app._gateway.today()
    assert held == 0
    total = sum((one["cost_usd"] for one in made), Decimal(0))
    for scope in (day_scope(today), run_scope(run_id), f"tier:premium:{today}"):
        assert (await budget.spent(scope), await budget.reserved(scope)) == (total, 0)
    for provider, key in {(one["provider"], one["key"]) for one in made}:
        own = sum(
            (one["cost_usd"] for one in made if (one["provider"], one["key"]) == (provider, key)), Decimal(0)
        )
        scope = key_scope(provider, key, today)
        assert (await budget.spent(scope), await budget.reserved(scope)) == (own, 0)
    return made


@pytest.mark.parametrize("misdeed", ["429 and for how long", "402", "401"])
async def test_a_key_that_gives_out_in_mid_run_is_replaced_and_each_key_pays_for_its_own_calls(
    models: ModelServer, opening: Opening, tmp_path: Path, url: str, misdeed: str
) -> None:
    served: list[str] = []

    def by_key(request: Any) -> say.Reply:
        served.append(request.key)
        out = request.key == ENVIRON["ONE"] and served.count(ENVIRON["ONE"]) > 2
        return (MISDEEDS[misdeed] if out else GOOD)(request)

    models.always(MODEL, by_key)
    app = await opening("", tmp_path, url=url, environ=ENVIRON, **sections(models, None, ("one", "two")))
    record = await arena.finished(app, arena.request())
    assert len(record.ballots) == 1
    made = await money_adds_up(app, record.run_id)
    assert len(made) == len(served)
    answered = [one for one in made if one["outcome"] == CallOutcome.ANSWERED]
    assert len(answered) == 12
    assert {one["key"] for one in answered} == {"one", "two"}
    assert {one["key"] for one in made if one not in answered} == {"one"}
    assert record.cost_usd == 12 * COST


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_a_run_outlives_its_provider_in_the_middle_says_so_and_its_money_adds_up(
    models: ModelServer, spare: ModelServer, opening: Opening, tmp_path: Path, misdeed: str
) -> None:
    models.say_next(MODEL, *[GOOD] * 5)
    models.always(MODEL, MISDEEDS[misdeed])
    app = await opening("", tmp_path, environ=ENVIRON, **sections(models, spare, ("one", "two")))
    async with asyncio.timeout(30):
        record = await arena.finished(app, arena.request())
    (ballot,) = record.ballots
    assert ballot.served_by.provider == "spare"
    stages = (await app.model_chat(record.run_id, "claude")).stages
    assert [stage.served_by.provider for stage in stages].count("first") == 5
    made = await money_adds_up(app, record.run_id)
    assert len(made) == len(models.asked(MODEL)) + len(spare.asked(MODEL))
    lost = [one for one in made if one["outcome"] == CallOutcome.TIMEOUT]
    assert bool(lost) == (misdeed in {"hangs", "drips"})
    assert all(one["cost_usd"] > 0 and one["estimated_calls"] for one in lost)
    assert record.cost_usd == sum((one["cost_usd"] for one in made), Decimal(0))
    assert record.cost_usd == 12 * COST + sum((one["cost_usd"] for one in lost), Decimal(0))
    assert not any(secret in record.model_dump_json() for secret in ENVIRON.values())
