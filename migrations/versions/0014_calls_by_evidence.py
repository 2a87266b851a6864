"""Calls to models, found by the evidence that they showed.

Revises: 0013
Reason: who has seen a pack of evidence must be answered without reading every call.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(op.f("ix_calls_evidence_sha256"), "calls", ["evidence_sha256"])
