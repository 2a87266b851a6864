"""The running minute of each key, for all processes on one database, within the transactions of budgets."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.calls import Call
from core.domain.paces import LONGEST_WAIT_S, WINDOW_S, Booked, Minute, Pace, Turn, really_used
from core.store.budget_tables import key_seconds

_PAST_S = int(WINDOW_S) + 2
_AHEAD_S = int(LONGEST_WAIT_S) + 2

Owner = tuple[str, str]
"""A provider and a key of it."""
_ADD = (
    update(key_seconds)
    .where(
        key_seconds.c.provider == bindparam("of_provider"),
        key_seconds.c.key == bindparam("of_key"),
        key_seconds.c.second == bindparam("of_second"),
    )
    .values(
        requests=key_seconds.c.requests + bindparam("more_requests"),
        tokens=key_seconds.c.tokens + bindparam("more_tokens", type_=BigInteger),
    )
)


async def minutes_of(
    connection: AsyncConnection, paces: Iterable[Pace | None], now: datetime
) -> dict[Owner, Minute]:
    """Return what is booked of each paced key around `now`.

    What lies further ahead than anybody may wait was booked by a clock that was wrong, and does not count.
    """
    at = now.timestamp()
    minutes = {pace.owner: Minute(at, [], whole_s=True) for pace in paces if pace is not None}
    if not minutes:
        return minutes
    query = (
        select(key_seconds)
        .where(
            key_seconds.c.key.in_({key for _, key in minutes}),
            key_seconds.c.second.between(int(at) - _PAST_S, int(at) + _AHEAD_S),
            key_seconds.c.requests > 0,
        )
        .order_by(key_seconds.c.second)
    )
    for provider, key, second, requests, tokens in await connection.execute(query):
        if (minute := minutes.get((provider, key))) is not None:
            minute.booked.append(Booked(float(second), requests, tokens))
    return minutes


async def book(connection: AsyncConnection, turns: Iterable[Turn]) -> None:
    """Add calls to the seconds in which their turns are."""
    sums: dict[tuple[str, str, int], list[int]] = {}
    for turn in turns:
        booked = sums.setdefault((turn.provider, turn.key, int(turn.at)), [0, 0])
        booked[0] += 1
        booked[1] += turn.tokens
    if not sums:
        return
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    rows = [
        {"provider": provider, "key": key, "second": second, "requests": requests, "tokens": tokens}
        for (provider, key, second), (requests, tokens) in sums.items()
    ]
    put = dialect.insert(key_seconds)
    more = {name: key_seconds.c[name] + put.excluded[name] for name in ("requests", "tokens")}
    own = [column.name for column in key_seconds.primary_key.columns]
    await connection.execute(put.on_conflict_do_update(index_elements=own, set_=more), rows)


async def give_back(connection: AsyncConnection, ended: Iterable[tuple[Turn, Call | None]]) -> None:
    """Let only what calls have really used of their turns be in the way of others."""
    changes = []
    for turn, call in ended:
        used = really_used(turn, call)
        if (used.requests, used.tokens) != (1, turn.tokens):
            changes.append(
                {
                    "of_provider": turn.provider,
                    "of_key": turn.key,
                    "of_second": int(turn.at),
                    "more_requests": used.requests - 1,
                    "more_tokens": used.tokens - turn.tokens,
                }
            )
    if changes:
        await connection.execute(_ADD, changes)


async def sweep(connection: AsyncConnection, now: datetime) -> None:
    """Drop what is in nobody's way any more."""
    past, ahead = now - timedelta(seconds=_PAST_S), now + timedelta(seconds=_AHEAD_S)
    over = or_(key_seconds.c.second < int(past.timestamp()), key_seconds.c.second > int(ahead.timestamp()))
    await connection.execute(delete(key_seconds).where(over))
