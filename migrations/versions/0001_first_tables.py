"""The first tables.

Revises: nothing
Reason: runs with their evidence and stages, the ledger of every member, and what chats must not see twice.
Money, prices and shares are whole numbers of 10^-8, costs of model calls of 10^-12, times microseconds
since 1970 in UTC; lists and nested values are JSON text.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LEDGER = {
    "accounts": "season = NEW.season AND member = NEW.member",
    "fills": "number = NEW.number OR id = NEW.id OR order_id = NEW.order_id",
    "cash_movements": "number = NEW.number",
}


def upgrade() -> None:
    """Create every table, and make the ledger append-only."""
    _members_and_runs()
    _seats_and_stages()
    _orders()
    _ledger()
    _chats()
    if op.get_bind().dialect.name == "sqlite":
        _append_only_on_sqlite()
    else:
        _append_only_on_postgresql()


def _members_and_runs() -> None:
    op.create_table(
        "members",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weight", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_members")),
        sa.UniqueConstraint("number", name=op.f("uq_members_number")),
    )
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence")),
    )
    op.create_table(
        "runs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("caveat", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_in", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'running') = (finished_at IS NULL)", name=op.f("ck_runs_finished_at")),
        sa.CheckConstraint(
            "state IN ('running', 'finished', 'cancelled', 'failed')", name=op.f("ck_runs_state")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_sha256"], ["evidence.sha256"], name=op.f("fk_runs_evidence_sha256")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_runs_run_id")),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_index("ix_runs_state_finished_at", "runs", ["state", "finished_at"])
    op.create_index("ix_runs_ticker_state_finished_at", "runs", ["ticker", "state", "finished_at"])
    op.create_index(
        "uq_runs_key_running",
        "runs",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )


def _seats_and_stages() -> None:
    op.create_table(
        "seats",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weight", sa.Text(), nullable=False),
        sa.Column("briefing", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("cost_usd", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["member"], ["members.name"], name=op.f("fk_seats_member")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_seats_run_id")),
        sa.PrimaryKeyConstraint("run_id", "member", name=op.f("pk_seats")),
        sa.UniqueConstraint("run_id", "place", name=op.f("uq_seats_run_id_place")),
    )
    op.create_table(
        "stages",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("round", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("key_points", sa.Text(), nullable=False),
        sa.Column("sentiment", sa.Text(), nullable=True),
        sa.Column("served_by", sa.Text(), nullable=True),
        sa.Column("spend", sa.Text(), nullable=False),
        sa.Column("cost_usd", sa.BigInteger(), nullable=False),
        sa.Column("latency_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("round >= 1", name=op.f("ck_stages_round")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_stages_run_id_member")
        ),
        sa.PrimaryKeyConstraint("run_id", "member", "stage", "round", name=op.f("pk_stages")),
    )


def _orders() -> None:
    op.create_table(
        "accounts",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["member"], ["members.name"], name=op.f("fk_accounts_member")),
        sa.PrimaryKeyConstraint("season", "member", name=op.f("pk_accounts")),
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("reference_price", sa.BigInteger(), nullable=False),
        sa.Column("decided_session", sa.Date(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("clamps", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name=op.f("ck_orders_ended_at")),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_orders_side")),
        sa.CheckConstraint("state IN ('pending', 'filled', 'cancelled')", name=op.f("ck_orders_state")),
        sa.CheckConstraint("reference_price > 0", name=op.f("ck_orders_reference_price")),
        sa.CheckConstraint(
            "shares > 0 OR (shares = 0 AND state = 'cancelled')", name=op.f("ck_orders_shares")
        ),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_orders_run_id_member")
        ),
        sa.ForeignKeyConstraint(
            ["season", "member"], ["accounts.season", "accounts.member"], name=op.f("fk_orders_season_member")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("id", name=op.f("uq_orders_id")),
    )
    op.create_index("ix_orders_run_id_member", "orders", ["run_id", "member"])
    op.create_index("ix_orders_season_member_created_at", "orders", ["season", "member", "created_at"])
    op.create_index("ix_orders_season_state_ticker", "orders", ["season", "state", "ticker"])


def _ledger() -> None:
    op.create_table(
        "fills",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("amount_usd", sa.BigInteger(), nullable=False),
        sa.Column("fee_usd", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("filled_at", sa.BigInteger(), nullable=False),
        sa.Column("clamps", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(side = 'buy' AND amount_usd <= 0) OR (side = 'sell' AND amount_usd >= 0)",
            name=op.f("ck_fills_amount_usd"),
        ),
        sa.CheckConstraint("fee_usd >= 0", name=op.f("ck_fills_fee_usd")),
        sa.CheckConstraint("price > 0", name=op.f("ck_fills_price")),
        sa.CheckConstraint("shares > 0", name=op.f("ck_fills_shares")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_fills_order_id")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_fills_run_id_member")
        ),
        sa.ForeignKeyConstraint(
            ["season", "member"], ["accounts.season", "accounts.member"], name=op.f("fk_fills_season_member")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fills")),
        sa.UniqueConstraint("id", name=op.f("uq_fills_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_fills_order_id")),
    )
    op.create_index("ix_fills_run_id_member", "fills", ["run_id", "member"])
    op.create_index(
        "ix_fills_season_member_filled_at_number", "fills", ["season", "member", "filled_at", "number"]
    )
    op.create_table(
        "cash_movements",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_usd", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fill_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'deposit') = (fill_id IS NULL)", name=op.f("ck_cash_movements_fill_id")),
        sa.CheckConstraint("kind <> 'deposit' OR amount_usd > 0", name=op.f("ck_cash_movements_deposit")),
        sa.CheckConstraint("kind <> 'fee' OR amount_usd <= 0", name=op.f("ck_cash_movements_fee")),
        sa.CheckConstraint("kind IN ('deposit', 'trade', 'fee')", name=op.f("ck_cash_movements_kind")),
        sa.ForeignKeyConstraint(["fill_id"], ["fills.id"], name=op.f("fk_cash_movements_fill_id")),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_cash_movements_season_member"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cash_movements")),
        sa.UniqueConstraint("fill_id", "kind", name=op.f("uq_cash_movements_fill_id_kind")),
    )
    op.create_index("ix_cash_movements_season_member_at", "cash_movements", ["season", "member", "at"])
    op.create_index(
        "uq_cash_movements_deposit",
        "cash_movements",
        ["season", "member"],
        unique=True,
        sqlite_where=sa.text("kind = 'deposit'"),
        postgresql_where=sa.text("kind = 'deposit'"),
    )
    op.create_table(
        "marks",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("price > 0", name=op.f("ck_marks_price")),
        sa.PrimaryKeyConstraint("season", "ticker", "at", name=op.f("pk_marks")),
    )


def _chats() -> None:
    op.create_table(
        "deliveries",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "delivery", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])
    op.create_table(
        "greetings",
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_greetings")),
    )
    op.create_table(
        "cards",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_cards_run_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cards")),
    )
    op.create_index(
        "ix_cards_platform_open",
        "cards",
        ["platform"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index("ix_cards_run_id", "cards", ["run_id"])


def _append_only_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for table, same_row in LEDGER.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} {refuse}")
        # INSERT OR REPLACE deletes without asking the trigger for DELETE.
        clash = f"EXISTS (SELECT 1 FROM {table} WHERE {same_row})"  # noqa: S608  # both are constants above
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {clash} {refuse}")


def _append_only_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    for table in LEDGER:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
