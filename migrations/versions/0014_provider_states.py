"""What is known of the keys of providers and of the routes to their models.

Revises: 0013
Reason: a key that was refused, and a route that is down, must stay known across restarts and to every
process. Alerts tell of both.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KINDS = ("stop", "take_profit", "flip", "model_down", "budget", "season", "key", "route")


def upgrade() -> None:
    """Create the tables, and allow the new kinds of alerts."""
    op.create_table(
        "provider_keys",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "key", "model", "condition")),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reason", "mark")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", "model", name=op.f("pk_provider_keys")),
        sa.CheckConstraint(
            "condition IN ('usable', 'resting', 'no_credit', 'refused')",
            name=op.f("ck_provider_keys_condition"),
        ),
    )
    op.create_table(
        "provider_routes",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "model")),
        sa.Column("down", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("was_down_since", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "model", name=op.f("pk_provider_routes")),
    )
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    with op.batch_alter_table("alerts") as alerts:
        alerts.drop_constraint(op.f("ck_alerts_kind"), type_="check")
        alerts.create_check_constraint(op.f("ck_alerts_kind"), f"kind IN ({kinds})")
