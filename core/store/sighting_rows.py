"""Which model was shown which evidence, when and for whom: the calls once more, as an audit asks for them."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.sql import ColumnElement

from core.domain.costs import Seen, WhoSaw
from core.store.call_tables import calls
from core.store.database import Database

MOST = 10_000
_COLUMNS = [calls.c[name] for name in Seen.model_fields]


class Sightings:
    """Reads calls by the evidence that they showed, or by the run for which they were made."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_evidence(self, sha256: str, most: int = MOST) -> WhoSaw:
        """Return the first `most` calls that showed the pack with this hash, oldest first."""
        return await self._read(sha256, calls.c.evidence_sha256 == sha256, most)

    async def of_run(self, run_id: str, most: int = MOST) -> WhoSaw:
        """Return the first `most` calls of a run, oldest first."""
        return await self._read(run_id, calls.c.run_id == run_id, most)

    async def hashes(self, beginning: str, most: int) -> tuple[str, ...]:
        """Return some hashes of shown packs that begin so; `beginning` is of hexadecimal digits alone."""
        query = select(calls.c.evidence_sha256).where(calls.c.evidence_sha256.startswith(beginning))
        async with self._database.read() as connection:
            rows: Any = await connection.execute(query.distinct().limit(most))
            return tuple(sha256 for (sha256,) in rows)

    async def _read(self, about: str, which: ColumnElement[bool], most: int) -> WhoSaw:
        query = select(*_COLUMNS).where(which).order_by(calls.c.at, calls.c.number).limit(most)
        count = select(func.count()).select_from(calls).where(which)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
            more = (await connection.execute(count)).scalar_one() - len(rows)
        seen = tuple(Seen.model_validate({str(name): value for name, value in row.items()}) for row in rows)
        return WhoSaw(about=about, seen=seen, more=more)
