"""An index over the runs of a season by state and moment.

Revises: 0004
Reason: the books ask at every close for the runs whose ballots are due, and went through all runs for it.
The index has all that is asked of the runs themselves.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    columns = ["season", "state", "as_of", "ticker", "run_id"]
    op.create_index("ix_runs_season_state_as_of", "runs", columns)
