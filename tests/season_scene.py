"""A season that a test lets pass, session after session, with values and trades of its choice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from core.domain.bars import Mark
from core.domain.books import Portfolio, Side
from core.domain.member import MemberKind
from core.domain.outcomes import Outcome
from core.domain.run import Briefing, Seat
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.store.locked_sessions import Passed
from core.store.store import Store
from tests.store_values import START, evidence_of, fill_of, order_of, record_of

RUN = "run00001"
CASH = Decimal("10000.00")
FIRST = date(2025, 6, 2)
MEMBERS = {
    "alpha": MemberKind.LLM,
    "beta": MemberKind.LLM,
    "gamma": MemberKind.LLM,
    "committee": MemberKind.COMMITTEE,
    "crowd": MemberKind.CROWD,
}


def day(number: int) -> date:
    """The session by its number; there is one every day of the calendar."""
    return FIRST + timedelta(days=number)


def close_of(session: date) -> datetime:
    return datetime.combine(session, time(20), UTC)


async def seated(store: Store, members: Mapping[str, MemberKind] = MEMBERS) -> None:
    """Seat the members in one run, which all their orders come from."""
    await store.members.seat([(name, kind, Decimal(1), (), True) for name, kind in members.items()])
    await store.runs.save_evidence(evidence_of())
    briefing = Briefing(portfolio=Portfolio(member="-", cash_usd=Decimal(0)), equity_usd=None)
    seats = tuple(
        Seat(member=name, number=number, kind=kind, weight=Decimal(1), briefing=briefing)
        for number, (name, kind) in enumerate(members.items(), start=1)
    )
    await store.runs.begin(record_of(RUN, seats=seats), RUN, "host", START)


class SeasonScene:
    """One season of a store in which `seated` was called."""

    def __init__(self, store: Store, season: Season = Season.LIVE) -> None:
        self.store = store
        self.season = season
        self._orders = 0

    async def open(self, *members: str) -> None:
        async with self.store.books.locked(self.season) as books:
            await books.sessions.open_season("replay", "SPY", close_of(day(-1)))
            for member in members:
                await books.open_accounts([member], CASH, close_of(day(-1)))

    async def passes(
        self,
        number: int,
        values: Mapping[str, str | None],
        *,
        benchmark: str | None = "100",
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        """Let a session pass: what each member is worth, and what its tokens have cost so far."""
        costs = tokens or {}
        rows = [(member, worth(number, value, costs.get(member, "0"))) for member, value in values.items()]
        level = None if benchmark is None else Decimal(benchmark)
        passed = Passed(day(number), close_of(day(number)), level, Decimal(1))
        async with self.store.books.locked(self.season) as books:
            assert await books.sessions.passed(passed, rows)

    async def trades(self, number: int, member: str, profit: str) -> None:
        """Let a member buy and sell one share in a session, with that profit, and no fee."""
        async with self.store.books.locked(self.season) as books:
            for side, price in ((Side.BUY, Decimal(100)), (Side.SELL, 100 + Decimal(profit))):
                self._orders += 1
                name = f"{self.season}-{self._orders}"
                order = order_of(name, member, side, "1", season=self.season)
                await books.add_order(order)
                moment = close_of(day(number)) - timedelta(hours=6)
                facts = {"session": day(number), "filled_at": moment}
                await books.fill_order(fill_of(order, str(price), "0.00", **facts))

    async def marked(self, at: datetime, price: str) -> None:
        async with self.store.books.locked(self.season) as books:
            await books.add_mark(Mark(ticker="NVDA", price=Decimal(price), at=at, source="csv"))

    async def settled(self, outcomes: Sequence[Outcome]) -> None:
        await self.store.outcomes.add([each.model_copy(update={"season": self.season}) for each in outcomes])


def worth(number: int, value: str | None, tokens: str) -> DailyValue:
    known = None if value is None else Decimal(value)
    nothing = Decimal(0)
    return DailyValue(day(number), known, known or nothing, nothing, nothing, nothing, Decimal(tokens))
