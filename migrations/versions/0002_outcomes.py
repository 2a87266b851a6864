"""What became of ballots.

Revises: 0001
Reason: ballots are judged by what followed; weights and calibration are learned from that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of outcomes."""
    op.create_table(
        "outcomes",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("horizon", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("entry_session", sa.Date(), nullable=False),
        sa.Column("exit_session", sa.Date(), nullable=False),
        sa.Column("entry_price", sa.BigInteger(), nullable=False),
        sa.Column("exit_price", sa.BigInteger(), nullable=False),
        sa.Column("return_ratio", sa.Text(), nullable=False),
        sa.Column("benchmark_return", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("horizon > 0", name=op.f("ck_outcomes_horizon")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_outcomes_run_id_member")
        ),
        sa.PrimaryKeyConstraint("run_id", "member", "horizon", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_season_member_settled_at", "outcomes", ["season", "member", "settled_at"])
