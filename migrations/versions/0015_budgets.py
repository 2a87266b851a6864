"""Budgets that hold for all processes.

Revises: 0014
Reason: what calls under way may cost is held in the database, so that processes on one database share a limit
and a process that dies leaves its holds behind, which are then booked in full.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables. A scope's row is made of the calls when it is first needed."""
    op.create_table(
        "budget_scopes",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_budget_scopes")),
    )
    op.create_table(
        "budget_holds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("amounts", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_holds")),
    )
    op.create_index("ix_budget_holds_lease_until", "budget_holds", ["lease_until"], unique=False)
