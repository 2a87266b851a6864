"""Subscriptions and slots as rows and back: many at a time, and none trusted that may be damaged."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Boolean, Column, Integer, Select, Text, literal_column, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.errors import StoreError
from core.domain.subscription import (
    ChatTerms,
    Due,
    Slot,
    Subscription,
    Wanted,
)
from core.store.column_types import Moment, from_microseconds
from core.store.schedule_tables import chat_terms, slots, subscriptions

Row = Sequence[Any]

_SUBSCRIPTION = tuple(Subscription.model_fields)
_SLOT = tuple(name for name in Slot.model_fields if name != "subscription")
_TEXTS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_NO_TEXTS = "[]"
DAMAGED = "What is stored of it is damaged; delete it and subscribe again."
"""Why a subscription is paused whose row cannot be read."""


def raw(column: Column[Any]) -> Any:
    """Return a column as the database gives it: thousands of rows are turned into values further below."""
    if isinstance(column.type, Moment):
        return type_coerce(column, BigInteger())
    return type_coerce(column, Integer() if isinstance(column.type, Integer | Boolean) else Text())


SUBSCRIPTION = tuple(raw(subscriptions.c[name]) for name in _SUBSCRIPTION)
"""The columns of which `subscription_of` makes a Subscription."""
TERMS = raw(chat_terms.c.terms)
SLOT = (raw(slots.c.subscription), *(raw(slots.c[name]) for name in _SLOT))
"""The columns of which `slot_of` makes a Slot."""
MESSAGES = raw(slots.c.messages)
_SLOT_FROM, _TERMS_AT = len(SUBSCRIPTION), len(SUBSCRIPTION) + len(SLOT)

_CHAT_ID = subscriptions.c.platform + ":" + subscriptions.c.chat
_OF_CHAT = chat_terms.c.chat_id == _CHAT_ID
WITH_TERMS = subscriptions.outerjoin(chat_terms, _OF_CHAT)
"""Subscriptions with the terms of their chats, which may have none."""
WITH_SLOTS = slots.join(subscriptions, subscriptions.c.number == slots.c.subscription)
"""Slots with their subscriptions."""
WHOLE = WITH_SLOTS.outerjoin(chat_terms, _OF_CHAT)
"""Slots with their subscriptions and the terms of their chats."""
# As literals: a database uses a partial index only where it can see that its condition holds.
ACTIVE = subscriptions.c.state == literal_column("'active'")
IS_DUE = slots.c.state == literal_column("'due'")


def on_platforms(connection: AsyncConnection, platforms: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a subscription is one of these platforms, for a query of what is due."""
    platform = subscriptions.c.platform
    if connection.dialect.name != "sqlite":
        # A column, whose values are counted: of an expression PostgreSQL believes that it fits next to
        # nobody, and then goes through everything for each part of what is due.
        return platform.in_(platforms)
    # An expression: of a column SQLite thinks of its index, and goes through all of a platform.
    return platform.concat("").in_(platforms)


Value = TypeVar("Value")


def readable(rows: Iterable[Row], made_of: Callable[[Row], Value]) -> Iterator[Value]:
    """Yield what the rows hold, without those that are damaged: one chat's must not hide all others."""
    for row in rows:
        with suppress(StoreError):
            yield made_of(row)


def select_due() -> Select[Any]:
    """Return the query for the columns of which `due_of` makes a Due, to be narrowed down."""
    return select(*SUBSCRIPTION, *SLOT, TERMS).select_from(WHOLE)


def due_of(row: Row) -> Due:
    """Return what a row of `select_due` holds.

    Raises:
        StoreError: the row is damaged.
    """
    subscription = subscription_of(row[:_SLOT_FROM])
    slot = slot_of(row[_SLOT_FROM:_TERMS_AT])
    return Due(subscription=subscription, terms=terms_in(row[_TERMS_AT], subscription.chat_id), slot=slot)


def place_of(row: Row) -> tuple[int, str]:
    """Return the number and the key in a row of `select_due`, whatever else is in it."""
    return row[_SLOT_FROM], row[_SLOT_FROM + 1]


def subscription_and_terms_of(row: Row) -> tuple[Subscription, ChatTerms]:
    """Return what a row of the SUBSCRIPTION columns and TERMS holds.

    Raises:
        StoreError: the row is damaged.
    """
    subscription = subscription_of(row[:_SLOT_FROM])
    return subscription, terms_in(row[_SLOT_FROM], subscription.chat_id)


def subscription_of(row: Row) -> Subscription:
    """Return the subscription that a row of the SUBSCRIPTION columns holds.

    Raises:
        StoreError: the row is damaged.
    """
    number, platform, chat, thread, wanted, state, reason, created_by, created_at = row
    try:
        return Subscription(
            number=number,
            platform=platform,
            chat=chat,
            thread=thread,
            wanted=wanted_of(wanted),
            state=state,
            reason=reason,
            created_by=created_by,
            created_at=from_microseconds(created_at),
        )
    except (TypeError, ValueError, OverflowError):
        told = f"Subscription {number} is damaged in the database; delete it and subscribe again."
        raise StoreError(told) from None


def slot_of(row: Row) -> Slot:
    """Return the slot that a row of the SLOT columns holds.

    Raises:
        StoreError: the row is damaged.
    """
    number, key, at, due_at, tickers, state, missed, late, posted, posting, note, ended_at = row
    try:
        return Slot(
            subscription=number,
            key=key,
            at=from_microseconds(at),
            due_at=from_microseconds(due_at),
            tickers=tickers_of(tickers),
            state=state,
            missed=missed,
            late=late,
            posted=posted,
            posting=posting,
            note=note,
            ended_at=None if ended_at is None else from_microseconds(ended_at),
        )
    except (TypeError, ValueError, OverflowError):
        told = f"The time {key} of subscription {number} is damaged in the database; it cannot be used."
        raise StoreError(told) from None


def terms_in(text: str | None, chat_id: str) -> ChatTerms:
    """Return the terms of a chat; without a row, those that nobody has changed.

    Raises:
        StoreError: the row is damaged.
    """
    try:
        return terms_of(text)
    except (TypeError, ValueError):
        told = f"The settings of {chat_id} are damaged in the database; set them again."
        raise StoreError(told) from None


def messages_of(text: str) -> tuple[str, ...]:
    """Return the ids of messages that are stored as this text.

    Raises:
        StoreError: it is damaged.
    """
    try:
        return _TEXTS.validate_json(text)
    except (TypeError, ValueError):
        raise StoreError("What was posted for a subscription is damaged in the database.") from None


# Chats want much the same: a wish is read once for all that have the very same text.
@lru_cache(maxsize=4096)
def wanted_of(text: str) -> Wanted:
    """Return the wish that is stored as this text.

    Raises:
        ValueError: it is damaged; or TypeError, if it is no text.
    """
    return Wanted.model_validate_json(text)


@lru_cache(maxsize=1024)
def terms_of(text: str | None) -> ChatTerms:
    """Return the terms that are stored as this text; None are those that nobody has changed.

    Raises:
        ValueError: it is damaged; or TypeError, if it is no text.
    """
    return ChatTerms() if text is None else ChatTerms.model_validate_json(text)


@lru_cache(maxsize=4096)
def tickers_of(text: str) -> tuple[str, ...]:
    """Return the tickers that are stored as this text.

    Raises:
        ValueError: it is damaged; or TypeError, if it is no text.
    """
    return _TEXTS.validate_json(text)


@lru_cache(maxsize=4096)
def tickers_text(tickers: tuple[str, ...]) -> str:
    """Return tickers as they are stored."""
    return _TEXTS.dump_json(tickers).decode()
