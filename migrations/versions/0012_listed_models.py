"""Prices and contexts of models as their providers list them.

Revises: 0011
Reason: what a call may cost has to be known before it is sent, also by a process that has just started.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "listed_models",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("price_in_usd_per_mtok", sa.Text(), nullable=True),
        sa.Column("price_out_usd_per_mtok", sa.Text(), nullable=True),
        sa.Column("price_cached_usd_per_mtok", sa.Text(), nullable=True),
        sa.Column("context_tokens", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "model", name=op.f("pk_listed_models")),
    )
