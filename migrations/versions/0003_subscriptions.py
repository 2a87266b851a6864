"""Subscriptions, their slots, the terms of chats, alerts, and runs that are made once.

Revises: 0002
Reason: chats receive digests, verdicts and alerts by themselves; each time is worked on once, by whichever
process claims it, and a run that several chats wait for is made once for all of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the four tables, and let a run say for what it is the only one."""
    _subscriptions()
    _slots()
    _chats_and_alerts()
    op.add_column("runs", sa.Column("once", sa.Text(), nullable=True))
    _partial("uq_runs_once", "runs", "once", where="once IS NOT NULL", unique=True)


def _partial(name: str, table: str, column: str, *, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], unique=unique, sqlite_where=condition, postgresql_where=condition)


def _subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "topic IN ('verdicts', 'leaderboard', 'digest', 'review', 'alerts')",
            name=op.f("ck_subscriptions_topic"),
        ),
        sa.CheckConstraint("state IN ('active', 'paused', 'deleted')", name=op.f("ck_subscriptions_state")),
        sa.CheckConstraint("reason IS NULL OR state = 'paused'", name=op.f("ck_subscriptions_reason")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_platform_chat", "subscriptions", ["platform", "chat"], unique=False)
    _partial("ix_subscriptions_topic_active", "subscriptions", "topic", where="state = 'active'")


def _slots() -> None:
    op.create_table(
        "slots",
        sa.Column("subscription", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("timed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tickers", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("posted", sa.Integer(), nullable=False),
        sa.Column("posting", sa.Boolean(), nullable=False),
        sa.Column("messages", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'claimed', 'running', 'delivered', 'failed')", name=op.f("ck_slots_state")
        ),
        sa.CheckConstraint(
            "(state IN ('claimed', 'running')) = (lease_until IS NOT NULL)",
            name=op.f("ck_slots_lease_until"),
        ),
        sa.CheckConstraint("owner IS NULL OR lease_until IS NOT NULL", name=op.f("ck_slots_owner")),
        sa.CheckConstraint(
            "(state IN ('delivered', 'failed')) = (ended_at IS NOT NULL)", name=op.f("ck_slots_ended_at")
        ),
        sa.CheckConstraint("state <> 'due' OR (posted = 0 AND NOT posting)", name=op.f("ck_slots_posting")),
        sa.CheckConstraint("missed >= 0 AND posted >= 0", name=op.f("ck_slots_counts")),
        sa.PrimaryKeyConstraint("subscription", "key", name=op.f("pk_slots")),
    )
    _partial(
        "uq_slots_subscription_due", "slots", "subscription", where="state = 'due' AND timed", unique=True
    )
    _partial("ix_slots_due_at", "slots", "due_at", where="state = 'due'")
    _partial("ix_slots_lease_until", "slots", "lease_until", where="lease_until IS NOT NULL")
    _partial("ix_slots_ended_at", "slots", "ended_at", where="ended_at IS NOT NULL")


def _chats_and_alerts() -> None:
    op.create_table(
        "chat_terms",
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chat_terms")),
    )
    op.create_table(
        "alerts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('stop', 'take_profit', 'flip', 'model_down', 'budget', 'season')",
            name=op.f("ck_alerts_kind"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alerts")),
    )
