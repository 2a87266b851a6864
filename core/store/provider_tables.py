"""The tables of what is known of providers: their keys, and the routes to their models."""

from sqlalchemy import Boolean, CheckConstraint, Column, Table

from core.store.column_types import Moment, Words
from core.store.tables import metadata

provider_keys = Table(
    "provider_keys",
    metadata,
    Column("provider", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("condition", Words, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("reason", Words, nullable=False),
    Column("mark", Words, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("condition IN ('usable', 'resting', 'no_credit', 'refused')", name="condition"),
)
"""The newest note on each key; `model` is "" where it is about all. `mark` is a salt and a short hash."""

provider_routes = Table(
    "provider_routes",
    metadata,
    Column("provider", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("down", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("was_down_since", Moment),
    Column("reason", Words, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The newest note on each route."""

provider_dialects = Table(
    "provider_dialects",
    metadata,
    Column("provider", Words, primary_key=True),
    Column("base_url", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("form", Words, nullable=False),
    Column("limit_field", Words, nullable=False),
    Column("temperature", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)
"""How each model wants to be asked at an address, learned from what it has refused."""
