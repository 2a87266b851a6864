"""Every call to a model, in one table.

Revises: 0010
Reason: costs, limits and who saw what are asked by day, model, key, chat and person, for all kinds of calls
and by all processes. What stages, reflections and checks of stability have kept becomes rows, so that the
past counts.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BATCH = 1000
_TOKENS = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")


def upgrade() -> None:
    """Create the table and fill it with what is known of the past."""
    op.create_table(
        "calls",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("purpose", "member")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("tier", "run_id", "season")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("chat", "person")),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("stage", "provider", "model", "served_by", "key", "outcome")
        ),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in (
                "prompt_tokens",
                "completion_tokens",
                "cached_tokens",
                "reasoning_tokens",
                "cost_usd",
            )
        ),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("unpriced_calls", sa.Integer(), nullable=False),
        sa.Column("latency_ms", sa.BigInteger(), nullable=False),
        sa.Column("from_cache", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calls")),
        sa.UniqueConstraint("id", name=op.f("uq_calls_id")),
    )
    op.create_index("ix_calls_at", "calls", ["at"], unique=False)
    op.create_index("ix_calls_run_id", "calls", ["run_id"], unique=False)
    _fill()


_STAGES = """
SELECT stages.run_id, stages.member, stages.stage, stages.round, stages.served_by, stages.spend,
  stages.cost_usd, stages.latency_ms, stages.started_at AS at, runs.season, runs.requested_in AS chat,
  runs.requested_by AS person, runs.evidence_sha256, seasons.kind
FROM stages JOIN runs ON runs.run_id = stages.run_id LEFT JOIN seasons ON seasons.name = runs.season
"""
_REFLECTIONS = """
SELECT run_id, member, season, served_by, spend, cost_usd, tried_at AS at FROM reflections WHERE cost_usd > 0
"""
_STABILITIES = "SELECT number, member, evidence_sha256, spend, cost_usd, at FROM stabilities"


def _fill() -> None:
    connection = op.get_bind()
    for query, made in ((_STAGES, _of_stage), (_REFLECTIONS, _of_reflection), (_STABILITIES, _of_stability)):
        result = connection.execute(sa.text(query)).mappings()
        while rows := result.fetchmany(_BATCH):
            told = [(dict(row), json.loads(row["spend"])) for row in rows]
            # A rule asks no model.
            batch = [_row(row, spend) | made(row) for row, spend in told if spend.get("calls")]
            if batch:
                op.bulk_insert(_table(), batch)


def _table() -> sa.TableClause:
    whole = ("at", *_TOKENS, "cost_usd", "calls", "unpriced_calls", "latency_ms")
    words = ("id", "purpose", "member", "tier", "run_id", "season", "chat", "person", "evidence_sha256")
    words = (*words, "stage", "provider", "model", "served_by", "key", "outcome")
    return sa.table(
        "calls",
        *(sa.column(name, sa.BigInteger()) for name in whole),
        *(sa.column(name, sa.Text()) for name in words),
        sa.column("from_cache", sa.Boolean()),
    )


def _row(row: dict[str, Any], spend: dict[str, Any]) -> dict[str, Any]:
    served = json.loads(row.get("served_by") or "null") or {}
    counts = ("prompt_tokens", "completion_tokens", "calls", "unpriced_calls")
    return {
        "at": row["at"],
        "member": row["member"],
        "tier": None,
        "run_id": row.get("run_id"),
        "season": row.get("season"),
        "chat": row.get("chat", "terminal"),
        "person": row.get("person", "terminal"),
        "evidence_sha256": row.get("evidence_sha256"),
        "stage": row.get("stage", ""),
        "provider": served.get("provider", ""),
        "model": served.get("model", ""),
        "served_by": served.get("model", ""),
        "key": served.get("key", ""),
        "outcome": "answered",
        **{name: spend.get(name, 0) for name in counts},
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "cost_usd": row["cost_usd"],
        "latency_ms": row.get("latency_ms", 0),
        "from_cache": False,
    }


def _of_stage(row: dict[str, Any]) -> dict[str, Any]:
    purpose = "replay" if row["kind"] == "replay" else "run"
    return {"id": f"{row['run_id']}.{row['member']}.{row['stage']}.{row['round']}", "purpose": purpose}


def _of_reflection(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"{row['run_id']}.{row['member']}.reflection", "purpose": "reflection"}


def _of_stability(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"stability.{row['number']}", "purpose": "stability"}
