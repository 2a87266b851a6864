"""What members wrote about their settled ballots.

Revises: 0008
Reason: each member looks back once at each of its ballots, whichever process asks it, and remembers it later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and a way from a member to its lessons."""
    op.create_table(
        "reflections",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("return_ratio", sa.Text(), nullable=False),
        sa.Column("alpha", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("lesson", sa.Text(), nullable=True),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("spend", sa.Text(), nullable=False),
        sa.Column("cost_usd", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(text IS NULL) = (written_at IS NULL)", name=op.f("ck_reflections_written_at")),
        sa.CheckConstraint("(text IS NULL) = (lesson IS NULL)", name=op.f("ck_reflections_lesson")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"],
            ["seats.run_id", "seats.member"],
            name=op.f("fk_reflections_run_id_member"),
        ),
        sa.PrimaryKeyConstraint("run_id", "member", name=op.f("pk_reflections")),
    )
    op.create_index("ix_reflections_member_settled_at", "reflections", ["member", "settled_at"], unique=False)
    op.create_index("ix_reflections_season_settled_at", "reflections", ["season", "settled_at"], unique=False)
    op.create_index("ix_reflections_tried_at", "reflections", ["tried_at"], unique=False)
