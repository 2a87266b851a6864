"""Live seasons have days, end, and leave a final table.

Revises: 0003
Reason: the arena starts one live season after another, and freezes each with a table that never changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ONE_OPEN = sa.text("kind = 'live' AND state = 'open'")


def upgrade() -> None:
    """Give seasons their days, allow one open live season, and keep final tables."""
    op.add_column("seasons", sa.Column("first_day", sa.Date(), nullable=True))
    op.add_column("seasons", sa.Column("last_day", sa.Date(), nullable=True))
    op.add_column("seasons", sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "uq_seasons_live_open",
        "seasons",
        ["kind"],
        unique=True,
        sqlite_where=ONE_OPEN,
        postgresql_where=ONE_OPEN,
    )
    op.create_table(
        "season_finals",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("final", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["season"], ["seasons.name"], name=op.f("fk_season_finals_season")),
        sa.PrimaryKeyConstraint("season", name=op.f("pk_season_finals")),
    )
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
        for event in ("UPDATE", "DELETE"):
            name = f"season_finals_no_{event.lower()}"
            op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON season_finals {refuse}")
        # INSERT OR REPLACE deletes without asking the trigger for DELETE.
        clash = "EXISTS (SELECT 1 FROM season_finals WHERE season = NEW.season)"
        op.execute(
            f"CREATE TRIGGER season_finals_no_replace BEFORE INSERT ON season_finals WHEN {clash} {refuse}"
        )
    else:
        op.execute(
            "CREATE TRIGGER season_finals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON season_finals "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
