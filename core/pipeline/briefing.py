"""What each member is told about its own books when a run starts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
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
    books = await store.books.snapshot(season, evidence.as_of)
    return Briefings(books, members, evidence.as_of).seats(mark)


class Briefings:
    """Seats members in the runs of one moment; see `brief`.

    A seat that the run's own price changes nothing about is made once, and is the same in all these runs.
    """

    def __init__(self, books: Snapshot, members: Sequence[Member], at: datetime) -> None:
        self._books = books
        self._members = tuple(members)
        self._oldest = (at - STALE_AFTER).date()
        self._made: dict[str, Seat] = {}

    def seats(self, mark: Mark) -> tuple[Seat, ...]:
        """Seat the members in the run that values its ticker with `mark`."""
        if self._books.marks.get(mark.ticker) == mark:
            return tuple(self._shared(member) for member in self._members)
        marks = {**self._books.marks, mark.ticker: mark}
        return tuple(
            self._seat(member, marks)
            if self._portfolio(member).position(mark.ticker)
            else self._shared(member)
            for member in self._members
        )

    def _shared(self, member: Member) -> Seat:
        if member.name not in self._made:
            self._made[member.name] = self._seat(member, self._books.marks)
        return self._made[member.name]

    def _seat(self, member: Member, marks: Mapping[str, Mark]) -> Seat:
        portfolio = self._portfolio(member)
        briefing = Briefing(
            portfolio=portfolio,
            equity_usd=equity(portfolio, holdings(portfolio, marks, self._oldest)),
            pending=self._books.pending.get(member.name, ()),
        )
        return Seat(
            member=member.name,
            number=member.number,
            kind=member.kind,
            weight=member.weight,
            briefing=briefing,
        )

    def _portfolio(self, member: Member) -> Portfolio:
        found = self._books.portfolios.get(member.name)
        return found or Portfolio(member=member.name, cash_usd=Decimal("0.00"))
