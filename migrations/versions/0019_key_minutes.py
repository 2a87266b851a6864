"""What processes share of keys and models beside budgets, and which costs are estimates.

Revises: 0018
Reason: the requests and tokens of a key's running minute count for all processes on one database, and what an
endpoint refuses is learned once for all of them. Of a call that was given up, nobody tells the cost.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and add the columns; no cost of before is marked as an estimate."""
    op.create_table(
        "key_seconds",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "key")),
        sa.Column("second", sa.BigInteger(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", "second", name=op.f("pk_key_seconds")),
    )
    op.create_table(
        "provider_dialects",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "base_url", "model")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("form", "limit_field")),
        sa.Column("temperature", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "base_url", "model", name=op.f("pk_provider_dialects")),
    )
    op.add_column("budget_holds", sa.Column("turn", sa.Text(), nullable=True))
    op.add_column(
        "calls", sa.Column("estimated_calls", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
