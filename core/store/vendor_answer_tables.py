"""The table of what vendors of evidence have answered, for a while."""

from sqlalchemy import Column, Index, Table

from core.store.column_types import Moment, Words
from core.store.tables import metadata

vendor_answers = Table(
    "vendor_answers",
    metadata,
    Column("question", Words, primary_key=True),
    Column("vendor", Words, primary_key=True),
    Column("subject", Words, primary_key=True),
    Column("span", Words, primary_key=True),
    Column("answer", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Index("ix_vendor_answers_expires", "expires"),
)
"""Uncut answers as JSON; the columns of the key are those of `core.domain.vendor_answers.AnswerKey`."""
