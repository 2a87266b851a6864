"""Subscriptions: what each chat asked to receive, and how it wants to be treated."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.errors import Refused
from core.domain.subscription import (
    ChatTerms,
    Origin,
    Planned,
    Slot,
    Subscription,
    SubscriptionState,
    Topic,
    Wanted,
)
from core.store.database import Database
from core.store.due_changes import Replan, drop_due, move_due, replace_due
from core.store.due_rows import (
    ACTIVE,
    IS_DUE,
    SLOT,
    SUBSCRIPTION,
    TERMS,
    WITH_SLOTS,
    WITH_TERMS,
    readable,
    slot_of,
    subscription_and_terms_of,
    subscription_of,
    terms_in,
)
from core.store.inserting import add_new
from core.store.schedule_tables import ONE_DUE, chat_terms, slots, subscriptions

_KEPT = subscriptions.c.state != SubscriptionState.DELETED


class Subscriptions:
    """All subscriptions, and the terms of all chats.

    An active subscription that has times has one due slot, the next; a paused or deleted one has none. The
    methods that change a subscription return False when it is not there or not in the state for it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        platform: str,
        chat: str,
        thread: str | None,
        wanted: Wanted,
        created_by: str,
        at: datetime,
        first: Planned | None,
        *,
        limit: int,
    ) -> Subscription:
        """Store a subscription with its first time.

        Raises:
            Refused: the chat has `limit` that are not deleted, or has the same wish in the same thread.
        """
        row = {"platform": platform, "chat": chat, "thread": thread, "created_by": created_by}
        facts = {"wanted": wanted, "topic": wanted.topic, "state": SubscriptionState.ACTIVE, "created_at": at}
        async with self._database.write() as connection:
            await hold_chat(connection, f"{platform}:{chat}", at)
            kept = await _rows(connection, in_chat(platform, chat), _KEPT)
            _check_new(kept, thread, wanted)
            if len(kept) >= limit:
                raise Refused(
                    f"This chat has {len(kept)} subscriptions, and {limit} is the most that it may have; "
                    "remove one with /unsubscribe first."
                )
            statement = insert(subscriptions).values(row | facts).returning(*SUBSCRIPTION)
            added = subscription_of((await connection.execute(statement)).one())
            await replace_due(connection, added.number, first)
            return added

    async def get(self, number: int) -> Subscription | None:
        """Return a subscription, deleted ones too; None where there is none.

        Raises:
            StoreError: its row is damaged.
        """
        async with self._database.read() as connection:
            return next(map(subscription_of, await _rows(connection, subscriptions.c.number == number)), None)

    async def origin(self, platform: str, chat: str, number: int) -> Origin | None:
        """Return where a subscription of a chat posts and who made it, even where its wish is damaged.

        None where the chat has none with this number that is not deleted.
        """
        query = select(subscriptions.c.thread, subscriptions.c.created_by).where(
            in_chat(platform, chat), subscriptions.c.number == number, _KEPT
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Origin(*row)

    async def of_chat(self, platform: str, chat: str) -> tuple[tuple[Subscription, Slot | None], ...]:
        """Return the subscriptions of a chat that are not deleted, in their order, each with its due slot.

        Of several due ones, as alerts have them, it is the first.

        Raises:
            StoreError: a row is damaged; the sentence names the subscription.
        """
        here = (in_chat(platform, chat), _KEPT)
        waiting = select(*SLOT).select_from(WITH_SLOTS).where(*here, IS_DUE)
        async with self._database.read() as connection:
            kept = [subscription_of(row) for row in await _rows(connection, *here)]
            rows = (await connection.execute(waiting.order_by(slots.c.due_at.desc()))).all()
        next_ones = {slot.subscription: slot for slot in map(slot_of, rows)}
        return tuple((one, next_ones.get(one.number)) for one in kept)

    async def active(
        self, topic: Topic | None = None, platform: str | None = None, chat: str | None = None
    ) -> tuple[tuple[Subscription, ChatTerms], ...]:
        """Return active subscriptions in their order, with their chats' terms; damaged ones are left out."""
        wanted = {"topic": topic, "platform": platform, "chat": chat}
        asked = [subscriptions.c[name] == value for name, value in wanted.items() if value is not None]
        return await self._with_terms(ACTIVE, *asked)

    async def unplanned(self) -> tuple[tuple[Subscription, ChatTerms], ...]:
        """Return active subscriptions with times that have no due slot, as after a season without an end.

        Whoever planned them knew of no next time, or moved the clock back: `Slots.plan` them again now and
        then. Damaged ones are left out.
        """
        due = select(slots.c.key).where(slots.c.subscription == subscriptions.c.number, ONE_DUE)
        return await self._with_terms(ACTIVE, subscriptions.c.topic != Topic.ALERTS, ~due.exists())

    async def change(self, number: int, wanted: Wanted, first: Planned | None) -> bool:
        """Give a subscription that is not deleted another wish; an active one gets its first time too.

        Raises:
            Refused: its chat has the same wish in the same thread.
        """
        async with self._database.write() as connection:
            where = select(*(subscriptions.c[name] for name in ("platform", "chat", "thread", "created_at")))
            place = (await connection.execute(where.where(subscriptions.c.number == number, _KEPT))).first()
            if place is None:
                return False
            platform, chat, thread, at = place
            await hold_chat(connection, f"{platform}:{chat}", at)
            others = await _rows(connection, in_chat(platform, chat), _KEPT, subscriptions.c.number != number)
            _check_new(others, thread, wanted)
            change = update(subscriptions).where(subscriptions.c.number == number, _KEPT)
            if not await _changed(connection, change.values(wanted=wanted, topic=wanted.topic)):
                return False
            await replace_due(connection, number, first)
            return True

    async def pause(self, number: int, reason: str | None) -> bool:
        """Let an active subscription rest; `reason` says why, where nobody asked for it."""
        change = update(subscriptions).where(subscriptions.c.number == number, ACTIVE)
        return await self._stop(number, change.values(state=SubscriptionState.PAUSED, reason=reason))

    async def resume(self, number: int, first: Planned | None) -> bool:
        """Let a paused subscription go on, from its first time."""
        paused = subscriptions.c.state == SubscriptionState.PAUSED
        change = update(subscriptions).where(subscriptions.c.number == number, paused)
        async with self._database.write() as connection:
            if not await _changed(connection, change.values(state=SubscriptionState.ACTIVE, reason=None)):
                return False
            await replace_due(connection, number, first)
            return True

    async def delete(self, number: int) -> bool:
        """Let a subscription end; what was posted for it stays known."""
        change = update(subscriptions).where(subscriptions.c.number == number, _KEPT)
        return await self._stop(number, change.values(state=SubscriptionState.DELETED, reason=None))

    async def delete_of(self, platform: str, chat: str, number: int | None = None) -> tuple[int, ...]:
        """Let all subscriptions of a chat end, or one; return their numbers. Damaged ones end too."""
        change = update(subscriptions).where(in_chat(platform, chat), _KEPT)
        if number is not None:
            change = change.where(subscriptions.c.number == number)
        change = change.values(state=SubscriptionState.DELETED, reason=None).returning(subscriptions.c.number)
        async with self._database.write() as connection:
            ended = (await connection.execute(change)).scalars().all()
            await drop_due(connection, ended)
        return tuple(sorted(ended))

    async def pause_chat(
        self, platform: str, chat: str, reason: str, thread: str | None = None, *, only_thread: bool = False
    ) -> tuple[int, ...]:
        """Pause all active subscriptions of a chat and return their numbers.

        With `only_thread` those that go to this thread of it, where None is the chat outside of threads.
        """
        here = in_chat(platform, chat)
        async with self._database.write() as connection:
            if only_thread:
                here &= subscriptions.c.thread.is_not_distinct_from(thread)
            return await pause_where(connection, here, reason)

    async def terms(self, chat_id: str) -> ChatTerms:
        """Return the terms of a chat, such as `telegram:-100123`; of an unknown one, those nobody changed.

        Raises:
            StoreError: its row is damaged.
        """
        async with self._database.read() as connection:
            return await terms_within(connection, chat_id)

    async def set_terms(
        self,
        chat_id: str,
        terms: ChatTerms,
        at: datetime,
        replan: Replan,
        *,
        before: ChatTerms | None = None,
    ) -> bool:
        """Store a chat's terms, and what they make of the due slots of its active subscriptions.

        `replan` is asked for each of them as it stands when nobody can claim it any more. Damaged ones are
        left alone. All alerts that wait are told at the new time. With `before`, nothing is done and False is
        returned where the terms are not these any more.
        """
        platform, _, chat = chat_id.partition(":")
        change = update(chat_terms).where(chat_terms.c.chat_id == chat_id)
        async with self._database.write() as connection:
            await hold_chat(connection, chat_id, at)
            if before is not None and await terms_within(connection, chat_id) != before:
                return False
            await connection.execute(change.values(terms=terms, changed_at=at))
            own = select(*SUBSCRIPTION).where(in_chat(platform, chat), ACTIVE)
            own = own.order_by(subscriptions.c.number).with_for_update(key_share=True)
            rows = (await connection.execute(own)).all()
            await move_due(connection, list(readable(rows, subscription_of)), replan)
            return True

    async def _stop(self, number: int, change: Any) -> bool:
        async with self._database.write() as connection:
            stopped = await _changed(connection, change)
            if stopped:
                await drop_due(connection, [number])
            return stopped

    async def _with_terms(
        self, *conditions: ColumnElement[bool]
    ) -> tuple[tuple[Subscription, ChatTerms], ...]:
        query = (
            select(*SUBSCRIPTION, TERMS)
            .select_from(WITH_TERMS)
            .where(*conditions)
            .order_by(subscriptions.c.number)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(readable(rows, subscription_and_terms_of))


async def pause_where(
    connection: AsyncConnection, where: ColumnElement[bool], reason: str
) -> tuple[int, ...]:
    """Pause all active subscriptions of which this holds, within a transaction; return their numbers."""
    change = update(subscriptions).where(where, ACTIVE)
    change = change.values(state=SubscriptionState.PAUSED, reason=reason)
    paused = (await connection.execute(change.returning(subscriptions.c.number))).scalars().all()
    await drop_due(connection, paused)
    return tuple(sorted(paused))


def in_chat(platform: str, chat: str) -> ColumnElement[bool]:
    """Return the condition that a subscription is one of this chat."""
    return (subscriptions.c.platform == platform) & (subscriptions.c.chat == chat)


async def _rows(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    query = select(*SUBSCRIPTION).where(*conditions).order_by(subscriptions.c.number)
    return (await connection.execute(query)).all()


async def _changed(connection: AsyncConnection, change: Any) -> bool:
    return bool((await connection.execute(change)).rowcount == 1)


def _check_new(kept: Iterable[Any], thread: str | None, wanted: Wanted) -> None:
    for one in readable(kept, subscription_of):
        if one.wanted == wanted and one.thread == thread:
            paused = "" if one.state is SubscriptionState.ACTIVE else ", which is paused"
            raise Refused(f"This chat has that already: it is subscription {one.number}{paused}.")


async def hold_chat(connection: AsyncConnection, chat_id: str, at: datetime) -> None:
    """Let nobody else count or change this chat's subscriptions and terms until the transaction ends."""
    await add_new(connection, chat_terms, {"chat_id": chat_id, "terms": ChatTerms(), "changed_at": at})
    row = select(chat_terms.c.changed_at).where(chat_terms.c.chat_id == chat_id)
    await connection.execute(row.with_for_update())


async def terms_within(connection: AsyncConnection, chat_id: str) -> ChatTerms:
    """Return the terms of a chat, within a transaction.

    Raises:
        StoreError: its row is damaged.
    """
    query = select(TERMS).where(chat_terms.c.chat_id == chat_id)
    return terms_in((await connection.execute(query)).scalar(), chat_id)
