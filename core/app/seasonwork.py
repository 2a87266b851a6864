"""The use cases about whole seasons: live ones, replays of the past, and logs of trades made elsewhere."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from core.app.live_seasons import LiveSeasons
from core.app.replays import Replays
from core.app.season_reports import SeasonReports
from core.app.trade_logs import read_log
from core.clock import Clock
from core.domain.errors import Refused
from core.domain.live_season import FinalTable, LiveSeason, SeasonLine, SeasonStarted, SeasonStatus
from core.domain.member import Member, MemberKind
from core.domain.peer_figures import AiTraderFigures
from core.domain.replay import Every, ReplayProgress
from core.domain.season import Season
from core.domain.season_report import SeasonReport
from core.domain.stage import Preset
from core.domain.trade_log import Imported, LogPrice
from core.pipeline.importing import Importer
from core.pipeline.reflecting import Reflecting
from core.store.store import Store


class Seasonwork(ABC):
    """A part of `App`."""

    _replays: Replays
    _importer: Importer
    _reports: SeasonReports
    _live: LiveSeasons
    _reflecting: Reflecting
    _store: Store
    clock: Clock

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
        if season is not None and (season.is_reserved or season.is_of_a_rerun):
            raise Refused(f"The season {season} is not for replays; give the replay another name.")
        # Nobody can vote on the past.
        chosen = [each for each in await self._chosen(tuple(members)) if each.kind is not MemberKind.CROWD]
        plan = await asyncio.to_thread(self._replays.plan, first, last, tickers, every, chosen, preset)
        steps = self._replays.go(plan, season or plan.season, chosen, budget_usd)
        async with aclosing(steps):
            async for progress in steps:
                yield progress

    async def import_trades(
        self, file: Path, member: str, *, season: Season | None, price: LogPrice, costs: bool
    ) -> Imported:
        """Replay a log of trades into new books of `member`, configured or not; all of it or nothing.

        Without `season` they are live books, or those of the sample where all prices are the sample's.

        Raises:
            Refused: the file or a row cannot be booked; the sentence names the line.
        """
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

    async def keep_books(self) -> None:
        """Carry the live books to the present, and freeze the season if it is over.

        `conclave serve` asks for it from time to time.
        """
        await self._live.keep()
        await self.freeze_if_due()

    async def reflect(self) -> int:
        """Let members look back at the ballots that the live books have settled; return how many did.

        `conclave serve` asks for it from time to time. What fails, or is too much for once, is done the next
        time.
        """
        live = await self._store.live.current()
        return await self._reflecting.round(live.season, self.clock.now()) if live else 0

    async def season_status(self) -> SeasonStatus:
        """Say where the live season stands, which is frozen first if over, and how those before it ended."""
        await self.freeze_if_due()
        return await self._live.status()

    async def season_lines(self) -> tuple[SeasonLine, ...]:
        """Return every season, of whatever kind, the oldest first; one that is over is frozen first."""
        await self.freeze_if_due()
        return await self._live.lines()

    async def start_season(
        self, season: Season, first: date | None = None, last: date | None = None
    ) -> SeasonStarted:
        """Open a fresh live season, in which every enabled member begins with the initial cash.

        The one that is open is frozen first, and keeps all its history. `first` is today if not given (both
        are days in the arena's time zone); without `last` it goes on until somebody ends it. After an
        interruption the same words again do what is left.

        Raises:
            Refused: the name is taken, or the days lie in the past or hold no session.
        """
        await self.freeze_if_due()
        return await self._live.start(season, first, last)

    async def end_season(self) -> FinalTable | None:
        """Freeze the open live season as its books stand; None when none is open."""
        return await self.freeze_if_due() or await self._live.end()

    async def end_season_on(self, day: date) -> LiveSeason:
        """Let the open live season end with the close of the last session on or before `day`.

        Raises:
            Refused: none is open, or no session of it is left until that day.
        """
        return await self._live.end_on(day)

    async def freeze_if_due(self, now: datetime | None = None) -> FinalTable | None:
        """Freeze the live season once its books have gone through the close of its last day.

        Safe to repeat, at any time and in any number of processes: it happens once, and its table is returned
        once. Whoever announces tables goes by `season_finals`, which has them for ever.
        """
        return await self._live.freeze_if_due(now or self.clock.now())

    async def season_finals(self) -> tuple[FinalTable, ...]:
        """Return the final tables of all live seasons that have ended, the newest first."""
        return await self._live.finals()

    async def final_table(self, season: Season) -> FinalTable:
        """Return the final table of a live season that has ended.

        Raises:
            NotFound: there is none.
        """
        return await self._live.final(season)
