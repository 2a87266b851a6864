"""What the prompts of a run depend on, and of which run it is a repetition.

Revises: 0012
Reason: every prompt can be built again from the record alone, also after the settings have changed, and the
same evidence can be put before other members.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what runs of the past were told by is not known, and none of them repeats another."""
    op.add_column("runs", sa.Column("prompt_terms", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("rerun_of", sa.Text(), nullable=True))
