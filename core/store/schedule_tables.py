"""The tables of the schedule: what chats asked to receive, every time of it, and the alerts.

The rest of the schema is in `core.store.tables` and `core.store.season_tables`; `migrations/` makes all.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    text,
)

from core.domain.alert import Alert
from core.domain.subscription import ChatTerms, Wanted
from core.store.column_types import AsJson, Moment, Words
from core.store.tables import metadata

ONE_DUE = text("state = 'due' AND timed")
"""Of which slots a subscription has one at most: the due ones of what has times, so all but alerts."""


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


subscriptions = Table(
    "subscriptions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("platform", Words, nullable=False),
    Column("chat", Words, nullable=False),
    Column("thread", Words),
    Column("topic", Words, nullable=False),
    Column("wanted", AsJson(Wanted), nullable=False),
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("created_by", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(
        "topic IN ('verdicts', 'leaderboard', 'digest', 'review', 'costs', 'alerts')", name="topic"
    ),
    CheckConstraint("state IN ('active', 'paused', 'deleted')", name="state"),
    CheckConstraint("reason IS NULL OR state = 'paused'", name="reason"),
    Index("ix_subscriptions_platform_chat", "platform", "chat"),
    _partial("ix_subscriptions_topic_active", "topic", where="state = 'active'"),
)
"""What chats asked to receive. `wanted` is the whole wish, `topic` a part of it for queries."""

slots = Table(
    "slots",
    metadata,
    Column("subscription", Integer, primary_key=True, autoincrement=False),
    Column("key", Words, primary_key=True),
    Column("timed", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tickers", AsJson(tuple[str, ...]), nullable=False),
    Column("state", Words, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("posted", Integer, nullable=False),
    Column("posting", Boolean, nullable=False),
    Column("messages", AsJson(tuple[str, ...]), nullable=False),
    Column("note", Words),
    Column("owner", Words),
    Column("lease_until", Moment),
    Column("ended_at", Moment),
    CheckConstraint("state IN ('due', 'claimed', 'running', 'delivered', 'failed')", name="state"),
    CheckConstraint("(state IN ('claimed', 'running')) = (lease_until IS NOT NULL)", name="lease_until"),
    CheckConstraint("owner IS NULL OR lease_until IS NOT NULL", name="owner"),
    CheckConstraint("(state IN ('delivered', 'failed')) = (ended_at IS NOT NULL)", name="ended_at"),
    CheckConstraint("state <> 'due' OR (posted = 0 AND NOT posting)", name="posting"),
    CheckConstraint("missed >= 0 AND posted >= 0", name="counts"),
    Index(
        "uq_slots_subscription_due",
        "subscription",
        unique=True,
        sqlite_where=ONE_DUE,
        postgresql_where=ONE_DUE,
    ),
    _partial("ix_slots_due_at", "due_at", where="state = 'due'"),
    _partial("ix_slots_alerts_due_at", "due_at", where="state = 'due' AND NOT timed"),
    _partial("ix_slots_lease_until", "lease_until", where="lease_until IS NOT NULL"),
    _partial("ix_slots_ended_at", "ended_at", where="ended_at IS NOT NULL"),
)
"""Every time of every subscription; the primary key is what makes it be worked on once. A lease without an
owner was given back. `timed` is false for alerts, which come when they happen, several at once perhaps."""

chat_terms = Table(
    "chat_terms",
    metadata,
    Column("chat_id", Words, primary_key=True),
    Column("terms", AsJson(ChatTerms), nullable=False),
    Column("changed_at", Moment, nullable=False),
)
"""How chats want to be treated. A chat that has subscribed has a row, which is locked while its
subscriptions are counted."""

alerts = Table(
    "alerts",
    metadata,
    Column("key", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("alert", AsJson(Alert), nullable=False),
    CheckConstraint(
        "kind IN ('stop', 'take_profit', 'flip', 'model_down', 'budget', 'season', 'key', 'route')",
        name="kind",
    ),
)
"""What has happened that chats are told at once; the primary key is what makes it be told once."""
