"""Questions to one model: what was asked, who was chosen and why, and what came of it."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import insert, select, update

from core.domain.asking import AskRequest, Task
from core.domain.quota import Allowance, Used
from core.domain.routing import ArmFigures, AskRecord, Trial
from core.store.ask_tables import asks
from core.store.costs import for_sums
from core.store.database import Database
from core.store.quota_rows import check_allowance, used

MOST_COMPARED = 2_000
"""So many of the last answers of a task tell how its candidates do."""
MOST_TRIALS = 2_000


class Begun(NamedTuple):
    """A question that is about to be asked."""

    id: str
    at: datetime
    ticker: str
    evidence_sha256: str
    request: AskRequest
    candidate: str
    member: str = ""
    test: str | None = None
    arm: str | None = None


class Asks:
    """All questions. One without a record goes on or was interrupted; it counts in quotas all the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check_room(self, allowance: Allowance) -> None:
        """Let pass what still fits into its allowance; `begin` looks again.

        Raises:
            QuotaSpent: it does not fit.
        """
        async with self._database.read() as connection:
            allowance.check(*await used(connection, allowance))

    async def used_of(self, allowance: Allowance) -> tuple[Used, Used]:
        """Return what a person and a chat have used of their quotas."""
        async with self._database.read() as connection:
            return await used(connection, allowance)

    async def begin(self, begun: Begun, allowance: Allowance | None = None) -> None:
        """Keep that a question is asked; it fits into its allowance, however many ask at the same time.

        Raises:
            QuotaSpent: it does not fit.
            StoreError: its evidence is not stored, or its id is taken.
        """
        request = begun.request
        row = begun._asdict() | {
            "requested_by": request.requested_by,
            "requested_in": request.requested_in,
            "task": request.task,
            "provider": "",
            "key": "",
            "cost_usd": Decimal(0),
            "latency_ms": 0,
        }
        async with self._database.write() as connection:
            if allowance is not None:
                await check_allowance(connection, allowance)
            await connection.execute(insert(asks).values(row))

    async def finish(self, record: AskRecord, *, answered: bool) -> None:
        """Keep the answer; a second one changes nothing. `answered`: the chosen candidate gave it itself."""
        asked = record.asked
        values = {
            "record": record,
            "answered": answered,
            "cost_usd": for_sums(asked.spend.cost_usd),
            "latency_ms": asked.latency_ms,
        }
        if asked.served_by is not None:
            values |= {"provider": asked.served_by.provider, "key": asked.served_by.key}
        change = update(asks).where(asks.c.id == asked.id, asks.c.record.is_(None))
        async with self._database.write() as connection:
            await connection.execute(change.values(values))

    async def record(self, question: str) -> AskRecord | None:
        """Return a question with its answer, or None where there is none with this id, or no answer."""
        query = select(asks.c.record).where(asks.c.id == question)
        async with self._database.read() as connection:
            found: AskRecord | None = (await connection.execute(query)).scalar()
        return found

    async def figures(self, task: Task | None) -> dict[str, ArmFigures]:
        """Return by candidate what came of the last questions of a task; of settled ballots nothing yet."""
        of_task = asks.c.task.is_(None) if task is None else asks.c.task == task
        query = (
            select(asks.c.candidate, asks.c.answered, asks.c.latency_ms, asks.c.cost_usd)
            .where(of_task, asks.c.answered.is_not(None))
            .order_by(asks.c.at.desc(), asks.c.id)
            .limit(MOST_COMPARED)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        grouped: defaultdict[str, list[tuple[bool, int, Decimal]]] = defaultdict(list)
        for candidate, answered, latency_ms, cost_usd in rows:
            grouped[candidate].append((answered, latency_ms, cost_usd))
        return {name: _figures(name, each) for name, each in grouped.items()}

    async def trials(self, test: str) -> tuple[Trial, ...]:
        """Return what came of the questions of a test, the oldest first, of the newest so many."""
        query = (
            select(asks.c.arm, asks.c.answered, asks.c.cost_usd, asks.c.latency_ms)
            .where(asks.c.test == test, asks.c.answered.is_not(None))
            .order_by(asks.c.at.desc(), asks.c.id)
            .limit(MOST_TRIALS)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).mappings().all()
        return tuple(Trial.model_validate(dict(row)) for row in reversed(rows))


def _figures(name: str, each: list[tuple[bool, int, Decimal]]) -> ArmFigures:
    own = [(latency_ms, cost_usd) for answered, latency_ms, cost_usd in each if answered]
    count = len(own)
    return ArmFigures(
        name=name,
        asked=len(each),
        answered=count,
        latency_ms=Decimal(sum(latency for latency, _ in own)) / count if count else None,
        cost_usd=sum((cost for _, cost in own), Decimal(0)) / count if count else None,
    )
