"""The tables of budgets: what each limited scope has spent, what calls under way hold, and turns of keys.

An amount is a whole number: of 10^-12 USD, or of tokens in a scope of tokens.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from core.domain.calls import Call
from core.domain.paces import Turn
from core.store.column_types import AsJson, FreeJson, Moment, Words
from core.store.tables import metadata

budget_scopes = Table(
    "budget_scopes",
    metadata,
    Column("scope", Words, primary_key=True),
    Column("spent", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("made_at", Moment, nullable=False),
)
"""Made of the calls when a scope is first limited; from then on each call that is written is added."""

budget_holds = Table(
    "budget_holds",
    metadata,
    Column("id", Words, primary_key=True),
    Column("lease_until", Moment, nullable=False),
    Column("amounts", FreeJson, nullable=False),
    Column("scopes", FreeJson, nullable=False),
    Column("call", AsJson(Call), nullable=False),
    Column("turn", AsJson(Turn)),
    Index("ix_budget_holds_lease_until", "lease_until"),
)
"""One row a call under way, under the id of the call; `call` is what is booked if its process dies."""

key_seconds = Table(
    "key_seconds",
    metadata,
    Column("provider", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    Column("second", BigInteger, primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
)
"""What is booked of a key in each second since 1970; of the running minute, and two minutes ahead."""
