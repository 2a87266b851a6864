"""The members of the arena, with numbers that never change."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import RowMapping, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.errors import Refused, StoreError
from core.domain.member import Member, MemberKind
from core.store.database import Database
from core.store.tables import members
from core.store.together import Together

Wanted = tuple[str, MemberKind, Decimal, tuple[str, ...], bool]
"""Name, kind, weight, route, and whether the member takes part."""
Stages = Mapping[Any, tuple[str, ...]]
"""Routes by stage or group of stages."""
_NO_STAGES: Mapping[str, Stages] = MappingProxyType({})


class Members:
    """Who competes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Whoever asks for a run asks for them; at a busy moment that is many who want the same.
        self._asked = Together(database.read, _for_each)

    async def seat(
        self, wanted: Sequence[Wanted], stages: Mapping[str, Stages] = _NO_STAGES
    ) -> tuple[Member, ...]:
        """Make the arena's members those `wanted`, and return all: the wanted first, in their order.

        `stages` has, by the name of a member, the routes of stages that other models write for it.

        A new name gets the next number, which it keeps for good. A member that is no longer wanted stays,
        with its books, but is not enabled. One that was removed stays so, until it is brought back.

        Raises:
            StoreError: a name is wanted twice.
        """
        names = [name for name, *_ in wanted]
        if len(set(names)) < len(names):
            raise StoreError("Two members have the same name; names are unique.")
        async with self._database.read() as connection:
            if await _changes(connection, wanted, stages) == ([], []):
                return await _all(connection)
        async with self._database.write() as connection:
            if not self._database.is_sqlite:
                # Two processes that start at once must not give the same number twice.
                await connection.execute(text("LOCK TABLE members IN EXCLUSIVE MODE"))
            added, changed = await _changes(connection, wanted, stages)
            if added:
                await connection.execute(insert(members), added)
            for row in changed:
                await connection.execute(update(members).where(members.c.name == row["name"]).values(row))
            return await _all(connection)

    async def bring_back(self, name: str) -> bool:
        """Let a member that was removed take part again; False where it was not removed."""
        was_removed = (members.c.name == name, members.c.removed_at.is_not(None))
        change = update(members).where(*was_removed).values(removed_at=None, removed_by=None)
        async with self._database.write() as connection:
            return (await connection.execute(change)).rowcount == 1

    async def all(self) -> tuple[Member, ...]:
        """Return all members: those of the last configuration in its order, then the rest by number."""
        return await self._asked.ask(None)


async def take_out(connection: AsyncConnection, name: str, at: datetime, by: str) -> bool:
    """Let a member take no part from now on, within a transaction; False where it takes none already.

    Raises:
        Refused: it is the last one that is heard.
    """
    await lock_members(connection)
    known = {member.name: member for member in await _all(connection)}
    if not known[name].enabled:
        return False
    heard = [one.name for one in known.values() if one.enabled and not one.kind.follows]
    if heard == [name]:
        raise Refused(f"{name} is the last member that takes part; a committee needs one.")
    change = update(members).where(members.c.name == name).values(removed_at=at, removed_by=by)
    await connection.execute(change)
    return True


async def lock_members(connection: AsyncConnection) -> None:
    """Let no other transaction change who competes, until this one ends."""
    if connection.dialect.name != "sqlite":
        # As in `seat`; but whoever only refers to a member need not wait until a long transaction is over.
        await connection.execute(text("LOCK TABLE members IN SHARE ROW EXCLUSIVE MODE"))


async def removed_of(connection: AsyncConnection) -> frozenset[str]:
    """Return the members that an admin has removed."""
    query = select(members.c.name).where(members.c.removed_at.is_not(None))
    return frozenset((await connection.execute(query)).scalars())


async def seat_beside(connection: AsyncConnection, name: str, kind: MemberKind) -> None:
    """Make sure, within a transaction, that there is a member of this name.

    A new one is of `kind` and takes no part in runs.
    """
    known = select(members.c.name).where(members.c.name == name)
    if (await connection.execute(known)).first():
        return
    await lock_members(connection)
    rows = await _rows(connection)
    if name in {row["name"] for row in rows}:
        return
    number = 1 + max((row["number"] for row in rows), default=0)
    row = {"name": name, "number": number, "kind": str(kind), "weight": Decimal(0), "route": ()}
    await connection.execute(insert(members).values(row | {"enabled": False, "place": None}))


async def _rows(connection: AsyncConnection) -> Sequence[RowMapping]:
    query = select(members).order_by(members.c.place.is_(None), members.c.place, members.c.number)
    return (await connection.execute(query)).mappings().all()


def _seated(row: RowMapping) -> dict[str, Any]:
    """Return the part of a member that the configuration is about."""
    return {name: value for name, value in row.items() if name not in {"removed_at", "removed_by"}}


async def _all(connection: AsyncConnection) -> tuple[Member, ...]:
    return tuple(
        Member(
            **{name: row[name] for name in Member.model_fields if name != "enabled"},
            enabled=row["enabled"] and row["removed_at"] is None,
        )
        for row in await _rows(connection)
    )


async def _changes(
    connection: AsyncConnection, wanted: Sequence[Wanted], stages: Mapping[str, Stages]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows to add and the rows to change."""
    known = {row["name"]: _seated(row) for row in await _rows(connection)}
    number = max((row["number"] for row in known.values()), default=0)
    added, changed = [], []
    for place, (name, kind, weight, route, enabled) in enumerate(wanted):
        before = known.pop(name, None)
        if before is None:
            number += 1
        row = {
            "name": name,
            "number": before["number"] if before else number,
            "kind": str(kind),
            "weight": weight,
            "route": tuple(route),
            "stages": dict(stages.get(name, {})),
            "enabled": enabled,
            "place": place,
        }
        if before is None:
            added.append(row)
        elif before != row:
            changed.append(row)
    for row in known.values():
        after = row | {"enabled": False, "place": None}
        if after != row:
            changed.append(after)
    return added, changed


async def _for_each(connection: AsyncConnection, asked: Sequence[None]) -> Sequence[tuple[Member, ...]]:
    return [await _all(connection)] * len(asked)
