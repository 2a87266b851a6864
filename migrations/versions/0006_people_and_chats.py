"""People's roles, invitations and deeds, what is known of chats, their watchlists, and Slack workspaces.

Revises: 0005
Reason: admins let people in from the chat itself, every refused and every privileged action is kept, a group
that moves takes all with it, one service may serve several Slack workspaces, admins remove members and let
portfolios begin again, and whoever started a run may stop it, whichever process works on it. Alerts are found
at once among all that is due.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ALERT_DUE = sa.text("state = 'due' AND NOT timed")
_ASKED = sa.text("state = 'asked'")
_NOT_SETTLED = sa.text("NOT settled")


def upgrade() -> None:
    """Create the tables, and let a run say that somebody wants it stopped."""
    _people()
    _deeds()
    _chats()
    _slack()
    _removed_members()
    _resets()
    op.add_column("runs", sa.Column("stop_by", sa.Text(), nullable=True))
    op.create_index(
        "ix_slots_alerts_due_at",
        "slots",
        ["due_at"],
        unique=False,
        sqlite_where=_ALERT_DUE,
        postgresql_where=_ALERT_DUE,
    )


def _removed_members() -> None:
    op.add_column("members", sa.Column("removed_at", sa.BigInteger(), nullable=True))
    op.add_column("members", sa.Column("removed_by", sa.Text(), nullable=True))


_WIDER = {
    "orders": {
        "ck_orders_cause": (
            "cause IN ('ballot', 'stop', 'take_profit', 'margin_call', 'import')",
            "cause IN ('ballot', 'stop', 'take_profit', 'margin_call', 'import', 'reset')",
        )
    },
    "cash_movements": {
        "ck_cash_movements_kind": (
            "kind IN ('deposit', 'trade', 'fee', 'dividend', 'cash_in_lieu', 'interest', 'borrow')",
            "kind IN ('deposit', 'trade', 'fee', 'dividend', 'cash_in_lieu', 'interest', 'borrow', 'reset')",
        ),
        "ck_cash_movements_session": (
            "kind IN ('deposit', 'trade', 'fee') OR (ticker IS NOT NULL AND session IS NOT NULL)",
            "kind IN ('deposit', 'trade', 'fee', 'reset') OR (ticker IS NOT NULL AND session IS NOT NULL)",
        ),
    },
}
"""What the tables of the ledger allowed, and what they allow now."""


def _resets() -> None:
    for table, rules in _WIDER.items():
        if op.get_bind().dialect.name == "sqlite":
            _rebuild_on_sqlite(table, rules)
        else:
            for name, (_, wider) in rules.items():
                op.drop_constraint(op.f(name), table)
                op.create_check_constraint(op.f(name), table, wider)
    op.create_index(
        "ix_cash_movements_reset",
        "cash_movements",
        ["season", "member", "at"],
        unique=False,
        sqlite_where=sa.text("kind = 'reset'"),
        postgresql_where=sa.text("kind = 'reset'"),
    )


def _rebuild_on_sqlite(table: str, rules: dict[str, tuple[str, str]]) -> None:
    """Make a table anew with wider rules, and with its rows, indexes and triggers as they were."""
    bind = op.get_bind()
    query = "SELECT type, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL"
    made = [(kind, sql) for kind, sql in bind.execute(sa.text(query), {"name": table})]
    (whole,) = [sql for kind, sql in made if kind == "table"]
    for narrow, wider in rules.values():
        if whole.count(narrow) != 1:
            raise RuntimeError(f"The table {table} has other rules than the migrations before have made.")
        whole = whole.replace(narrow, wider)
    head, _, columns = whole.partition("(")
    if head.split()[:2] != ["CREATE", "TABLE"]:
        raise RuntimeError(f"The table {table} was made in another way than by the migrations before.")
    bind.exec_driver_sql(f"CREATE TABLE {table}_wider ({columns}")
    bind.exec_driver_sql(f"INSERT INTO {table}_wider SELECT * FROM {table}")  # noqa: S608  # our own names
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_wider RENAME TO {table}")
    for kind, sql in made:
        if kind != "table":
            bind.exec_driver_sql(sql)


def _people() -> None:
    op.create_table(
        "grants",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'runner', 'admin', 'nobody')", name=op.f("ck_grants_role")),
        sa.PrimaryKeyConstraint("person", "chat_id", "thread", name=op.f("pk_grants")),
    )
    op.create_table(
        "invitations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'denied', 'expired')", name=op.f("ck_invitations_state")
        ),
        sa.CheckConstraint("(state = 'approved') = (role IS NOT NULL)", name=op.f("ck_invitations_role")),
        sa.CheckConstraint(
            "(state IN ('approved', 'denied')) = (decided_by IS NOT NULL)",
            name=op.f("ck_invitations_decided_by"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_invitations")),
    )
    op.create_index(
        "uq_invitations_person_chat_id",
        "invitations",
        ["person", "chat_id"],
        unique=True,
        sqlite_where=_ASKED,
        postgresql_where=_ASKED,
    )
    op.create_index(
        "ix_invitations_settled",
        "invitations",
        ["settled"],
        unique=False,
        sqlite_where=_NOT_SETTLED,
        postgresql_where=_NOT_SETTLED,
    )
    op.create_table(
        "claims",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code_sha256", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_claims_tries")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_claims")),
    )


def _deeds() -> None:
    op.create_table(
        "deeds",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("ck_deeds_outcome")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_deeds")),
    )
    op.create_index("ix_deeds_at", "deeds", ["at"], unique=False)
    op.create_index("ix_deeds_chat_id", "deeds", ["chat_id", "number"], unique=False)


def _chats() -> None:
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'restricted', 'closed', 'moved')", name=op.f("ck_chats_state")),
        sa.CheckConstraint("(state = 'moved') = (moved_to IS NOT NULL)", name=op.f("ck_chats_moved_to")),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_chats")),
    )
    op.create_index(
        "ix_chats_moved_to",
        "chats",
        ["moved_to"],
        unique=False,
        sqlite_where=sa.text("moved_to IS NOT NULL"),
        postgresql_where=sa.text("moved_to IS NOT NULL"),
    )
    op.create_table(
        "watched",
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("ticker", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "ticker", name=op.f("pk_watched")),
    )
    op.create_table(
        "homes",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "team", name=op.f("pk_homes")),
    )
    op.create_table(
        "visits",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", "chat_id", name=op.f("pk_visits")),
    )
    op.create_index("ix_cards_chat_message", "cards", ["chat", "message"], unique=False)


def _bot_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("bot_token", sa.String(200), nullable=True),
        sa.Column("bot_id", sa.String(32), nullable=True),
        sa.Column("bot_user_id", sa.String(32), nullable=True),
        sa.Column("bot_scopes", sa.String(1000), nullable=True),
        sa.Column("bot_refresh_token", sa.String(200), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
    )


def _slack() -> None:
    op.create_table(
        "slack_installations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("enterprise_url", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        *_bot_columns(),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("user_token", sa.String(200), nullable=True),
        sa.Column("user_scopes", sa.String(1000), nullable=True),
        sa.Column("user_refresh_token", sa.String(200), nullable=True),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("incoming_webhook_url", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_channel", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_channel_id", sa.String(200), nullable=True),
        sa.Column("incoming_webhook_configuration_url", sa.String(200), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("token_type", sa.String(32), nullable=True),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_installations")),
    )
    op.create_index(
        "slack_installations_idx",
        "slack_installations",
        ["client_id", "enterprise_id", "team_id", "user_id", "installed_at"],
        unique=False,
    )
    op.create_table(
        "slack_bots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(32), nullable=False),
        sa.Column("app_id", sa.String(32), nullable=False),
        sa.Column("enterprise_id", sa.String(32), nullable=True),
        sa.Column("enterprise_name", sa.String(200), nullable=True),
        sa.Column("team_id", sa.String(32), nullable=True),
        sa.Column("team_name", sa.String(200), nullable=True),
        *_bot_columns(),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_bots")),
    )
    op.create_index(
        "slack_bots_idx",
        "slack_bots",
        ["client_id", "enterprise_id", "team_id", "installed_at"],
        unique=False,
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(200), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_oauth_states")),
    )
    op.create_table(
        "slack_chats",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_slack_chats")),
    )
    op.create_index("ix_slack_chats_team", "slack_chats", ["team"], unique=False)
