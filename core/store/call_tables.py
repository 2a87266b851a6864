"""The table of model calls: what each was for, who answered, and what it used."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, text

from core.store.column_types import COST_PLACES, Exact, Moment, Words
from core.store.tables import metadata

calls = Table(
    "calls",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("at", Moment, nullable=False),
    Column("purpose", Words, nullable=False),
    Column("member", Words, nullable=False),
    Column("tier", Words),
    Column("run_id", Words),
    Column("season", Words),
    Column("chat", Words, nullable=False),
    Column("person", Words, nullable=False),
    Column("evidence_sha256", Words),
    Column("stage", Words, nullable=False),
    Column("provider", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("served_by", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost_usd", Exact(COST_PLACES), nullable=False),
    Column("calls", Integer, nullable=False),
    Column("unpriced_calls", Integer, nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Column("from_cache", Boolean, nullable=False),
    Column("estimated_calls", Integer, nullable=False, server_default=text("0")),
    Index("ix_calls_at", "at"),
    Index("ix_calls_run_id", "run_id"),
    Index("ix_calls_evidence_sha256", "evidence_sha256"),
)
"""One row a request. Rows from before this table are one a stage, made of what the stages had kept."""
