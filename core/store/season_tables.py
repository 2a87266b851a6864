"""The tables of seasons: what sessions did to the books, running totals, outcomes, votes and imports.

The rest of the schema is in `core.store.tables`; `migrations/` makes both.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from core.domain.live_season import FinalTable
from core.domain.usage import ServedBy, Spend
from core.store.column_types import COST_PLACES, AsJson, Exact, FreeJson, Moment, PlainDecimal, Words
from core.store.tables import metadata


def _of_account() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["season", "member"], ["accounts.season", "accounts.member"])


seasons = Table(
    "seasons",
    metadata,
    Column("name", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("benchmark", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("plan", FreeJson),
    Column("owner", Words),
    Column("lease_until", Moment),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("ended_at", Moment),
    CheckConstraint("kind IN ('live', 'sample', 'replay', 'import')", name="kind"),
    CheckConstraint("state IN ('open', 'ended')", name="state"),
    Index(
        "uq_seasons_live_open",
        "kind",
        unique=True,
        sqlite_where=text("kind = 'live' AND state = 'open'"),
        postgresql_where=text("kind = 'live' AND state = 'open'"),
    ),
)
"""One row a season. `plan` is what a replay was asked to do; its lease is that of runs. The days and
`ended_at` are those of live seasons, of which one at most is open."""

season_finals = Table(
    "season_finals",
    metadata,
    Column("season", Words, ForeignKey("seasons.name"), primary_key=True),
    Column("final", AsJson(FinalTable), nullable=False),
    Column("at", Moment, nullable=False),
)
"""The final table of each live season that has ended: written once, and never changed."""

sessions = Table(
    "sessions",
    metadata,
    Column("season", Words, primary_key=True),
    Column("session", Date, primary_key=True),
    Column("closed_at", Moment, nullable=False),
    Column("benchmark", Exact),
    Column("benchmark_units", PlainDecimal),
)
"""The sessions that a season's books have been carried through. `benchmark` is the raw close in USD;
`benchmark_units` how many shares one share at the season's start has become, dividends reinvested."""

corporate_actions = Table(
    "corporate_actions",
    metadata,
    Column("season", Words, primary_key=True),
    Column("ticker", Words, primary_key=True),
    Column("kind", Words, primary_key=True),
    Column("ex_date", Date, primary_key=True),
    Column("value", PlainDecimal, nullable=False),
    Column("source", Words, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("kind IN ('split', 'dividend')", name="kind"),
)
"""What has been applied to a season's books; the primary key is what makes it happen once."""

share_movements = Table(
    "share_movements",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("season", Words, nullable=False),
    Column("member", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("ex_date", Date, nullable=False),
    Column("ratio", PlainDecimal, nullable=False),
    Column("shares_before", Exact, nullable=False),
    Column("shares_after", Exact, nullable=False),
    Column("at", Moment, nullable=False),
    _of_account(),
    UniqueConstraint("season", "member", "ticker", "ex_date"),
    Index("ix_share_movements_season_member_at", "season", "member", "at"),
)
"""What splits did to holdings: the only way that shares change without a fill."""

closed_trades = Table(
    "closed_trades",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("fill_id", Words, ForeignKey("fills.id"), nullable=False, unique=True),
    Column("season", Words, nullable=False),
    Column("member", Words, nullable=False),
    Column("ticker", Words, nullable=False),
    Column("session", Date, nullable=False),
    Column("pnl_usd", Exact, nullable=False),
    Column("cost_usd", Exact, nullable=False),
    _of_account(),
    Index("ix_closed_trades_season_member_session", "season", "member", "session"),
)
"""What each fill that made a holding smaller has earned against its average cost, after its fee."""

balances = Table(
    "balances",
    metadata,
    Column("season", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("deposits_usd", Exact, nullable=False),
    Column("cash_usd", Exact, nullable=False),
    Column("fills", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("wins", Integer, nullable=False),
    Column("gains_usd", Exact, nullable=False),
    Column("losses_usd", Exact, nullable=False),
    Column("best_usd", Exact),
    Column("worst_usd", Exact),
    Column("last_at", Moment),
    _of_account(),
)
"""Running totals of each account, so that nobody need add up a long ledger; the audit proves them."""

holdings = Table(
    "holdings",
    metadata,
    Column("season", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("ticker", Words, primary_key=True),
    Column("shares", Exact, nullable=False),
    Column("average", PlainDecimal, nullable=False),
    Column("stop_loss", Exact),
    Column("take_profit", Exact),
    Column("run_id", Words),
    Column("guarded_from", Moment),
    _of_account(),
    CheckConstraint("shares <> 0", name="shares"),
)
"""What each account holds now, with the levels and the run that set them; the audit proves it. A bar that
opened before `guarded_from` does not count for the levels."""

daily_values = Table(
    "daily_values",
    metadata,
    Column("season", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("session", Date, primary_key=True),
    Column("value_usd", Exact),
    Column("cash_usd", Exact, nullable=False),
    Column("long_usd", Exact, nullable=False),
    Column("short_usd", Exact, nullable=False),
    Column("traded_usd", Exact, nullable=False),
    Column("token_cost_usd", Exact(COST_PLACES), nullable=False),
    _of_account(),
    Index("ix_daily_values_season_session", "season", "session"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("season", Words, nullable=False),
    Column("run_id", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("ticker", Words, nullable=False),
    Column("horizon", Integer, primary_key=True, autoincrement=False),
    Column("action", Words, nullable=False),
    Column("confidence", PlainDecimal, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("entry_session", Date, nullable=False),
    Column("exit_session", Date, nullable=False),
    Column("entry_price", Exact, nullable=False),
    Column("exit_price", Exact, nullable=False),
    Column("return_ratio", PlainDecimal, nullable=False),
    Column("benchmark_return", PlainDecimal),
    Column("settled_at", Moment, nullable=False),
    Column("correct", Boolean),
    ForeignKeyConstraint(["run_id", "member"], ["seats.run_id", "seats.member"]),
    CheckConstraint("horizon > 0", name="horizon"),
    Index("ix_outcomes_season_member_settled_at", "season", "member", "settled_at"),
)

reflections = Table(
    "reflections",
    metadata,
    Column("season", Words, nullable=False),
    Column("run_id", Words, primary_key=True),
    Column("member", Words, primary_key=True),
    Column("ticker", Words, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("settled_at", Moment, nullable=False),
    Column("action", Words, nullable=False),
    Column("confidence", PlainDecimal, nullable=False),
    Column("return_ratio", PlainDecimal, nullable=False),
    Column("alpha", PlainDecimal),
    Column("tries", Integer, nullable=False),
    Column("claimed_until", Moment),
    Column("tried_at", Moment),
    Column("text", Words),
    Column("lesson", Words),
    Column("served_by", AsJson(ServedBy)),
    Column("spend", AsJson(Spend), nullable=False),
    Column("cost_usd", Exact(COST_PLACES), nullable=False),
    Column("written_at", Moment),
    ForeignKeyConstraint(["run_id", "member"], ["seats.run_id", "seats.member"]),
    CheckConstraint("(text IS NULL) = (written_at IS NULL)", name="written_at"),
    CheckConstraint("(text IS NULL) = (lesson IS NULL)", name="lesson"),
    Index("ix_reflections_member_settled_at", "member", "settled_at"),
    Index("ix_reflections_season_settled_at", "season", "settled_at"),
    Index("ix_reflections_tried_at", "tried_at"),
)
"""What members wrote about their ballots: without `text` while nobody has, or one is being asked. `spend` has
all tries, of which the last ended at `tried_at`; `tries` counts those that failed. Who holds a claim asks,
nobody else until it has run out."""

votes = Table(
    "votes",
    metadata,
    Column("run_id", Words, ForeignKey("runs.run_id"), primary_key=True),
    Column("person", Words, primary_key=True),
    Column("action", Words, nullable=False),
    Column("confidence", PlainDecimal),
    Column("chat", Words, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("action IN ('BUY', 'SELL', 'HOLD')", name="action"),
)
"""What people voted: the newest vote of each person in each run."""

imports = Table(
    "imports",
    metadata,
    Column("id", Words, primary_key=True),
    Column("season", Words, nullable=False),
    Column("member", Words, nullable=False),
    Column("file_name", Words, nullable=False),
    Column("sha256", Words, nullable=False),
    Column("price", Words, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    _of_account(),
    UniqueConstraint("season", "member", "sha256"),
)
"""Trade logs that were replayed into a member's books; the same file never twice."""

answers = Table(
    "answers",
    metadata,
    Column("key", Words, primary_key=True),
    Column("member", Words, nullable=False),
    Column("draft", FreeJson, nullable=False),
    Column("at", Moment, nullable=False),
)
"""What models answered in replays, by a hash of all that was asked: the same question is paid for once."""
