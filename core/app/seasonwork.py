"""The use cases about whole seasons: replays of the past, and logs of trades made elsewhere."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date
from decimal import Decimal
from pathlib import Path

from core.app.replays import Replays
from core.app.season_reports import SeasonReports
from core.app.trade_logs import read_log
from core.config.field_types import NAME, NAME_IN_WORDS
from core.domain.errors import Refused
from core.domain.member import FOLLOWERS, Member, MemberKind
from core.domain.peer_figures import AiTraderFigures
from core.domain.replay import Every, ReplayProgress
from core.domain.season import Season
from core.domain.season_report import SeasonReport
from core.domain.stage import Preset
from core.domain.trade_log import Imported, LogPrice
from core.pipeline.importing import Importer


class Seasonwork(ABC):
    """A part of `App`."""

    _replays: Replays
    _importer: Importer
    _reports: SeasonReports

    @abstractmethod
    async def members(self) -> tuple[Member, ...]:
        """Return all members of the arena."""

    @abstractmethod
    async def _chosen(self, names: tuple[str, ...]) -> tuple[Member, ...]:
        """Return the members to hear, and after them those that follow."""

    async def replay(
        self,
        first: date,
        last: date,
        tickers: Sequence[str],
        *,
        every: Every = Every.SESSION,
        members: Sequence[str] = (),
        preset: Preset = Preset.QUICK,
        season: Season | None = None,
        budget_usd: Decimal | None = None,
    ) -> AsyncGenerator[ReplayProgress]:
        """Replay a stretch of the past into a season of its own, and tell after each session how far it is.

        The same words again go on where it stopped, and pay for nothing twice; `season` gives it a name.

        Raises:
            Refused: what is asked cannot be replayed, or another process works on it.
            BudgetSpent: `budget_usd` is used up.
        """
        if season is not None and season.is_the_arenas:
            raise Refused(f"The season {season} is not for replays; give the replay another name.")
        # Nobody can vote on the past.
        chosen = [each for each in await self._chosen(tuple(members)) if each.kind is not MemberKind.CROWD]
        plan = await asyncio.to_thread(self._replays.plan, first, last, tickers, every, chosen, preset)
        steps = self._replays.go(plan, season or plan.season, chosen, budget_usd)
        async with aclosing(steps):
            async for progress in steps:
                yield progress

    async def import_trades(
        self, file: Path, member: str, *, season: Season, price: LogPrice, costs: bool
    ) -> Imported:
        """Replay a log of trades into the books of `member`, configured or not; all of it or nothing.

        Raises:
            Refused: the file or a row cannot be booked; the sentence names the line.
        """
        if not NAME.fullmatch(member) or member.lower() in FOLLOWERS:
            raise Refused(f"“{member[:40]}” cannot be a member's name; {NAME_IN_WORDS}.")
        log = await asyncio.to_thread(read_log, file, price)
        return await self._importer.run(log, member, season, price, costs=costs)

    async def season_report(self, season: Season | None = None, *, with_chats: bool = False) -> SeasonReport:
        """Return everything about a season, or about the one of `leaderboard`.

        `with_chats` adds every ModelChat; they are many, and can be asked for run by run instead.

        Raises:
            NotFound: there is no such season.
        """
        return await self._reports.report(season, await self.members(), with_chats=with_chats)

    async def ai_trader_figures(self, season: Season) -> tuple[tuple[str, AiTraderFigures], ...]:
        """Return each member's figures by the definitions of AI-Trader, in order of the leaderboard.

        Raises:
            NotFound: there is no such season.
        """
        return await self._reports.ai_trader(season)
