"""The table of what models have answered, for a while."""

from sqlalchemy import Column, Index, Table

from core.store.column_types import FreeJson, Moment, Words
from core.store.tables import metadata

model_answers = Table(
    "model_answers",
    metadata,
    Column("key", Words, primary_key=True),
    Column("member", Words, nullable=False),
    Column("answer", FreeJson, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Index("ix_model_answers_expires", "expires"),
)
"""Answers by the hash of all that was asked, of whom, and about which evidence."""
