"""The tables of people and chats: who may do what, who did what, and what is known of each chat.

The rest of the schema is in `core.store.tables` and the other modules of tables; `migrations/` makes all.
Ids of people and chats are those of `[access]`, such as `telegram:1001`.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, text

from core.store.column_types import AsJson, Moment, Words
from core.store.tables import metadata

IS_OPEN = text("state = 'asked'")
NOT_SETTLED = text("NOT settled")

grants = Table(
    "grants",
    metadata,
    Column("person", Words, primary_key=True),
    Column("chat_id", Words, primary_key=True),
    Column("thread", Words, primary_key=True),
    Column("role", Words, nullable=False),
    Column("granted_by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint("role IN ('viewer', 'runner', 'admin', 'nobody')", name="role"),
)
"""Roles that admins gave in chats, beside those of `[access]`. An empty person is everybody, an empty chat
everywhere, and an empty thread all of a chat. `nobody` takes a role of these tables away again."""

invitations = Table(
    "invitations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("person", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("chat_id", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("state", Words, nullable=False),
    Column("told", AsJson(tuple[tuple[str, str], ...]), nullable=False),
    Column("role", Words),
    Column("decided_by", Words),
    Column("decided_at", Moment),
    Column("answered", Boolean, nullable=False),
    Column("settled", Boolean, nullable=False),
    CheckConstraint("state IN ('asked', 'approved', 'denied', 'expired')", name="state"),
    CheckConstraint("(state = 'approved') = (role IS NOT NULL)", name="role"),
    CheckConstraint("(state IN ('approved', 'denied')) = (decided_by IS NOT NULL)", name="decided_by"),
    Index(
        "uq_invitations_person_chat_id",
        "person",
        "chat_id",
        unique=True,
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    ),
    Index(
        "ix_invitations_settled",
        "settled",
        sqlite_where=NOT_SETTLED,
        postgresql_where=NOT_SETTLED,
    ),
)
"""People who asked to be let in, and what an admin said. `told` has each admin with the place of the message
to them. `answered` says that the person was told the outcome, `settled` that the admins' messages show it."""

claims = Table(
    "claims",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("code_sha256", Words, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("claimed_by", Words),
    CheckConstraint("tries >= 0", name="tries"),
)
"""One-time codes with which whoever sets the service up becomes its first admin; the newest one counts."""

deeds = Table(
    "deeds",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("person", Words, nullable=False),
    Column("chat_id", Words, nullable=False),
    Column("thread", Words, nullable=False),
    Column("what", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("note", Words, nullable=False),
    CheckConstraint("outcome IN ('done', 'refused')", name="outcome"),
    Index("ix_deeds_at", "at"),
    Index("ix_deeds_chat_id", "chat_id", "number"),
)
"""What was refused to people, and what they did that only some may do; append-only."""

chats = Table(
    "chats",
    metadata,
    Column("chat_id", Words, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("reason", Words),
    Column("moved_to", Words),
    Column("changed_at", Moment, nullable=False),
    CheckConstraint("state IN ('open', 'restricted', 'closed', 'moved')", name="state"),
    CheckConstraint("(state = 'moved') = (moved_to IS NOT NULL)", name="moved_to"),
    # Every request asks for the ids that its chat had before; hardly a chat has moved.
    Index(
        "ix_chats_moved_to",
        "moved_to",
        sqlite_where=text("moved_to IS NOT NULL"),
        postgresql_where=text("moved_to IS NOT NULL"),
    ),
)
"""What a platform has told of a chat: whether we may post there, and where a group has moved to."""

watched = Table(
    "watched",
    metadata,
    Column("chat_id", Words, primary_key=True),
    Column("ticker", Words, primary_key=True),
    Column("added_by", Words, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The watchlist of each chat that has its own."""

homes = Table(
    "homes",
    metadata,
    Column("person", Words, primary_key=True),
    Column("team", Words, primary_key=True),
    Column("opened_at", Moment, nullable=False),
)
"""Who has opened our page in Slack, so that it is brought up to date after runs."""

visits = Table(
    "visits",
    metadata,
    Column("person", Words, primary_key=True),
    Column("chat_id", Words, primary_key=True),
    Column("at", Moment, nullable=False),
)
"""Where a person has asked something last: the chats of which their page in Slack may tell."""

shared = Table(
    "shared",
    metadata,
    Column("place", Words, primary_key=True),
    Column("page", Words, primary_key=True),
    Column("person", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("message", Words),
)
"""Which page of reasoning somebody has shared in which thread, and since it is there, in which message."""
