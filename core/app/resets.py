"""A portfolio that begins again in the live season that is open."""

import logging
from decimal import Decimal
from typing import NamedTuple

from core.clock import Clock
from core.domain.errors import Refused
from core.domain.live_season import LiveSeason
from core.domain.member import Member, MemberKind
from core.domain.season import Season
from core.ledger.valuation import equity, holdings
from core.market.calendar import MarketCalendar
from core.pipeline.bookkeeping import Bookkeeper
from core.pipeline.resetting import oldest_mark, reset_books, unpriced
from core.store.store import Store

log = logging.getLogger(__name__)


class ResetPlan(NamedTuple):
    """What a reset would do: how many holdings are closed and orders cancelled, and USD before and after."""

    member: str
    season: Season
    value_usd: Decimal
    initial_usd: Decimal
    holdings: int
    waiting: int


class ResetDone(NamedTuple):
    """A portfolio that has begun again: what it was worth, and the cash that it has now, in USD."""

    member: str
    was_usd: Decimal
    initial_usd: Decimal


class Resets:
    """Lets portfolios begin again with what everybody started with. Any number of processes may do so.

    The books are carried to the present first; where they wait for prices, nothing is reset.
    """

    def __init__(self, store: Store, calendar: MarketCalendar, keeper: Bookkeeper, clock: Clock) -> None:
        self._store = store
        self._calendar = calendar
        self._keeper = keeper
        self._clock = clock

    async def plan(self, member: Member) -> ResetPlan:
        """Return what a reset of a member would do now.

        Raises:
            Refused: no live season is open, or its books of the member cannot be closed.
        """
        live = await self._open(member)
        season = live.season
        account = next(
            (one for one in await self._store.books.accounts(season) if one.member == member.name), None
        )
        if account is None:
            raise Refused(
                f"{member.name} has no books in the season {season} yet, so there is nothing to reset."
            )
        marks = await self._store.books.marks(season)
        held = holdings(account.portfolio, marks, oldest_mark(self._clock.now()))
        value = equity(account.portfolio, held)
        if value is None:
            raise unpriced(member.name, held)
        waiting = await self._store.books.pending(season, member.name)
        return ResetPlan(member.name, season, value, account.deposits_usd, len(held), len(waiting))

    async def reset(self, member: Member, season: Season) -> ResetDone:
        """Let a member's portfolio begin again in a live season, all of it in one transaction.

        Raises:
            Refused: it is not the season that is open, or its books of the member cannot be closed.
        """
        live = await self._open(member)
        if live.season != season:
            raise Refused(f"The season {season} is not the one that is open.")
        async with self._store.books.locked(season) as books:
            await books.live.check_open()
            was = await reset_books(books, member.name, self._calendar, self._clock.now())
            initial = (await books.portfolio(member.name)).cash_usd
        log.info("the portfolio of %s in %s is reset; it was worth %s USD", member.name, season, was)
        return ResetDone(member.name, was, initial)

    async def _open(self, member: Member) -> LiveSeason:
        """Return the live season that is open, with its books carried to the present."""
        if member.kind is MemberKind.IMPORTED:
            raise Refused(f"The books of {member.name} are an imported log; they stay as they are.")
        live = await self._store.live.current()
        if live is None:
            raise Refused("No live season has begun yet, and sample prices and replays know no reset.")
        if live.ended:
            raise Refused(
                f"The season {live.season} has ended and stays as it is; in the next one all begin anew."
            )
        await self._keeper.advance(live.season)
        if await self._keeper.behind(live.season):
            raise Refused(
                f"The books of the season {live.season} wait for the prices of a session that has closed. "
                "Nothing was done; try again when they have come."
            )
        return live
