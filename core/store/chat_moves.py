"""Everything that is kept under a chat's id, given to the chat that it has become: in one transaction.

What is rewritten is all on which it depends what happens next: subscriptions and with them their slots, the
chat's terms, its roles, invitations and watchlist, whom it has greeted, and for which chat runs and calls
were made, because the chat's budget and the votes go by that. What only tells of the past keeps the old id,
which `chats.moved_to` resolves: deeds and votes. So do live messages that are open, because the number of a
message is good only together with the chat in which it was sent; their end comes as a fresh message in the
new chat.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import StoreError
from core.domain.subscription import ChatTerms, SubscriptionState
from core.store.budget_moves import move_budgets
from core.store.due_changes import drop_due
from core.store.due_rows import SUBSCRIPTION, TERMS, readable, subscription_of, terms_in
from core.store.inserting import insert_new
from core.store.people_tables import IS_OPEN, grants, invitations, watched
from core.store.schedule_tables import chat_terms, subscriptions
from core.store.tables import greetings, runs


async def move_everything(connection: AsyncConnection, old: str, new: str, at: datetime) -> None:
    """Rewrite the chat id `old` to `new` wherever it is kept. The caller holds both chats.

    What the new chat has already stays as it is, and the old chat's double of it ends.
    """
    await _move_terms(connection, old, new, at)
    await _move_subscriptions(connection, old, new)
    for table, column in ((grants, "chat_id"), (grants, "person"), (watched, "chat_id")):
        await _move_keyed(connection, table, column, old, new)
    await _move_invitations(connection, old, new)
    await _move_greetings(connection, old, new)
    for name in ("requested_in", "requested_by"):
        await connection.execute(update(runs).where(runs.c[name] == old).values({name: new}))
    await move_budgets(connection, old, new)


async def _move_terms(connection: AsyncConnection, old: str, new: str, at: datetime) -> None:
    """Give the new chat the terms of the old one, unless it has set its own."""
    if await _terms(connection, new) == ChatTerms():
        change = update(chat_terms).where(chat_terms.c.chat_id == new)
        await connection.execute(change.values(terms=await _terms(connection, old), changed_at=at))
    await connection.execute(delete(chat_terms).where(chat_terms.c.chat_id == old))


async def _terms(connection: AsyncConnection, chat_id: str) -> ChatTerms:
    """Return the terms of a chat; damaged ones count as none, for they must hold up no move."""
    query = select(TERMS).where(chat_terms.c.chat_id == chat_id)
    try:
        return terms_in((await connection.execute(query)).scalar(), chat_id)
    except StoreError:
        return ChatTerms()


async def _move_subscriptions(connection: AsyncConnection, old: str, new: str) -> None:
    """Move them all; one that the new chat has as well would be posted twice, so it ends."""
    platform, _, before = old.partition(":")
    after = new.partition(":")[2]
    kept = subscriptions.c.state != SubscriptionState.DELETED
    query = select(*SUBSCRIPTION).where(subscriptions.c.platform == platform, kept)

    async def of(chat: str) -> list[Any]:
        rows = (await connection.execute(query.where(subscriptions.c.chat == chat))).all()
        return list(readable(rows, subscription_of))

    there = {(one.thread, one.wanted) for one in await of(after)}
    double = [one.number for one in await of(before) if (one.thread, one.wanted) in there]
    if double:
        ending = update(subscriptions).where(subscriptions.c.number.in_(double))
        await connection.execute(ending.values(state=SubscriptionState.DELETED, reason=None))
        await drop_due(connection, double)
    here = (subscriptions.c.platform == platform, subscriptions.c.chat == before)
    await connection.execute(update(subscriptions).where(*here).values(chat=after))
    # Who subscribed as an anonymous administrator goes by the id of the chat.
    made = update(subscriptions).where(subscriptions.c.created_by == old)
    await connection.execute(made.values(created_by=new))


async def _move_keyed(connection: AsyncConnection, table: Table, column: str, old: str, new: str) -> None:
    """Move rows of which the chat is a part of the key; a row that is there already stays."""
    rows = (await connection.execute(select(table).where(table.c[column] == old))).mappings().all()
    for row in rows:
        await connection.execute(insert_new(connection, table).values({**row, column: new}))
    await connection.execute(delete(table).where(table.c[column] == old))


async def _move_invitations(connection: AsyncConnection, old: str, new: str) -> None:
    """Move invitations; of two open ones of a person that of the new chat stays open."""
    asked = select(invitations.c.person).where(invitations.c.chat_id == new, IS_OPEN)
    people: Sequence[str] = (await connection.execute(asked)).scalars().all()
    if people:
        double = (invitations.c.chat_id == old, invitations.c.person.in_(people), IS_OPEN)
        await connection.execute(update(invitations).where(*double).values(state="expired"))
    change = update(invitations).where(invitations.c.chat_id == old)
    await connection.execute(change.values(chat_id=new))


async def _move_greetings(connection: AsyncConnection, old: str, new: str) -> None:
    """Whoever was greeted in the old chat is known in the new one."""
    there = greetings.c.place.like(f"% {old}")
    rows = (await connection.execute(select(greetings.c.place, greetings.c.at).where(there))).all()
    for place, at in rows:
        moved = {"place": f"{place.removesuffix(old)}{new}", "at": at}
        await connection.execute(insert_new(connection, greetings).values(moved))
    await connection.execute(delete(greetings).where(there))


async def hold_terms(connection: AsyncConnection, chat_ids: Sequence[str], at: datetime) -> None:
    """Let nobody else count or change these chats' subscriptions and terms until the transaction ends."""
    for chat_id in sorted(chat_ids):
        row = {"chat_id": chat_id, "terms": ChatTerms(), "changed_at": at}
        await connection.execute(insert_new(connection, chat_terms).values(row))
        held = select(chat_terms.c.changed_at).where(chat_terms.c.chat_id == chat_id)
        await connection.execute(held.with_for_update())
