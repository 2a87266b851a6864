"""What the books of all members allow at the moment of one run, read at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.bars import Mark
from core.domain.books import Order, Portfolio, Position, Side
from core.domain.evidence import Evidence
from core.domain.member import REMOVED
from core.domain.run import Seat
from core.ledger.sizing import Situation
from core.pipeline.bookkeeping import Bookkeeper, Decided
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import Passed


@dataclass(frozen=True)
class Situations:
    """The books of a season, as far as they matter to the ballots of one run.

    `values` is what each member's books were worth at the last close, `decisions` when it decided last, and
    `stops` the session in which its stop of the ticker was hit last. `closed` is why no ballot of the run
    trades in this season, None where they do; `removed` are the members of which none does any more, and
    `resets` when portfolios began again: what was decided before is about other books.
    """

    evidence: Evidence
    decided: Decided
    passed: Passed | None
    portfolios: Mapping[str, Portfolio]
    marks: Mapping[str, Mark]
    orders: Sequence[Order]
    values: Mapping[str, Decimal | None]
    decisions: Mapping[str, datetime]
    stops: Mapping[str, date]
    terms: Trading
    keeper: Bookkeeper
    closed: str | None = None
    removed: frozenset[str] = frozenset()
    resets: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    async def read(
        cls, books: LockedBooks, evidence: Evidence, keeper: Bookkeeper, terms: Trading
    ) -> "Situations":
        """Read everything that the ballots of a run with this evidence need."""
        decided = keeper.decided(evidence)
        return cls(
            evidence=evidence,
            decided=decided,
            passed=await books.sessions.last(),
            portfolios=await books.portfolios(),
            marks=await books.marks(evidence.as_of),
            orders=await books.pending(),
            values=await books.sessions.values_before(decided.session),
            decisions=await books.last_decisions(),
            stops=await books.sessions.last_stops(evidence.ticker),
            terms=terms,
            keeper=keeper,
        )

    def position(self, member: str) -> Position | None:
        """Return what a member holds of the run's ticker."""
        portfolio = self.portfolios.get(member)
        return portfolio.position(self.evidence.ticker) if portfolio else None

    def waiting(self, member: str) -> Iterator[Order]:
        """Yield a member's waiting orders for the run's ticker."""
        return (
            order for order in self.orders if (order.member, order.ticker) == (member, self.evidence.ticker)
        )

    def too_late(self, member: str) -> str | None:
        """Return why a member's ballot does not trade: the season is over, or it would be hindsight."""
        if self.closed is not None:
            return self.closed
        if member in self.removed:
            return REMOVED
        if member in self.resets and self.resets[member] > self.evidence.as_of:
            return "the portfolio was reset after this was decided"
        if self.passed is not None and self.decided.next_open <= self.passed.closed_at:
            return f"books only go forward: they have gone through {self.passed.session}"
        last = self.decisions.get(member)
        if last is not None and self.decided.next_open <= last:
            return f"books only go forward: its last order is of {last:%Y-%m-%d %H:%M} UTC"
        return None

    def of(self, seat: Seat) -> Situation:
        """Return what the books of a seat's member allow."""
        return Situation(
            equity_usd=seat.briefing.equity_usd,
            price=self.evidence.price,
            elsewhere_usd=self._elsewhere(seat.member),
            braked=self._braked(seat.member, seat.briefing.equity_usd),
            cooling=self._cooling(seat.member),
        )

    def _elsewhere(self, member: str) -> Decimal:
        """Return the gross value of all other instruments once the waiting orders have filled, in USD."""
        shares: defaultdict[str, Decimal] = defaultdict(Decimal)
        price = {ticker: mark.price for ticker, mark in self.marks.items()}
        for held in self.portfolios[member].positions if member in self.portfolios else ():
            shares[held.ticker] += held.shares
        for order in self.orders:
            if order.member == member:
                shares[order.ticker] += order.shares if order.side is Side.BUY else -order.shares
                price.setdefault(order.ticker, order.reference_price)
        shares.pop(self.evidence.ticker, None)
        return sum((abs(count) * price.get(ticker, 0) for ticker, count in shares.items()), Decimal(0))

    def _braked(self, member: str, equity: Decimal | None) -> str | None:
        before, most = self.values.get(member), self.terms.daily_drawdown_brake
        if not before or before < 0 or equity is None or not most or (fall := 1 - equity / before) < most:
            return None
        return f"equity fell {fall:.1%} since the last close: nothing is added until the next session"

    def _cooling(self, member: str) -> str | None:
        stopped, ticker = self.stops.get(member), self.evidence.ticker
        if stopped is None:
            return None
        since = self.keeper.sessions_between(ticker, stopped, self.decided.session)
        if since >= self.terms.stop_cooldown_sessions:
            return None
        return f"the stop of {ticker} was hit on {stopped}: nothing is added so soon after"
