"""What models have answered, for a while; which stages were such answers; and members of several models.

Revises: 0016
Reason: whoever asks a member the same about the same evidence within seconds should not pay for it again, and
should see that; and a member may let other models write some of its stages.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and add the columns; no stage of the past came from the cache."""
    op.create_table(
        "model_answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_model_answers")),
    )
    op.create_index("ix_model_answers_expires", "model_answers", ["expires"], unique=False)
    op.add_column("stages", sa.Column("from_cache", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("members", sa.Column("stages", sa.Text(), nullable=False, server_default=sa.text("'{}'")))
