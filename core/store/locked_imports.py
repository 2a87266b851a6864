"""Booking a log of trades into one member's books, inside the transaction that holds them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.actions import CorporateAction
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.trade_log import TradeLog
from core.store.inserting import add_new
from core.store.locked_sessions import LockedSessions, Passed
from core.store.season_tables import corporate_actions, daily_values, imports, sessions
from core.store.tables import fills


class LockedImports:
    """What an import changes beyond orders and fills. Made by `LockedBooks`."""

    def __init__(self, connection: AsyncConnection, season: Season, own: LockedSessions) -> None:
        self._connection = connection
        self._season = season
        self._sessions = own

    async def begin(self, import_id: str, member: str, log: TradeLog, price: str, at: datetime) -> bool:
        """Note an import; False when the same file is in the member's books already."""
        same = (imports.c.season == self._season, imports.c.member == member, imports.c.sha256 == log.sha256)
        if (await self._connection.execute(select(imports.c.id).where(*same))).first():
            return False
        row = {"id": import_id, "season": self._season, "member": member, "file_name": log.file_name}
        facts = {"sha256": log.sha256, "price": price, "rows": log.rows, "at": at}
        await self._connection.execute(insert(imports).values(row | facts))
        return True

    async def has_traded(self, member: str) -> bool:
        """Say whether a member has any fill in the season."""
        own = (fills.c.season == self._season, fills.c.member == member)
        query = select(fills.c.number).where(*own).limit(1)
        return (await self._connection.execute(query)).first() is not None

    async def sessions(self) -> tuple[date, date] | None:
        """Return the first and the newest session that the season went through, or None."""
        query = select(func.min(sessions.c.session), func.max(sessions.c.session))
        found = (await self._connection.execute(query.where(sessions.c.season == self._season))).one()
        return (found[0], found[1]) if found[0] else None

    async def apply(
        self, action: CorporateAction, member: str, at: datetime, *, fractional: bool, price: Decimal | None
    ) -> None:
        """Apply a split or dividend to one member's holding alone, once."""
        row = {"season": self._season, **action.model_dump(), "at": at}
        await add_new(self._connection, corporate_actions, row)
        await self._sessions.apply_to(action, member, at, fractional=fractional, price=price)

    async def values(self, member: str, passed: Sequence[tuple[Passed, DailyValue]]) -> None:
        """Keep what one member's books were worth at the closes of some sessions."""
        rows: list[dict[str, Any]] = []
        for session, value in passed:
            await add_new(self._connection, sessions, {"season": self._season, **session._asdict()})
            rows.append({"season": self._season, "member": member, **value._asdict()})
        await self._connection.execute(insert(daily_values), rows)
