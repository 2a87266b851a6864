"""The tables as queries see them. `migrations/` makes them; a test holds the two to the same shape."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    false,
    text,
)

from core.domain.ballot import MemberResult
from core.domain.books import Clamp
from core.domain.prompt_terms import PromptTerms
from core.domain.run import Briefing
from core.domain.usage import ServedBy, Spend
from core.domain.verdict import Verdict
from core.store.column_types import COST_PLACES, AsJson, Exact, FreeJson, Moment, PlainDecimal, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

members = Table(
    "members",
    metadata,
    Column("name", Words, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("kind", Words, nullable=False),
    Column("weight", PlainDecimal, nullable=False),
    Column("route", AsJson(tuple[str, ...]), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("place", Integer),
    Column("removed_at", Moment),
    Column("removed_by", Words),
    Column("stages", AsJson(dict[str, tuple[str, ...]]), nullable=False, server_default=text("'{}'")),
)
"""Who competes. `enabled` is what the configuration says; one that an admin has removed takes no part."""

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", Words, primary_key=True),
    Column("ticker", Words, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("canonical", Words, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", Words, nullable=False, unique=True),
    Column("key", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("preset", Words, nullable=False),
    Column("season", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("config_hash", Words, nullable=False),
    Column("evidence_sha256", Words, ForeignKey("evidence.sha256"), nullable=False),
    Column("source", Words, nullable=False),
    Column("caveat", Words),
    Column("requested_by", Words, nullable=False),
    Column("requested_in", Words, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("verdict", AsJson(Verdict)),
    Column("owner", Words),
    Column("lease_until", Moment),
    Column("once", Words),
    Column("stop_by", Words),
    Column("prompt_terms", AsJson(PromptTerms)),
    Column("rerun_of", Words),
    CheckConstraint("state IN ('running', 'finished', 'cancelled', 'failed')", name="state"),
    CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished_at"),
    Index(
        "uq_runs_key_running",
        "key",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "uq_runs_once",
        "once",
        unique=True,
        sqlite_where=text("once IS NOT NULL"),
        postgresql_where=text("once IS NOT NULL"),
    ),
    Index("ix_runs_state_finished_at", "state", "finished_at"),
    Index("ix_runs_ticker_state_finished_at", "ticker", "state", "finished_at"),
    Index("ix_runs_started_at", "started_at"),
    Index("ix_runs_season_state_as_of", "season", "state", "as_of", "ticker", "run_id"),
)

seats = Table(
    "seats",
    metadata,
    Column("run_id", Words, ForeignKey("runs.run_id"), primary_key=True),
    Column("member", Words, ForeignKey("members.name"), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Words, nullable=False),
    Column("weight", PlainDecimal, nullable=False),
    Column("briefing", AsJson(Briefing), nullable=False),
    Column("result", AsJson(MemberResult)),
    Column("cost_usd", Exact(COST_PLACES)),
    UniqueConstraint("run_id", "place"),
)

stages = Table(
    "stages",
    metadata,
    Column("run_id", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("stage", Words, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("prompt", Words, nullable=False),
    Column("output", Words, nullable=False),
    Column("answer", FreeJson, nullable=False),
    Column("key_points", AsJson(tuple[str, ...]), nullable=False),
    Column("sentiment", Words),
    Column("served_by", AsJson(ServedBy)),
    Column("spend", AsJson(Spend), nullable=False),
    Column("cost_usd", Exact(COST_PLACES), nullable=False),
    Column("latency_ms", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("completed_at", Moment, nullable=False),
    Column("marks", AsJson(tuple[str, ...]), nullable=False, server_default=text("'[]'")),
    Column("from_cache", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["run_id", "member"], ["seats.run_id", "seats.member"]),
    CheckConstraint("round >= 1", name="round"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("season", Words, primary_key=True),
    Column("member", Words, ForeignKey("members.name"), primary_key=True),
    Column("opened_at", Moment, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("season", Words, nullable=False),
    Column("run_id", Words),
    Column("member", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("side", Words, nullable=False),
    Column("shares", Exact, nullable=False),
    Column("reference_price", Exact, nullable=False),
    Column("decided_session", Date, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("ended_at", Moment),
    Column("clamps", AsJson(tuple[Clamp, ...]), nullable=False),
    Column("cause", Words, nullable=False, server_default=text("'ballot'")),
    Column("stop_loss", Exact),
    Column("take_profit", Exact),
    Column("import_id", Words, ForeignKey("imports.id")),
    ForeignKeyConstraint(["run_id", "member"], ["seats.run_id", "seats.member"]),
    ForeignKeyConstraint(["season", "member"], ["accounts.season", "accounts.member"]),
    CheckConstraint("(cause = 'import') = (run_id IS NULL)", name="run_id"),
    CheckConstraint("(cause = 'import') = (import_id IS NOT NULL)", name="import_id"),
    CheckConstraint(
        "cause IN ('ballot', 'stop', 'take_profit', 'margin_call', 'import', 'reset')", name="cause"
    ),
    CheckConstraint("side IN ('buy', 'sell')", name="side"),
    CheckConstraint("state IN ('pending', 'filled', 'cancelled')", name="state"),
    CheckConstraint("(state = 'pending') = (ended_at IS NULL)", name="ended_at"),
    CheckConstraint("shares > 0 OR (shares = 0 AND state = 'cancelled')", name="shares"),
    CheckConstraint("reference_price > 0", name="reference_price"),
    Index("ix_orders_season_state_ticker", "season", "state", "ticker"),
    Index("ix_orders_season_member_created_at", "season", "member", "created_at"),
    Index("ix_orders_run_id_member", "run_id", "member"),
)

fills = Table(
    "fills",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("order_id", Words, ForeignKey("orders.id"), nullable=False, unique=True),
    Column("season", Words, nullable=False),
    Column("run_id", Words),
    Column("member", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("side", Words, nullable=False),
    Column("shares", Exact, nullable=False),
    Column("price", Exact, nullable=False),
    Column("amount_usd", Exact, nullable=False),
    Column("fee_usd", Exact, nullable=False),
    Column("session", Date, nullable=False),
    Column("filled_at", Moment, nullable=False),
    Column("clamps", AsJson(tuple[Clamp, ...]), nullable=False),
    ForeignKeyConstraint(["run_id", "member"], ["seats.run_id", "seats.member"]),
    ForeignKeyConstraint(["season", "member"], ["accounts.season", "accounts.member"]),
    CheckConstraint(
        "(side = 'buy' AND amount_usd <= 0) OR (side = 'sell' AND amount_usd >= 0)", name="amount_usd"
    ),
    CheckConstraint("shares > 0", name="shares"),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("fee_usd >= 0", name="fee_usd"),
    Index("ix_fills_season_member_filled_at_number", "season", "member", "filled_at", "number"),
    Index("ix_fills_run_id_member", "run_id", "member"),
)

cash_movements = Table(
    "cash_movements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("season", Words, nullable=False),
    Column("member", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("amount_usd", Exact, nullable=False),
    Column("at", Moment, nullable=False),
    Column("fill_id", Words, ForeignKey("fills.id")),
    Column("ticker", Words),
    Column("session", Date),
    ForeignKeyConstraint(["season", "member"], ["accounts.season", "accounts.member"]),
    UniqueConstraint("fill_id", "kind"),
    CheckConstraint(
        "kind IN ('deposit', 'trade', 'fee', 'dividend', 'cash_in_lieu', 'interest', 'borrow', 'reset')",
        name="kind",
    ),
    CheckConstraint("(kind IN ('trade', 'fee')) = (fill_id IS NOT NULL)", name="fill_id"),
    CheckConstraint(
        "kind IN ('deposit', 'trade', 'fee', 'reset') OR (ticker IS NOT NULL AND session IS NOT NULL)",
        name="session",
    ),
    CheckConstraint("kind <> 'deposit' OR amount_usd > 0", name="deposit"),
    CheckConstraint("kind <> 'fee' OR amount_usd <= 0", name="fee"),
    Index(
        "uq_cash_movements_deposit",
        "season",
        "member",
        unique=True,
        sqlite_where=text("kind = 'deposit'"),
        postgresql_where=text("kind = 'deposit'"),
    ),
    Index("ix_cash_movements_season_member_at", "season", "member", "at"),
    Index(
        "ix_cash_movements_reset",
        "season",
        "member",
        "at",
        sqlite_where=text("kind = 'reset'"),
        postgresql_where=text("kind = 'reset'"),
    ),
    Index(
        "uq_cash_movements_session",
        "season",
        "member",
        "kind",
        "ticker",
        "session",
        unique=True,
        sqlite_where=text("session IS NOT NULL"),
        postgresql_where=text("session IS NOT NULL"),
    ),
)

marks = Table(
    "marks",
    metadata,
    Column("season", Words, primary_key=True),
    Column("ticker", Words, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("price", Exact, nullable=False),
    Column("source", Words, nullable=False),
    CheckConstraint("price > 0", name="price"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("platform", Words, primary_key=True),
    Column("delivery", Words, primary_key=True),
    Column("at", Moment, nullable=False),
    Index("ix_deliveries_at", "at"),
)

greetings = Table(
    "greetings",
    metadata,
    Column("place", Words, primary_key=True),
    Column("at", Moment, nullable=False),
)

cards = Table(
    "cards",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("run_id", Words, ForeignKey("runs.run_id"), nullable=False),
    Column("platform", Words, nullable=False),
    Column("chat", Words, nullable=False),
    Column("thread", Words),
    Column("message", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("done_at", Moment),
    Index("ix_cards_run_id", "run_id"),
    Index("ix_cards_chat_message", "chat", "message"),
    Index(
        "ix_cards_platform_open",
        "platform",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
