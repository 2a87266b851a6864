"""What each member is told about its own books when a run starts."""

import asyncio
from collections.abc import Sequence

from core.domain.bars import Mark
from core.domain.evidence import Evidence
from core.domain.member import Member
from core.domain.run import Briefing, Seat
from core.domain.season import Season
from core.ledger.valuation import equity, holdings
from core.store.store import Store


async def brief(
    store: Store, season: Season, members: Sequence[Member], evidence: Evidence, mark: Mark
) -> tuple[Seat, ...]:
    """Seat members with their books as they stood at the evidence's time, valued with `mark`.

    Nothing from after that time is in a briefing: no fill, no mark.
    """
    marks = await store.books.marks(season, evidence.as_of)
    marks[mark.ticker] = mark

    async def seat(member: Member) -> Seat:
        portfolio = await store.books.portfolio(season, member.name, evidence.as_of)
        briefing = Briefing(
            portfolio=portfolio,
            equity_usd=equity(portfolio, holdings(portfolio, marks)),
            pending=await store.books.pending(season, member.name, evidence.as_of),
        )
        return Seat(
            member=member.name,
            number=member.number,
            kind=member.kind,
            weight=member.weight,
            briefing=briefing,
        )

    return tuple(await asyncio.gather(*(seat(member) for member in members)))
