"""What runs of the past tell about coming ones: which tickers people ask about, and what runs cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from core.domain.run import RunState
from core.domain.stage import Preset
from core.domain.usage import Spend
from core.store.database import Database
from core.store.run_record import NOT_REPLAYED
from core.store.tables import runs, seats

_COUNTS = (runs.c.state == RunState.FINISHED, NOT_REPLAYED)


class RunHistory:
    """Finished runs looked at together; replays of the past are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, preset: Preset, limit: int) -> Mapping[str, Sequence[Spend]]:
        """Return what each member has spent in each of the last `limit` runs of `preset` that it sat in.

        A member without a seat in any of them is not among the keys.
        """
        last = (
            select(runs.c.run_id)
            .where(runs.c.preset == preset, *_COUNTS)
            .order_by(runs.c.finished_at.desc(), runs.c.number.desc())
            .limit(limit)
        )
        query = select(seats.c.member, seats.c.result).where(
            seats.c.run_id.in_(last), seats.c.result.is_not(None)
        )
        spent: defaultdict[str, list[Spend]] = defaultdict(list)
        async with self._database.read() as connection:
            for member, result in await connection.execute(query):
                spent[member].append(result.spend)
        return dict(spent)

    async def tickers(self, limit: int) -> tuple[str, ...]:
        """Return the tickers of the last runs, the one that was run last first."""
        query = (
            select(runs.c.ticker)
            .where(*_COUNTS)
            .group_by(runs.c.ticker)
            .order_by(func.max(runs.c.number).desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())
