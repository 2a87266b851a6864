"""What vendors of evidence have answered, for a while.

Revises: 0007
Reason: several runs within minutes, in whatever process, should ask a vendor once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "vendor_answers",
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("question", "vendor", "subject", "span", name=op.f("pk_vendor_answers")),
    )
    op.create_index("ix_vendor_answers_expires", "vendor_answers", ["expires"], unique=False)
