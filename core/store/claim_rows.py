"""One-time codes with which whoever sets the service up becomes its first admin."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from core.store.database import Database
from core.store.inserting import add_new
from core.store.people_tables import claims, grants

_EVERYWHERE = {"chat_id": "", "thread": ""}


class Claims:
    """The newest code, as its hash: whoever reads the database cannot use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, code_sha256: str, at: datetime, expires_at: datetime) -> int:
        """Keep a code in the place of all before it, and return its number."""
        row = {"code_sha256": code_sha256, "made_at": at, "expires_at": expires_at, "tries": 0}
        async with self._database.write() as connection:
            await connection.execute(delete(claims).where(claims.c.claimed_by.is_(None)))
            made: int = (
                await connection.execute(insert(claims).values(row).returning(claims.c.number))
            ).scalar_one()
            return made

    async def take(self, code_sha256: str, person: str, at: datetime, max_tries: int) -> bool | None:
        """Make a person admin everywhere if the code is right; None where no code waits (any more).

        A wrong one counts, and after `max_tries` of them the code is worth nothing.
        """
        waits = _waits(at, max_tries)
        async with self._database.write() as connection:
            query = select(claims.c.number, claims.c.code_sha256).where(*waits).with_for_update()
            found = (await connection.execute(query.order_by(claims.c.number.desc()).limit(1))).first()
            if found is None:
                return None
            this = update(claims).where(claims.c.number == found.number)
            if found.code_sha256 != code_sha256:
                await connection.execute(this.values(tries=claims.c.tries + 1))
                return False
            await connection.execute(this.values(claimed_by=person))
            grant = {"person": person, **_EVERYWHERE, "role": "admin", "granted_by": "setup", "at": at}
            if not await add_new(connection, grants, grant):
                whose = (grants.c.person == person, grants.c.chat_id == "", grants.c.thread == "")
                await connection.execute(update(grants).where(*whose).values(role="admin"))
            return True

    async def waits(self, at: datetime, max_tries: int) -> bool:
        """Say whether a code waits that can still be used."""
        query = select(claims.c.number).where(*_waits(at, max_tries)).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def has_admin(self, platform: str) -> bool:
        """Say whether somebody of a platform has been made admin everywhere."""
        everywhere = (grants.c.role == "admin", grants.c.chat_id == "", grants.c.thread == "")
        whose = grants.c.person.startswith(f"{platform}:", autoescape=True)
        async with self._database.read() as connection:
            query = select(grants.c.person).where(*everywhere, whose).limit(1)
            return (await connection.execute(query)).first() is not None

    async def claimed_by(self, number: int) -> str | None:
        """Return who has used the code with this number, or None."""
        query = select(claims.c.claimed_by).where(claims.c.number == number)
        async with self._database.read() as connection:
            return (await connection.execute(query)).scalar()


def _waits(at: datetime, max_tries: int) -> tuple[ColumnElement[bool], ...]:
    return claims.c.claimed_by.is_(None), claims.c.expires_at > at, claims.c.tries < max_tries
