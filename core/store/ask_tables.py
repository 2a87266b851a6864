"""The table of questions to one model. A row begins with the question, and its answer completes it once."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table

from core.domain.asking import AskRequest
from core.domain.routing import AskRecord
from core.store.column_types import COST_PLACES, AsJson, Exact, Moment, Words
from core.store.tables import metadata

asks = Table(
    "asks",
    metadata,
    Column("id", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("evidence_sha256", Words, ForeignKey("evidence.sha256"), nullable=False),
    Column("requested_by", Words, nullable=False),
    Column("requested_in", Words, nullable=False),
    Column("request", AsJson(AskRequest), nullable=False),
    Column("candidate", Words, nullable=False),
    Column("task", Words),
    Column("test", Words),
    Column("arm", Words),
    Column("record", AsJson(AskRecord)),
    Column("answered", Boolean),
    Column("member", Words, nullable=False),
    Column("provider", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("cost_usd", Exact(COST_PLACES), nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Index("ix_asks_at", "at"),
    Index("ix_asks_test", "test"),
)
"""`candidate` was chosen, `answered` says whether it gave the ballot itself; who did is in `record`."""
