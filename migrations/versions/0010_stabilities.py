"""What members decided on the same evidence with its sections in another order.

Revises: 0009
Reason: people who trust a member should see whether it decides by the evidence or by its order.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "stabilities",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("spend", sa.Text(), nullable=False),
        sa.Column("cost_usd", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("seed >= 0", name=op.f("ck_stabilities_seed")),
        sa.ForeignKeyConstraint(["member"], ["members.name"], name=op.f("fk_stabilities_member")),
        sa.ForeignKeyConstraint(
            ["evidence_sha256"], ["evidence.sha256"], name=op.f("fk_stabilities_evidence_sha256")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_stabilities")),
    )
    op.create_index("ix_stabilities_member_number", "stabilities", ["member", "number"], unique=False)
    op.create_index("ix_stabilities_at", "stabilities", ["at"], unique=False)
