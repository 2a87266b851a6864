"""What the checks of a stage have found, such as a figure that the evidence does not say.

Revises: 0006
Reason: people who read a stage should see there what is known to be wrong with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; stages of the past were not checked and have no marks."""
    op.add_column("stages", sa.Column("marks", sa.Text(), nullable=False, server_default=sa.text("'[]'")))
