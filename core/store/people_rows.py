"""Roles that admins gave in chats, and people who asked to be let in."""

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import SystemClock
from core.domain.people import Asked, Decision, Grant, Invitation, InvitationState
from core.store.database import Database
from core.store.engine import file_of, is_sqlite, make_engine, parse
from core.store.locking import hold
from core.store.people_tables import grants, invitations
from core.store.schema import HEAD

KEEP = timedelta(days=30)
_OPEN = invitations.c.state == InvitationState.ASKED
_GRANT_KEY = ("person", "chat_id", "thread")


class People:
    """All grants and invitations of the arena."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grants_at(self, person: str, chat: str) -> tuple[Grant, ...]:
        """Return the grants that may hold for a person in a chat, those of its threads too."""
        query = select(grants).where(grants.c.person.in_(["", person]), grants.c.chat_id.in_(["", chat]))
        async with self._database.read() as connection:
            return tuple(_grant(row) for row in (await connection.execute(query)).mappings())

    async def grants_of(self, chat: str | None = None) -> tuple[Grant, ...]:
        """Return all grants, or those of one chat and of everywhere, by person and place."""
        query = select(grants).order_by(grants.c.person, grants.c.chat_id, grants.c.thread)
        if chat is not None:
            query = query.where(grants.c.chat_id.in_(["", chat]))
        async with self._database.read() as connection:
            return tuple(_grant(row) for row in (await connection.execute(query)).mappings())

    async def grant(self, given: Grant) -> None:
        """Give a role, in place of the one that the same person had in the same place."""
        async with self._database.write() as connection:
            await _put(connection, given)

    async def revoke(
        self, person: str, chat: str | None, nobody: Grant | None = None, *, thread: str = ""
    ) -> int:
        """Delete the grants of a person in a chat and its threads, or all of them; return how many.

        With `thread` those of that thread alone. With `nobody`, that takes their place.
        """
        gone = delete(grants).where(grants.c.person == person)
        if chat is not None:
            gone = gone.where(grants.c.chat_id == chat)
        if thread:
            gone = gone.where(grants.c.thread == thread)
        async with self._database.write() as connection:
            count = (await connection.execute(gone)).rowcount
            if nobody is not None:
                await _put(connection, nobody)
            return count

    async def ask(
        self, asking: Invitation, *, most: int, most_in_chat: int
    ) -> tuple[Asked, Invitation | None]:
        """Keep an invitation unless the person has one in the chat, was denied, or there are too many.

        `most` is how many may be open, and `most_in_chat` how many in one chat. Those past their time end
        first. The number of `asking` does not matter.
        """
        own = (invitations.c.person == asking.person,)
        async with self._database.write() as connection:
            await hold(connection, ["invitations"])
            await _expire(connection, asking.asked_at)
            await _forget(connection, asking.asked_at - KEEP)
            denied = select(invitations.c.number).where(*own, invitations.c.state == InvitationState.DENIED)
            if (await connection.execute(denied.limit(1))).first():
                return Asked.DENIED, None
            waiting = select(invitations.c.number).where(*own, invitations.c.chat_id == asking.chat, _OPEN)
            if (await connection.execute(waiting)).first():
                return Asked.WAITING, None
            count = select(func.count()).select_from(invitations).where(_OPEN)
            in_chat = count.where(invitations.c.chat_id == asking.chat)
            for query, limit in ((count, most), (in_chat, most_in_chat)):
                if (await connection.execute(query)).scalar_one() >= limit:
                    return Asked.FULL, None
            row = asking.model_dump(exclude={"number", "chat"}) | {"chat_id": asking.chat}
            added = await connection.execute(insert(invitations).values(row).returning(invitations))
            return Asked.NEW, _invitation(added.mappings().one())

    async def decide(
        self, number: int, role: Literal["viewer", "runner"] | None, by: str, at: datetime
    ) -> Decision | None:
        """Approve an open invitation with a role, or deny it without; None where there is no such one.

        Of several that decide at once one has its way. An approval and its grant are kept together.
        """
        state = InvitationState.DENIED if role is None else InvitationState.APPROVED
        async with self._database.write() as connection:
            await hold(connection, ["invitations"])
            await _expire(connection, at)
            values = {"state": state, "role": role, "decided_by": by, "decided_at": at}
            change = update(invitations).where(invitations.c.number == number, _OPEN).values(values)
            decided = (await connection.execute(change)).rowcount == 1
            found = await _one(connection, number)
            if found is None:
                return None
            if decided and role is not None:
                given = Grant(person=found.person, chat=found.chat, role=role, granted_by=by, at=at)
                await _put(connection, given)
            return Decision(found, decided)

    async def invitation(self, number: int) -> Invitation | None:
        """Return an invitation, or None where there is no such one."""
        async with self._database.read() as connection:
            return await _one(connection, number)

    async def open_invitations(self, now: datetime, chat: str | None = None) -> tuple[Invitation, ...]:
        """Return those that wait for a decision, the oldest first, of all chats or of one."""
        query = select(invitations).where(_OPEN, invitations.c.expires_at > now)
        if chat is not None:
            query = query.where(invitations.c.chat_id == chat)
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(invitations.c.number))
            return tuple(_invitation(row) for row in rows.mappings())

    async def unsettled(self, now: datetime) -> tuple[Invitation, ...]:
        """End what is past its time, and return all of which somebody is still to be told, oldest first."""
        query = select(invitations).where(~invitations.c.settled).order_by(invitations.c.number)
        async with self._database.read() as connection:
            found = [_invitation(row) for row in (await connection.execute(query)).mappings()]
        if not any(one.state is InvitationState.ASKED and one.expires_at <= now for one in found):
            return tuple(found)
        async with self._database.write() as connection:
            await _expire(connection, now)
            return tuple(_invitation(row) for row in (await connection.execute(query)).mappings())

    async def claim_telling(self, number: int, admin: str) -> bool:
        """Say True to exactly one who is about to tell this admin of an open invitation."""
        async with self._database.write() as connection:
            await hold(connection, ["invitations"])
            found = await _one(connection, number)
            if found is None or found.state is not InvitationState.ASKED:
                return False
            if any(who == admin for who, _ in found.told):
                return False
            await _set(connection, number, told=(*found.told, (admin, "")))
            return True

    async def note_told(self, number: int, admin: str, place: str | None) -> None:
        """Keep where the message is that told an admin; None says that there surely is none."""
        async with self._database.write() as connection:
            await hold(connection, ["invitations"])
            if found := await _one(connection, number):
                others = tuple(entry for entry in found.told if entry[0] != admin)
                told = others if place is None else (*others, (admin, place))
                await _set(connection, number, told=told)

    async def claim_answer(self, number: int) -> bool:
        """Say True to exactly one who is about to tell the person the outcome."""
        change = update(invitations).where(invitations.c.number == number, ~invitations.c.answered)
        async with self._database.write() as connection:
            return (await connection.execute(change.values(answered=True))).rowcount == 1

    async def give_back_answer(self, number: int) -> None:
        """Let the outcome be told later, for it was surely not told."""
        async with self._database.write() as connection:
            await _set(connection, number, answered=False)

    async def settle(self, number: int) -> None:
        """Note that nobody is to be told anything more."""
        async with self._database.write() as connection:
            await _set(connection, number, settled=True)


async def granted_at(url: str) -> int:
    """Return how many roles the grants of a database give; 0 where it is not there or not up to date.

    Raises:
        StoreError: the database cannot be used.
    """
    place = parse(url)
    if is_sqlite(place) and not file_of(place).exists():
        return 0
    database = Database(place, make_engine(place, pooled=False), SystemClock())
    try:
        if await database.revision() != HEAD:
            return 0
        query = select(func.count()).select_from(grants).where(grants.c.role != "nobody")
        async with database.read() as connection:
            return int((await connection.execute(query)).scalar_one())
    finally:
        await database.close()


async def _expire(connection: AsyncConnection, now: datetime) -> None:
    late = update(invitations).where(_OPEN, invitations.c.expires_at <= now)
    await connection.execute(late.values(state=InvitationState.EXPIRED))


async def _forget(connection: AsyncConnection, before: datetime) -> None:
    """Delete what was asked for long ago and is over; a denial is never forgotten."""
    over = invitations.c.state.in_([InvitationState.EXPIRED, InvitationState.APPROVED])
    old = (over, invitations.c.settled, invitations.c.asked_at < before)
    await connection.execute(delete(invitations).where(*old))


async def _set(connection: AsyncConnection, number: int, **values: Any) -> None:
    await connection.execute(update(invitations).where(invitations.c.number == number).values(**values))


async def _one(connection: AsyncConnection, number: int) -> Invitation | None:
    query = select(invitations).where(invitations.c.number == number)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else _invitation(row)


async def _put(connection: AsyncConnection, given: Grant) -> None:
    row = given.model_dump(exclude={"chat"}) | {"chat_id": given.chat}
    new = {name: row[name] for name in ("role", "granted_by", "at")}
    kind = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = kind(grants).values(row).on_conflict_do_update(index_elements=_GRANT_KEY, set_=new)
    await connection.execute(statement)


def _grant(row: Any) -> Grant:
    values = dict(row)
    return Grant(chat=values.pop("chat_id"), **values)


def _invitation(row: Any) -> Invitation:
    values = dict(row)
    return Invitation(chat=values.pop("chat_id"), **values)
