"""What model calls have cost, summed up in SQL: a deployment may have millions of them.

One pass makes all sums of a grouping. Latencies are counted by their first two digits (1,234 ms as 1,200),
so that percentiles need no list: each is the nearest rank among the latencies cut so, the same on every
database. Rows are read as a stream, and no more than `MOST_GROUPS` groups are kept.
"""

import heapq
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, BigInteger, Select, Text, and_, case, cast, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from core.domain.calls import CallOutcome, Purpose
from core.domain.costs import (
    MIN_MEDIAN,
    MIN_P95,
    CostGroup,
    CostLine,
    CostScope,
    Hour,
    nearest_rank,
)
from core.domain.usage import Spend
from core.store.ask_tables import asks
from core.store.call_tables import calls
from core.store.column_types import COST_PLACES, from_whole, to_microseconds
from core.store.database import Database
from core.store.season_tables import outcomes
from core.store.tables import seats

MOST_GROUPS = 1_000
SETTLED_AFTER = 5
"""Sessions after which a ballot counts as right or not, as in the scores."""
_PART = 2_000
_HOUR_US = 3_600 * 10**6
_DAY_US = 24 * _HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 8
_NO_LATENCY = -1
_DECIDING = (Purpose.RUN, Purpose.REPLAY)
_COUNTED = (
    *("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens"),
    *("cost_usd", "calls", "unpriced_calls", "estimated_calls"),
)

Span = tuple[datetime | None, datetime]
"""From when on, in UTC, None for the beginning; and until when, without that moment itself."""


class GroupSums(NamedTuple):
    """All calls together, the dearest groups or newest days, and how many groups there are besides."""

    total: CostLine
    lines: tuple[CostLine, ...]
    more: int


class CallSums:
    """Sums over calls to models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by(
        self, group: CostGroup, span: Span, zone: ZoneInfo, scope: CostScope, *, most: int = MOST_GROUPS
    ) -> GroupSums:
        """Sum up the calls of a time, all of one moment of the database; days are those of `zone`.

        Of the groups, the dearest `most` are returned, dearest first; of days the newest, newest first.
        """
        async with self._database.read() as connection:
            since = span[0] or await _first(connection)
            if since is None:
                return GroupSums(CostLine(), (), 0)
            key = _key(group, zone, (since, span[1]))
            chosen = and_(*_within(span), *_of(scope))
            total, kept, count = await _summed(connection, key, chosen, group, most)
            right = case((outcomes.c.correct.is_(True), 1), else_=0)
            everything = await _decisions(connection, None, chosen, span[1], right)
            decided = await _decisions(connection, key, chosen, span[1], right)
            all_answers = await _answers(connection, None, chosen)
            answers = await _answers(connection, key, chosen)
        lines = tuple(
            _named(group, _with(line, decided.get(line.name), answers.get(line.name, 0))) for line in kept
        )
        whole = _with(total, everything.get(""), all_answers.get("", 0))
        return GroupSums(whole, lines, count - len(kept))

    async def spent(self, group: CostGroup, span: Span, scope: CostScope) -> Mapping[str, Decimal]:
        """Return the USD of each group, by its name; not for days."""
        key = _key(group, ZoneInfo("UTC"), (span[1], span[1])).label("name")
        inner = select(key, type_coerce(calls.c.cost_usd, BigInteger).label("cost"))
        rows = inner.where(*_within(span), *_of(scope)).subquery()
        query = select(rows.c.name, func.sum(rows.c.cost)).group_by(rows.c.name).limit(MOST_GROUPS)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        return {str(name): from_whole(int(whole), COST_PLACES) for name, whole in found}

    async def hours(self, span: Span, zone: ZoneInfo, scope: CostScope) -> Mapping[Hour, Decimal]:
        """Return the USD of each hour of the wall clock of `zone` in which anything was spent."""
        since, until = span
        if since is None:
            raise ValueError("hours need a beginning")
        hour = (_local(zone, since, until) // _HOUR_US).label("hour")
        inner = select(hour, type_coerce(calls.c.cost_usd, BigInteger).label("cost"))
        rows = inner.where(*_within(span), *_of(scope)).subquery()
        query = select(rows.c.hour, func.sum(rows.c.cost)).group_by(rows.c.hour)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).all()
        told: dict[Hour, Decimal] = {}
        for number, whole in found:
            at = _EPOCH + timedelta(hours=int(number))
            told[Hour(at.date(), at.hour)] = from_whole(int(whole), COST_PLACES)
        return told

    async def first(self, scope: CostScope) -> datetime | None:
        """Return when the first call was made, in UTC; None without any."""
        async with self._database.read() as connection:
            return await _first(connection, *_of(scope))


async def _first(connection: AsyncConnection, *conditions: ColumnElement[bool]) -> datetime | None:
    query = select(calls.c.at).where(*conditions).order_by(calls.c.at).limit(1)
    return (await connection.execute(query)).scalar()


def _within(span: Span) -> list[ColumnElement[bool]]:
    since, until = span
    before: list[ColumnElement[bool]] = [calls.c.at < until]
    return before if since is None else [calls.c.at >= since, *before]


def _of(scope: CostScope) -> list[ColumnElement[bool]]:
    if scope.everything:
        return []
    theirs: list[ColumnElement[bool]] = [calls.c.chat.in_(scope.chats)] if scope.chats else []
    if scope.person is not None:
        theirs.append(calls.c.person == scope.person)
    return [or_(*theirs)]


def _key(group: CostGroup, zone: ZoneInfo, span: tuple[datetime, datetime]) -> ColumnElement[Any]:
    """Return what a group is told apart by. A key is named with its provider, for names repeat."""
    match group:
        case CostGroup.DAY:
            return _local(zone, *span) // _DAY_US
        case CostGroup.TIER:
            return func.coalesce(calls.c.tier, "")
        case CostGroup.KEY:
            return case((calls.c.key != "", calls.c.provider + ":" + calls.c.key), else_="")
        case _:
            column: ColumnElement[Any] = calls.c[group.value]
            return column


def _named(group: CostGroup, line: CostLine) -> CostLine:
    if group is not CostGroup.DAY:
        return line
    return line.model_copy(update={"name": (_EPOCH + timedelta(days=int(line.name))).date().isoformat()})


def _local(zone: ZoneInfo, since: datetime, until: datetime) -> ColumnElement[int]:
    """Return the wall clock of `zone` as microseconds: what databases know of zones differs, so we say it."""
    at: ColumnElement[int] = type_coerce(calls.c.at, BigInteger)
    shifts = _shifts(zone, since, until)
    cases = [(at < to_microseconds(end), at + shift) for end, shift in shifts[:-1]]
    last = at + shifts[-1][1]
    return case(*cases, else_=last) if cases else last


def _shifts(zone: ZoneInfo, since: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """Return each stretch of time with one offset from UTC: where it ends, and the offset in microseconds."""
    found: list[tuple[datetime, int]] = []
    day, at = timedelta(days=1), since
    while at < until:
        after = min(at + day, until)
        if _offset(zone, at) != _offset(zone, after):
            low, high = at, after
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, at) else (low, middle)
            change = high.replace(microsecond=0)
            found.append((change, _offset(zone, at)))
        at = after
    return [*found, (until, _offset(zone, until))]


def _offset(zone: ZoneInfo, at: datetime) -> int:
    shift = at.astimezone(zone).utcoffset() or timedelta()
    return shift // timedelta(microseconds=1)


def _digits() -> ColumnElement[int]:
    """Return a latency with zeros behind its first two digits, or a mark where it tells nothing."""
    took = type_coerce(calls.c.latency_ms, BigInteger)
    steps = [(took < 10 ** (places + 2), took // 10**places * 10**places) for places in range(_DIGITS)]
    cut = case(*steps, else_=took // 10**_DIGITS * 10**_DIGITS)
    told = and_(calls.c.outcome == CallOutcome.ANSWERED, calls.c.from_cache.is_(False))
    return case((told, cut), else_=_NO_LATENCY)


async def _summed(
    connection: AsyncConnection,
    key: ColumnElement[Any],
    chosen: ColumnElement[bool],
    group: CostGroup,
    most: int,
) -> tuple[CostLine, list[CostLine], int]:
    """Return all together, the lines to keep in their order, and how many there are."""
    total, count = _Line(""), 0
    kept: list[tuple[Any, int, CostLine]] = []
    async for line in _lines(connection, _sums(key, chosen)):
        count += 1
        total.join(line)
        rank = int(line.name) if group is CostGroup.DAY else line.sums["cost_usd"]
        entry = (rank, -count, line.made())
        if len(kept) < most:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)
    kept.sort(key=lambda entry: (-entry[0], entry[2].name))
    return total.made(), [line for _, _, line in kept], count


def _sums(key: ColumnElement[Any], chosen: ColumnElement[bool]) -> Select[Any]:
    # The group is made in a query inside, for a database takes an expression with parameters as a new one.
    amounts = [type_coerce(calls.c[name], BigInteger).label(name) for name in _COUNTED]
    rows = (
        select(key.label("name"), _digits().label("took"), calls.c.outcome, calls.c.from_cache, *amounts)
        .where(chosen)
        .subquery()
    )
    cached = case((rows.c.from_cache.is_(True), 1), else_=0)
    ended = case((rows.c.from_cache.is_(True), 0), (rows.c.outcome == CallOutcome.CANCELLED, 1), else_=0)
    sums = [func.count(), func.sum(cached), func.sum(ended), *(func.sum(rows.c[name]) for name in _COUNTED)]
    return (
        select(rows.c.name, rows.c.took, *sums)
        .group_by(rows.c.name, rows.c.took)
        .order_by(rows.c.name, rows.c.took)
    )


class _Line:
    """The sums of one group while its rows come in, one for each latency."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sums: Counter[str] = Counter()
        self.took: Counter[int] = Counter()

    def add(self, took: int, rows: int, cached: int, cancelled: int, amounts: tuple[int, ...]) -> None:
        self.sums.update(rows=rows, cached=cached, cancelled=cancelled)
        self.sums.update(dict(zip(_COUNTED, amounts, strict=True)))
        if took != _NO_LATENCY:
            self.took[took] += rows

    def join(self, other: "_Line") -> None:
        self.sums.update(other.sums)
        self.took.update(other.took)

    def made(self) -> CostLine:
        answers, spent = self.took.total(), {name: self.sums[name] for name in _COUNTED}
        cost = from_whole(spent.pop("cost_usd"), COST_PLACES)
        return CostLine(
            name=self.name,
            sent=self.sums["rows"] - self.sums["cached"],
            answered=answers,
            cancelled=self.sums["cancelled"],
            from_cache=self.sums["cached"],
            spend=Spend(cost_usd=cost, **spent),
            median_ms=nearest_rank(self.took, 50) if answers >= MIN_MEDIAN else None,
            p95_ms=nearest_rank(self.took, 95) if answers >= MIN_P95 else None,
        )


async def _lines(connection: AsyncConnection, query: Select[Any]) -> AsyncIterator[_Line]:
    """Yield each group when all of its rows are there; they come in the order of their groups."""
    line: _Line | None = None
    async with connection.stream(query) as result:
        async for part in result.partitions(_PART):
            for name, took, rows, cached, cancelled, *amounts in part:
                if line is None or line.name != str(name):
                    if line is not None:
                        yield line
                    line = _Line(str(name))
                whole = tuple(int(amount) for amount in amounts)
                line.add(int(took), int(rows), int(cached), int(cancelled), whole)
    if line is not None:
        yield line


async def _decisions(
    connection: AsyncConnection,
    key: ColumnElement[Any] | None,
    chosen: ColumnElement[bool],
    until: datetime,
    right: ColumnElement[int],
) -> dict[str, tuple[int, int, int]]:
    """Return ballots, settled and right ones by group: those of seats for which these calls were made."""
    columns = [calls.c.run_id, calls.c.member]
    named = [] if key is None else [key.label("name")]
    deciding = calls.c.purpose.in_(_DECIDING)
    pairs = (
        select(*named, *columns).where(chosen, deciding, calls.c.run_id.is_not(None)).distinct().subquery()
    )
    same = and_(seats.c.run_id == pairs.c.run_id, seats.c.member == pairs.c.member)
    after = and_(
        outcomes.c.run_id == pairs.c.run_id,
        outcomes.c.member == pairs.c.member,
        outcomes.c.horizon == SETTLED_AFTER,
        outcomes.c.settled_at <= until,
        outcomes.c.correct.is_not(None),
    )
    group = [] if key is None else [pairs.c.name]
    query = (
        select(*group, func.count(), func.count(outcomes.c.correct), func.sum(right))
        .select_from(pairs.join(seats, same).outerjoin(outcomes, after))
        .where(_action(connection).is_not(None))
        .group_by(*group)
        .limit(10 * MOST_GROUPS)
    )
    found = (await connection.execute(query)).all()
    return {str(row[0]) if group else "": (int(row[-3]), int(row[-2]), int(row[-1] or 0)) for row in found}


async def _answers(
    connection: AsyncConnection, key: ColumnElement[Any] | None, chosen: ColumnElement[bool]
) -> dict[str, int]:
    """Return by group how many single questions with a decision these calls were made for."""
    named = [] if key is None else [key.label("name")]
    of_questions = and_(calls.c.purpose == Purpose.ASK, calls.c.run_id.is_not(None))
    pairs = select(*named, calls.c.run_id).where(chosen, of_questions).distinct().subquery()
    group = [] if key is None else [pairs.c.name]
    # Who served it is kept of decisions alone.
    decided = and_(asks.c.id == pairs.c.run_id, asks.c.provider != "")
    query = (
        select(*group, func.count())
        .select_from(pairs.join(asks, decided))
        .group_by(*group)
        .limit(10 * MOST_GROUPS)
    )
    found = (await connection.execute(query)).all()
    return {str(row[0]) if group else "": int(row[-1]) for row in found}


def _action(connection: AsyncConnection) -> ColumnElement[str | None]:
    """Return the action in a seat's result: an abstention has none."""
    text = type_coerce(seats.c.result, Text)
    # To SQLite JSON is text, and a cast would make a number of it.
    parsed = type_coerce(text, JSON) if connection.dialect.name == "sqlite" else cast(text, JSON)
    action: ColumnElement[str | None] = parsed["action"].as_string()
    return action


def _with(line: CostLine, decided: tuple[int, int, int] | None, answers: int) -> CostLine:
    ballots, settled, right = decided or (0, 0, 0)
    return line.model_copy(update={"ballots": ballots + answers, "settled": settled, "right": right})
