"""Reading due slots that nobody has worked on, tens of thousands at once.

The tables' own checks say what such a row can hold, so that only the rest is read and looked at.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import Select, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import StoreError
from core.domain.subscription import Due, Slot, SlotState, Subscription, SubscriptionState
from core.domain.values import Frozen
from core.store.column_types import from_microseconds
from core.store.due_rows import TERMS, WHOLE, Row, raw, terms_of, tickers_of, wanted_of
from core.store.schedule_tables import slots, subscriptions

Value = TypeVar("Value", bound=Frozen)

_COLUMNS = (
    *(raw(subscriptions.c[name]) for name in ("number", "platform", "chat", "thread", "wanted")),
    *(raw(subscriptions.c[name]) for name in ("created_by", "created_at")),
    *(raw(slots.c[name]) for name in ("key", "at", "due_at", "tickers", "missed")),
    TERMS,
)
_ACTIVE, _CLAIMED = SubscriptionState.ACTIVE, SlotState.CLAIMED
# What a pydantic value consists of; its own ways to set them take several times as long.
_PARTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
# Whoever subscribes to the same wish waits for the same moment.
_shared_moment = lru_cache(maxsize=1024)(from_microseconds)


def _maker(kind: type[Value]) -> Callable[[dict[str, Any]], Value]:
    """Return what makes a value of its fields, which are all that it has, in order and of the right types."""
    names = set(kind.model_fields)
    set_fields, set_names, set_extra, set_private = (vars(BaseModel)[part].__set__ for part in _PARTS)

    def made(fields: dict[str, Any]) -> Value:
        value = object.__new__(kind)
        set_fields(value, fields)
        set_names(value, names)
        set_extra(value, None)
        set_private(value, None)
        return value

    return made


_subscription, _slot = _maker(Subscription), _maker(Slot)


def select_fresh(connection: AsyncConnection) -> Select[Any]:
    """Return the query for rows of `fresh_due_of`; the first column is where the slot is."""
    place = "slots.rowid" if connection.dialect.name == "sqlite" else "slots.ctid::text"
    return select(literal_column(place), *_COLUMNS).select_from(WHOLE)


def fresh_due_of(row: Row) -> Due:
    """Return a due slot, of an active subscription, as the claimed one that it is about to become.

    Raises:
        StoreError: the row is damaged.
    """
    _, number, platform, chat, thread, wanted, by, created_at, key, at, due_at, tickers, missed, terms = row
    try:
        if not (type(platform) is type(chat) is type(by) is type(key) is str and type(missed) is int):
            raise TypeError
        subscription = {
            "number": number,
            "platform": platform,
            "chat": chat,
            "thread": None if thread is None else str(thread),
            "wanted": wanted_of(wanted),
            "state": _ACTIVE,
            "reason": None,
            "created_by": by,
            "created_at": from_microseconds(created_at),
        }
        slot = {
            "subscription": number,
            "key": key,
            "at": _shared_moment(at),
            "due_at": _shared_moment(due_at),
            "tickers": tickers_of(tickers),
            "state": _CLAIMED,
            "missed": missed,
            "late": False,
            "posted": 0,
            "posting": False,
            "note": None,
            "ended_at": None,
        }
        return Due(_subscription(subscription), terms_of(terms), _slot(slot))
    except (TypeError, ValueError, OverflowError):
        raise StoreError(f"Subscription {number} is damaged in the database.") from None


def fresh_place_of(row: Row) -> tuple[int, str]:
    """Return the number and the key in such a row, whatever else is in it."""
    return row[1], row[8]


def fresh_watching(rows: Iterable[Row]) -> set[str]:
    """Return the chats of such rows that are about a watchlist; what is damaged is left to `fresh_due_of`."""
    found = set()
    for row in rows:
        with suppress(TypeError, ValueError, OverflowError):
            if wanted_of(row[5]).on_watchlist:
                found.add(f"{row[2]}:{row[3]}")
    return found
