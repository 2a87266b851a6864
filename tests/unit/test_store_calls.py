"""Calls to models as the store keeps them, and those that older rows tell of."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, create_engine, select, text

from core.domain.calls import Call, Caller, CallOutcome, Purpose
from core.domain.usage import Spend
from core.store.call_tables import calls
from core.store.store import Store

pytest_plugins = ("tests.storage",)

NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
CALL = Call(
    id="a",
    at=NOON,
    caller=Caller(
        purpose=Purpose.RUN, member="claude", tier="premium", run_id="r1", chat="slack:C1", person="slack:U1"
    ),
    stage="bear",
    provider="openrouter",
    model="anthropic/claude-sonnet-4.5",
    served_by="anthropic/claude-sonnet-4.5",
    key="main",
    outcome=CallOutcome.ANSWERED,
    spend=Spend(
        prompt_tokens=1200, completion_tokens=80, cached_tokens=1000, cost_usd=Decimal("0.00123"), calls=1
    ),
    latency_ms=950,
)


async def test_a_call_is_kept_once_with_all_that_is_known_of_it(store: Store) -> None:
    await store.calls.add([CALL, CALL.model_copy(update={"id": "b", "outcome": CallOutcome.TIMEOUT})])
    await store.calls.add([CALL.model_copy(update={"latency_ms": 1})])
    async with store.database.read() as connection:
        first, second = (await connection.execute(select(calls).order_by(calls.c.id))).mappings().all()
    assert (first["at"], first["member"], first["tier"], first["chat"]) == (
        NOON,
        "claude",
        "premium",
        "slack:C1",
    )
    assert (first["cost_usd"], first["cached_tokens"], first["latency_ms"]) == (Decimal("0.00123"), 1000, 950)
    assert second["outcome"] == "timeout"


async def test_a_run_over_midnight_counts_call_by_call(store: Store) -> None:
    midnight = NOON + timedelta(hours=12)
    later = {"at": midnight, "caller": CALL.caller.model_copy(update={"chat": "slack:C2"})}
    await store.calls.add([CALL, *(CALL.model_copy(update={**later, "id": one}) for one in ("b", "c"))])
    (new,) = await store.calls.spent_since(midnight)
    assert (new.chat, new.cost_usd, new.tokens) == ("slack:C2", Decimal("0.00246"), 2560)
    assert {one.chat: one.cost_usd for one in await store.calls.spent_since(NOON)} == {
        "slack:C1": Decimal("0.00123"),
        "slack:C2": Decimal("0.00246"),
    }
    assert await store.calls.spent_since(midnight + timedelta(seconds=1)) == ()


@pytest.mark.parametrize(("kind", "purpose"), [("live", "run"), ("replay", "replay")])
def test_what_older_rows_tell_of_calls_becomes_rows(kind: str, purpose: str) -> None:
    spend = json.dumps({"prompt_tokens": 900, "completion_tokens": 90, "cost_usd": "0.002", "calls": 1})
    served = json.dumps({"provider": "openrouter", "model": "openai/gpt-5", "key": "main"})

    def fill(connection: Connection) -> list[dict[str, object]]:
        for table in (
            "stages (run_id, member, stage, round, served_by, spend, cost_usd, latency_ms, started_at)",
            "runs (run_id, season, requested_in, requested_by, evidence_sha256)",
            "seasons (name, kind)",
            "reflections (run_id, member, season, served_by, spend, cost_usd, tried_at)",
            "stabilities (number, member, evidence_sha256, spend, cost_usd, at)",
        ):
            connection.execute(text(f"CREATE TABLE {table}"))
        connection.execute(text("INSERT INTO runs VALUES ('r1', 's', 'slack:C1', 'slack:U1', 'abc')"))
        connection.execute(text("INSERT INTO seasons VALUES ('s', :kind)"), {"kind": kind})
        stage = text("INSERT INTO stages VALUES ('r1', :who, 'bear', 1, :served, :spend, 2000000000, 7, 5)")
        connection.execute(stage, {"who": "gpt5", "served": served, "spend": spend})
        connection.execute(stage, {"who": "momentum", "served": None, "spend": "{}"})
        connection.execute(
            text("INSERT INTO reflections VALUES ('r1', 'gpt5', 's', :served, :spend, 1, 9)"),
            {"served": served, "spend": spend},
        )
        connection.execute(
            text("INSERT INTO stabilities VALUES (4, 'gpt5', 'abc', :spend, 1, 11)"), {"spend": spend}
        )
        with Operations.context(MigrationContext.configure(connection)):
            import_module("migrations.versions.0011_calls").upgrade()
        return [dict(row) for row in connection.execute(text("SELECT * FROM calls ORDER BY at")).mappings()]

    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        stage, reflection, stability = fill(connection)
    engine.dispose()
    assert (stage["id"], stage["purpose"], stage["key"], stage["model"]) == (
        "r1.gpt5.bear.1",
        purpose,
        "main",
        "openai/gpt-5",
    )
    assert (stage["prompt_tokens"], stage["cost_usd"], stage["chat"]) == (900, 2000000000, "slack:C1")
    assert (reflection["purpose"], stability["purpose"]) == ("reflection", "stability")
    assert stability["provider"] == ""


async def test_many_calls_at_a_time_are_all_kept(store: Store) -> None:
    many = [CALL.model_copy(update={"id": f"call-{number}"}) for number in range(300)]
    await asyncio.gather(*(store.calls.add(many[start : start + 10]) for start in range(0, 300, 10)))
    async with store.database.read() as connection:
        rows = (await connection.execute(select(calls.c.id))).all()
    assert len(rows) == 300
