"""What each member is told about its own books when a run starts."""

from collections.abc import Sequence
from decimal import Decimal

from core.domain.bars import Mark
from core.domain.books import Portfolio
from core.domain.evidence import Evidence
from core.domain.member import Member
from core.domain.run import Briefing, Seat
from core.domain.season import Season
from core.ledger.valuation import equity, holdings
from core.pipeline.walking import STALE_AFTER
from core.store.book_rows import Snapshot
from core.store.store import Store


async def brief(
    store: Store, season: Season, members: Sequence[Member], evidence: Evidence, mark: Mark
) -> tuple[Seat, ...]:
    """Seat members with their books as they stood at the evidence's time, valued with `mark`.

    Nothing from after that time is in a briefing: no fill, no mark. A holding without a price of the last ten
    days has none.
    """
    return seats_of(await store.books.snapshot(season, evidence.as_of), members, evidence, mark)


def seats_of(books: Snapshot, members: Sequence[Member], evidence: Evidence, mark: Mark) -> tuple[Seat, ...]:
    """Seat members with the books of a snapshot, valued with `mark`; see `brief`."""
    marks = {**books.marks, mark.ticker: mark}
    oldest = (evidence.as_of - STALE_AFTER).date()

    def briefing(name: str) -> Briefing:
        portfolio = books.portfolios.get(name) or Portfolio(member=name, cash_usd=Decimal("0.00"))
        return Briefing(
            portfolio=portfolio,
            equity_usd=equity(portfolio, holdings(portfolio, marks, oldest)),
            pending=books.pending.get(name, ()),
        )

    return tuple(
        Seat(
            member=member.name,
            number=member.number,
            kind=member.kind,
            weight=member.weight,
            briefing=briefing(member.name),
        )
        for member in members
    )
