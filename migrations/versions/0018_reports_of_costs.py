"""Reports of costs as a topic of subscriptions, and calls to models found by the evidence that they showed.

Revises: 0017
Reason: chats are told once a day what models cost, and who has seen a pack of evidence must be answered
without reading every call.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NARROW = "topic IN ('verdicts', 'leaderboard', 'digest', 'review', 'alerts')"
_WIDER = "topic IN ('verdicts', 'leaderboard', 'digest', 'review', 'costs', 'alerts')"


def upgrade() -> None:
    """Let subscriptions be about costs, and create the index."""
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_on_sqlite()
    else:
        op.drop_constraint(op.f("ck_subscriptions_topic"), "subscriptions")
        op.create_check_constraint(op.f("ck_subscriptions_topic"), "subscriptions", _WIDER)
    op.create_index("ix_calls_evidence_sha256", "calls", ["evidence_sha256"], unique=False)


def _rebuild_on_sqlite() -> None:
    """Make the table anew with the wider rule, and with its rows and indexes as they were."""
    bind = op.get_bind()
    query = "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'subscriptions' AND sql IS NOT NULL"
    made = [(kind, sql) for kind, sql in bind.execute(sa.text(query))]
    (whole,) = [sql for kind, sql in made if kind == "table"]
    if whole.count(_NARROW) != 1:
        raise RuntimeError("The table subscriptions has other rules than the migrations before have made.")
    columns = whole.replace(_NARROW, _WIDER).partition("(")[2]
    bind.exec_driver_sql(f"CREATE TABLE subscriptions_wider ({columns}")
    bind.exec_driver_sql("INSERT INTO subscriptions_wider SELECT * FROM subscriptions")
    bind.exec_driver_sql("DROP TABLE subscriptions")
    bind.exec_driver_sql("ALTER TABLE subscriptions_wider RENAME TO subscriptions")
    for kind, sql in made:
        if kind != "table":
            bind.exec_driver_sql(sql)
