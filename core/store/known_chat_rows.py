"""What is known of chats: whether they take messages, and where they have moved."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.chat import ChatShut, ChatState, KnownChat
from core.store.chat_moves import hold_terms, move_everything
from core.store.column_types import Words
from core.store.database import Database
from core.store.inserting import insert_new
from core.store.people_tables import chats
from core.store.schedule_tables import subscriptions
from core.store.subscription_rows import pause_where

_FIELDS = tuple(chats.c[name] for name in KnownChat.model_fields)
_ONE = select(*_FIELDS).where(chats.c.chat_id == bindparam("chat", type_=Words))
_SHUT = chats.c.state.in_([state for state in ChatState if state.shut])


class KnownChats:
    """One row for each chat of which a platform has told something."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, chat_id: str) -> KnownChat | None:
        """Return what is known of a chat, None where nothing is."""
        async with self._database.read() as connection:
            return await _get(connection, chat_id)

    async def shut(self) -> tuple[KnownChat, ...]:
        """Return the chats that take no messages, the last one that was shut first."""
        query = select(*_FIELDS).where(_SHUT).order_by(chats.c.changed_at.desc(), chats.c.chat_id)
        async with self._database.read() as connection:
            return tuple(map(_chat_of, (await connection.execute(query)).all()))

    async def moved(self) -> tuple[tuple[str, str], ...]:
        """Return the old and the new id of every chat that has moved."""
        query = select(chats.c.chat_id, chats.c.moved_to).where(chats.c.moved_to.is_not(None))
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(chats.c.chat_id))).all()
        return tuple((old, new) for old, new in rows)

    async def earlier(self, chat_id: str) -> tuple[str, ...]:
        """Return the ids that a chat had before."""
        query = select(chats.c.chat_id).where(chats.c.moved_to == chat_id).order_by(chats.c.chat_id)
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def describe(self, chat_id: str, kind: str, title: str, at: datetime) -> None:
        """Note what a chat is and how it is called; one of which nothing was known counts as open."""
        async with self._database.write() as connection:
            await _held(connection, chat_id, at)
            change = update(chats).where(chats.c.chat_id == chat_id)
            told = {name: text for name, text in (("kind", kind), ("title", title)) if text}
            if told:
                await connection.execute(change.values(told))

    async def shut_down(self, chat_id: str, state: ChatState, reason: str, at: datetime) -> ChatShut:
        """Note that a chat takes no messages, and pause all its subscriptions with the reason of it.

        The first reason stays, so that all that was paused because of it can be found by it.
        """
        platform, _, chat = chat_id.partition(":")
        here = (subscriptions.c.platform == platform) & (subscriptions.c.chat == chat)
        async with self._database.write() as connection:
            known = await _held(connection, chat_id, at)
            if known.state is ChatState.MOVED:
                return ChatShut(new=False, reason=reason, paused=())
            new = not known.state.shut
            reason = reason if new or known.reason is None else known.reason
            if new or known.state is not state:
                change = update(chats).where(chats.c.chat_id == chat_id)
                await connection.execute(change.values(state=state, reason=reason, changed_at=at))
            return ChatShut(new, reason, await pause_where(connection, here, reason))

    async def open_up(self, chat_id: str, at: datetime) -> bool:
        """Note that a chat takes messages; True for the one call that found it shut."""
        change = update(chats).where(chats.c.chat_id == chat_id, _SHUT)
        change = change.values(state=ChatState.OPEN, reason=None, changed_at=at)
        async with self._database.write() as connection:
            await _held(connection, chat_id, at)
            return (await connection.execute(change)).rowcount == 1

    async def move(self, old: str, new: str, at: datetime) -> bool:
        """Give all that is kept under the id `old` to `new`; True for the one call that did it first.

        Told again, it moves what has come under the old id since.
        """
        async with self._database.write() as connection:
            known = {chat_id: await _held(connection, chat_id, at) for chat_id in sorted((old, new))}
            before, after = known[old], known[new]
            if old == new or after.state is ChatState.MOVED:  # nobody moves in a circle
                return False
            await hold_terms(connection, (old, new), at)
            await move_everything(connection, old, new, at)
            if before.moved_to == new:
                return False
            change = update(chats).where(chats.c.chat_id == old)
            await connection.execute(
                change.values(state=ChatState.MOVED, moved_to=new, reason=None, changed_at=at)
            )
            # Whoever moved here before is found at once, without a chain to be followed.
            await connection.execute(update(chats).where(chats.c.moved_to == old).values(moved_to=new))
            if not after.title and before.title:
                named = update(chats).where(chats.c.chat_id == new)
                await connection.execute(named.values(title=before.title))
            return True


async def _held(connection: AsyncConnection, chat_id: str, at: datetime) -> KnownChat:
    """Return a chat's row, new and open if need be, that nobody else changes until the transaction ends."""
    row = {"chat_id": chat_id, "kind": "", "title": "", "state": ChatState.OPEN, "changed_at": at}
    await connection.execute(insert_new(connection, chats).values(row))
    query = select(*_FIELDS).where(chats.c.chat_id == chat_id).with_for_update()
    return _chat_of((await connection.execute(query)).one())


async def _get(connection: AsyncConnection, chat_id: str) -> KnownChat | None:
    row = (await connection.execute(_ONE, {"chat": chat_id})).first()
    return None if row is None else _chat_of(row)


def _chat_of(row: Any) -> KnownChat:
    return KnownChat(**dict(zip(KnownChat.model_fields, row, strict=True)))
