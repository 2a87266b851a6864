"""Seasons, sessions, corporate actions, running totals, outcomes, votes and imports.

Revises: 0001
Reason: books go through sessions, splits and dividends; orders have other causes than ballots; members are
scored day by day, and their ballots are settled; what was booked before gets its running totals.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REBUILT = ("cash_movements", "fills", "orders")
LEDGER = {
    "fills": "number = NEW.number OR id = NEW.id OR order_id = NEW.order_id",
    "cash_movements": "number = NEW.number",
    "share_movements": "number = NEW.number",
    "closed_trades": "number = NEW.number OR fill_id = NEW.fill_id",
    "corporate_actions": "season = NEW.season AND ticker = NEW.ticker AND kind = NEW.kind "
    "AND ex_date = NEW.ex_date",
}
DIGITS = Context(prec=60, rounding=ROUND_HALF_EVEN)
UNIT = Decimal("1e-8")


def upgrade() -> None:
    """Create the new tables, widen the ledger's, and book the running totals of what there is."""
    _seasons()
    _books()
    _ballots()
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_on_sqlite()
        _closed_trades()
        _totals()
        _append_only_on_sqlite()
    else:
        _widen_on_postgresql()
        _closed_trades()
        _totals()
        _append_only_on_postgresql()


def _seasons() -> None:
    op.create_table(
        "seasons",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('live', 'sample', 'replay', 'import')", name=op.f("ck_seasons_kind")),
        sa.CheckConstraint("state IN ('open', 'ended')", name=op.f("ck_seasons_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_seasons")),
    )
    op.create_table(
        "sessions",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("benchmark", sa.BigInteger(), nullable=True),
        sa.Column("benchmark_units", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("season", "session", name=op.f("pk_sessions")),
    )
    op.create_table(
        "corporate_actions",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ex_date", sa.Date(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('split', 'dividend')", name=op.f("ck_corporate_actions_kind")),
        sa.PrimaryKeyConstraint("season", "ticker", "kind", "ex_date", name=op.f("pk_corporate_actions")),
    )


def _books() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_imports_season_member"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("season", "member", "sha256", name=op.f("uq_imports_season_member_sha256")),
    )
    op.create_table(
        "share_movements",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("ex_date", sa.Date(), nullable=False),
        sa.Column("ratio", sa.Text(), nullable=False),
        sa.Column("shares_before", sa.BigInteger(), nullable=False),
        sa.Column("shares_after", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_share_movements_season_member"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_share_movements")),
        sa.UniqueConstraint(
            "season",
            "member",
            "ticker",
            "ex_date",
            name=op.f("uq_share_movements_season_member_ticker_ex_date"),
        ),
    )
    op.create_index(
        "ix_share_movements_season_member_at", "share_movements", ["season", "member", "at"], unique=False
    )
    op.create_table(
        "balances",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("deposits_usd", sa.BigInteger(), nullable=False),
        sa.Column("cash_usd", sa.BigInteger(), nullable=False),
        sa.Column("fills", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("wins", sa.Integer(), nullable=False),
        sa.Column("gains_usd", sa.BigInteger(), nullable=False),
        sa.Column("losses_usd", sa.BigInteger(), nullable=False),
        sa.Column("best_usd", sa.BigInteger(), nullable=True),
        sa.Column("worst_usd", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_balances_season_member"),
        ),
        sa.PrimaryKeyConstraint("season", "member", name=op.f("pk_balances")),
    )
    op.create_table(
        "holdings",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("shares", sa.BigInteger(), nullable=False),
        sa.Column("average", sa.Text(), nullable=False),
        sa.Column("stop_loss", sa.BigInteger(), nullable=True),
        sa.Column("take_profit", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("guarded_from", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("shares <> 0", name=op.f("ck_holdings_shares")),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_holdings_season_member"),
        ),
        sa.PrimaryKeyConstraint("season", "member", "ticker", name=op.f("pk_holdings")),
    )
    op.create_table(
        "daily_values",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("value_usd", sa.BigInteger(), nullable=True),
        sa.Column("cash_usd", sa.BigInteger(), nullable=False),
        sa.Column("long_usd", sa.BigInteger(), nullable=False),
        sa.Column("short_usd", sa.BigInteger(), nullable=False),
        sa.Column("traded_usd", sa.BigInteger(), nullable=False),
        sa.Column("token_cost_usd", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_daily_values_season_member"),
        ),
        sa.PrimaryKeyConstraint("season", "member", "session", name=op.f("pk_daily_values")),
    )
    op.create_index("ix_daily_values_season_session", "daily_values", ["season", "session"], unique=False)


def _ballots() -> None:
    op.create_table(
        "outcomes",
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("horizon", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("entry_session", sa.Date(), nullable=False),
        sa.Column("exit_session", sa.Date(), nullable=False),
        sa.Column("entry_price", sa.BigInteger(), nullable=False),
        sa.Column("exit_price", sa.BigInteger(), nullable=False),
        sa.Column("return_ratio", sa.Text(), nullable=False),
        sa.Column("benchmark_return", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=True),
        sa.CheckConstraint("horizon > 0", name=op.f("ck_outcomes_horizon")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_outcomes_run_id_member")
        ),
        sa.PrimaryKeyConstraint("run_id", "member", "horizon", name=op.f("pk_outcomes")),
    )
    op.create_index(
        "ix_outcomes_season_member_settled_at", "outcomes", ["season", "member", "settled_at"], unique=False
    )
    op.create_table(
        "votes",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=True),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("action IN ('BUY', 'SELL', 'HOLD')", name=op.f("ck_votes_action")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_votes_run_id")),
        sa.PrimaryKeyConstraint("run_id", "person", name=op.f("pk_votes")),
    )
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )


def _closed_trades() -> None:
    op.create_table(
        "closed_trades",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fill_id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("session", sa.Date(), nullable=False),
        sa.Column("pnl_usd", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["fill_id"], ["fills.id"], name=op.f("fk_closed_trades_fill_id")),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_closed_trades_season_member"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_closed_trades")),
        sa.UniqueConstraint("fill_id", name=op.f("uq_closed_trades_fill_id")),
    )
    op.create_index(
        "ix_closed_trades_season_member_session",
        "closed_trades",
        ["season", "member", "session"],
        unique=False,
    )


def _rebuild_on_sqlite() -> None:
    """SQLite cannot change a constraint, so the three tables are made anew and filled from the old ones."""
    bind = op.get_bind()
    kept = {table: [column["name"] for column in sa.inspect(bind).get_columns(table)] for table in REBUILT}
    indexes = [index["name"] for table in REBUILT for index in sa.inspect(bind).get_indexes(table)]
    for index in indexes:
        op.execute(f"DROP INDEX {index}")
    for table in REBUILT:
        op.rename_table(table, f"old_{table}")
    _orders()
    _fills()
    _cash_movements()
    for table in reversed(REBUILT):
        columns = ", ".join(kept[table])
        op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM old_{table}")  # noqa: S608  # our names
    for table in REBUILT:
        op.drop_table(f"old_{table}")


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
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
        sa.Column("cause", sa.Text(), server_default=sa.text("'ballot'"), nullable=False),
        sa.Column("stop_loss", sa.BigInteger(), nullable=True),
        sa.Column("take_profit", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(cause = 'import') = (import_id IS NOT NULL)", name=op.f("ck_orders_import_id")),
        sa.CheckConstraint("(cause = 'import') = (run_id IS NULL)", name=op.f("ck_orders_run_id")),
        sa.CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name=op.f("ck_orders_ended_at")),
        sa.CheckConstraint(
            "cause IN ('ballot', 'stop', 'take_profit', 'margin_call', 'import')",
            name=op.f("ck_orders_cause"),
        ),
        sa.CheckConstraint(
            "shares > 0 OR (shares = 0 AND state = 'cancelled')", name=op.f("ck_orders_shares")
        ),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_orders_side")),
        sa.CheckConstraint("state IN ('pending', 'filled', 'cancelled')", name=op.f("ck_orders_state")),
        sa.CheckConstraint("reference_price > 0", name=op.f("ck_orders_reference_price")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_orders_import_id")),
        sa.ForeignKeyConstraint(
            ["run_id", "member"], ["seats.run_id", "seats.member"], name=op.f("fk_orders_run_id_member")
        ),
        sa.ForeignKeyConstraint(
            ["season", "member"], ["accounts.season", "accounts.member"], name=op.f("fk_orders_season_member")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_orders")),
        sa.UniqueConstraint("id", name=op.f("uq_orders_id")),
    )
    op.create_index("ix_orders_run_id_member", "orders", ["run_id", "member"], unique=False)
    op.create_index(
        "ix_orders_season_member_created_at", "orders", ["season", "member", "created_at"], unique=False
    )
    op.create_index("ix_orders_season_state_ticker", "orders", ["season", "state", "ticker"], unique=False)


def _fills() -> None:
    op.create_table(
        "fills",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
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
    op.create_index("ix_fills_run_id_member", "fills", ["run_id", "member"], unique=False)
    op.create_index(
        "ix_fills_season_member_filled_at_number",
        "fills",
        ["season", "member", "filled_at", "number"],
        unique=False,
    )


def _cash_movements() -> None:
    op.create_table(
        "cash_movements",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("season", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_usd", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("fill_id", sa.Text(), nullable=True),
        sa.Column("ticker", sa.Text(), nullable=True),
        sa.Column("session", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('trade', 'fee')) = (fill_id IS NOT NULL)", name=op.f("ck_cash_movements_fill_id")
        ),
        sa.CheckConstraint("kind <> 'deposit' OR amount_usd > 0", name=op.f("ck_cash_movements_deposit")),
        sa.CheckConstraint("kind <> 'fee' OR amount_usd <= 0", name=op.f("ck_cash_movements_fee")),
        sa.CheckConstraint(
            "kind IN ('deposit', 'trade', 'fee') OR (ticker IS NOT NULL AND session IS NOT NULL)",
            name=op.f("ck_cash_movements_session"),
        ),
        sa.CheckConstraint(
            "kind IN ('deposit', 'trade', 'fee', 'dividend', 'cash_in_lieu', 'interest', 'borrow')",
            name=op.f("ck_cash_movements_kind"),
        ),
        sa.ForeignKeyConstraint(["fill_id"], ["fills.id"], name=op.f("fk_cash_movements_fill_id")),
        sa.ForeignKeyConstraint(
            ["season", "member"],
            ["accounts.season", "accounts.member"],
            name=op.f("fk_cash_movements_season_member"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_cash_movements")),
        sa.UniqueConstraint("fill_id", "kind", name=op.f("uq_cash_movements_fill_id_kind")),
    )
    op.create_index(
        "ix_cash_movements_season_member_at", "cash_movements", ["season", "member", "at"], unique=False
    )
    op.create_index(
        "uq_cash_movements_deposit",
        "cash_movements",
        ["season", "member"],
        unique=True,
        sqlite_where=sa.text("kind = 'deposit'"),
        postgresql_where=sa.text("kind = 'deposit'"),
    )
    op.create_index(
        "uq_cash_movements_session",
        "cash_movements",
        ["season", "member", "kind", "ticker", "session"],
        unique=True,
        sqlite_where=sa.text("session IS NOT NULL"),
        postgresql_where=sa.text("session IS NOT NULL"),
    )


def _widen_on_postgresql() -> None:
    for table in ("orders", "fills"):
        op.alter_column(table, "run_id", nullable=True)
    op.add_column("orders", sa.Column("cause", sa.Text(), server_default=sa.text("'ballot'"), nullable=False))
    op.add_column("orders", sa.Column("stop_loss", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("take_profit", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("import_id", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_orders_import_id"), "orders", "imports", ["import_id"], ["id"])
    for name, rule in {
        "ck_orders_run_id": "(cause = 'import') = (run_id IS NULL)",
        "ck_orders_import_id": "(cause = 'import') = (import_id IS NOT NULL)",
        "ck_orders_cause": "cause IN ('ballot', 'stop', 'take_profit', 'margin_call', 'import')",
    }.items():
        op.create_check_constraint(op.f(name), "orders", rule)
    op.add_column("cash_movements", sa.Column("ticker", sa.Text(), nullable=True))
    op.add_column("cash_movements", sa.Column("session", sa.Date(), nullable=True))
    for name in ("ck_cash_movements_kind", "ck_cash_movements_fill_id"):
        op.drop_constraint(op.f(name), "cash_movements")
    kinds = "'deposit', 'trade', 'fee', 'dividend', 'cash_in_lieu', 'interest', 'borrow'"
    for name, rule in {
        "ck_cash_movements_kind": f"kind IN ({kinds})",
        "ck_cash_movements_fill_id": "(kind IN ('trade', 'fee')) = (fill_id IS NOT NULL)",
        "ck_cash_movements_session": "kind IN ('deposit', 'trade', 'fee') "
        "OR (ticker IS NOT NULL AND session IS NOT NULL)",
    }.items():
        op.create_check_constraint(op.f(name), "cash_movements", rule)
    op.create_index(
        "uq_cash_movements_session",
        "cash_movements",
        ["season", "member", "kind", "ticker", "session"],
        unique=True,
        postgresql_where=sa.text("session IS NOT NULL"),
    )


def _totals() -> None:
    """Book what each account has and has earned, as its fills say: average cost, in the order of time."""
    bind = op.get_bind()
    deposits = bind.execute(
        sa.text("SELECT season, member, amount_usd, at FROM cash_movements WHERE kind = 'deposit'")
    ).all()
    cash = {
        (season, member): int(total)
        for season, member, total in bind.execute(
            sa.text("SELECT season, member, SUM(amount_usd) FROM cash_movements GROUP BY season, member")
        )
    }
    for season in sorted({row.season for row in deposits}):
        opened = min(row.at for row in deposits if row.season == season)
        _insert(
            "seasons",
            name=season,
            kind="sample" if season == "sample" else "live",
            state="open",
            benchmark="SPY",
            created_at=opened,
        )
    for season, member, deposited, _ in deposits:
        totals = _booked(bind, season, member)
        account = {"season": season, "member": member}
        _insert("balances", **account, deposits_usd=deposited, cash_usd=cash[season, member], **totals)


def _booked(bind: sa.Connection, season: str, member: str) -> dict[str, int | None]:
    """Go through an account's fills, keep its holdings and closed trades, and return its totals."""
    query = sa.text(
        "SELECT id, ticker, side, shares, price, amount_usd, fee_usd, session, filled_at, run_id FROM fills "
        "WHERE season = :season AND member = :member ORDER BY filled_at, number"
    )
    account = {"season": season, "member": member}
    held: dict[str, tuple[Decimal, Decimal, str]] = {}
    earned: list[int] = []
    fills, wins, last = 0, 0, None
    for fill in bind.execute(query, account).all():
        fills, last = fills + 1, fill.filled_at
        count, price = Decimal(fill.shares) * UNIT, Decimal(fill.price) * UNIT
        shares, average, _ = held.pop(fill.ticker, (Decimal(0), Decimal(0), ""))
        value, cost = DIGITS.multiply(count, price), DIGITS.multiply(count, average)
        if fill.side == "buy":
            whole = DIGITS.add(DIGITS.multiply(shares, average), value)
            held[fill.ticker] = (shares + count, DIGITS.divide(whole, shares + count), fill.run_id)
            continue
        if shares > count:
            held[fill.ticker] = (shares - count, average, fill.run_id)
        spent = int(cost.quantize(UNIT, context=DIGITS) / UNIT)
        earned.append(fill.amount_usd - fill.fee_usd - spent)
        wins += value - Decimal(fill.fee_usd) * UNIT - cost > Decimal("1e-20")
        facts = {"ticker": fill.ticker, "session": fill.session, "fill_id": fill.id}
        _insert("closed_trades", **account, **facts, pnl_usd=earned[-1], cost_usd=spent)
    for ticker, (shares, average, run_id) in held.items():
        whole_shares = int(shares / UNIT)
        _insert(
            "holdings", **account, ticker=ticker, shares=whole_shares, average=str(average), run_id=run_id
        )
    return {
        "fills": fills,
        "closed": len(earned),
        "wins": wins,
        "gains_usd": sum(pnl for pnl in earned if pnl > 0),
        "losses_usd": -sum(pnl for pnl in earned if pnl < 0),
        "best_usd": max(earned, default=None),
        "worst_usd": min(earned, default=None),
        "last_at": last,
    }


def _insert(table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    op.get_bind().execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608  # our names


def _append_only_on_sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for table, same_row in LEDGER.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} {refuse}")
        clash = f"EXISTS (SELECT 1 FROM {table} WHERE {same_row})"  # noqa: S608  # both are constants above
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {clash} {refuse}")


def _append_only_on_postgresql() -> None:
    for table in ("share_movements", "closed_trades", "corporate_actions"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
