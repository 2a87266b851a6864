"""What follows from ballots: the verdict, an order for each BUY or SELL, and fills where a price is known.

All members trade at the same price. `next_open` fills at the open of the session after the one that the
ballots were cast on; `last` fills at the evidence's quote if the exchange was open then, and otherwise at the
next open as well. Books only go forward: an order whose price is older than the member's last fill is
cancelled, so that nobody trades with hindsight.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Ballot
from core.domain.bars import Mark
from core.domain.books import Order, OrderState
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.run import RunRecord
from core.domain.verdict import Verdict
from core.ledger.broker import NotFilled, fill
from core.ledger.sizing import wish
from core.ledger.valuation import equity, holdings
from core.store.book_rows import LockedBooks
from core.store.store import Store


@dataclass(frozen=True)
class MarketPrice:
    """A price at which orders can be filled: USD a share, when (UTC), and of which session."""

    price: Decimal
    at: datetime
    session: date


async def settle_run(
    store: Store,
    record: RunRecord,
    evidence: Evidence,
    verdict: Verdict,
    market: MarketPrice | None,
    marks: Sequence[Mark],
    *,
    terms: Trading,
    at: datetime,
) -> bool:
    """Write verdict, orders, fills and marks in one transaction; False when the run was already settled.

    `market` None leaves the orders pending. `marks` are fresh prices of what members hold, the evidence's
    own among them: a ballot was cast on it, so the size of its order follows from it.
    """
    async with store.books.locked(record.season) as books:
        if not await books.finish_run(record.run_id, verdict, at):
            return False
        for mark in marks:
            await books.add_mark(mark)
        cast_on = {mark.ticker: mark for mark in marks if mark.ticker == record.ticker}
        known = {**await books.marks(), **cast_on}
        for ballot in record.ballots:
            await _trade(books, record, evidence, ballot, known, market, terms=terms, at=at)
        if market is not None:
            await books.add_mark(
                Mark(ticker=record.ticker, price=market.price, at=market.at, source=evidence.source)
            )
    return True


async def _trade(
    books: LockedBooks,
    record: RunRecord,
    evidence: Evidence,
    ballot: Ballot,
    marks: Mapping[str, Mark],
    market: MarketPrice | None,
    *,
    terms: Trading,
    at: datetime,
) -> None:
    """Turn one ballot into an order, and fill it if its price is known."""
    portfolio = await books.portfolio(ballot.member)
    value = equity(portfolio, holdings(portfolio, marks))
    asked = wish(ballot, portfolio.position(evidence.ticker), value, evidence.price, terms)
    if asked is None:
        return
    order = Order(
        id=new_id(12),
        season=record.season,
        run_id=record.run_id,
        member=ballot.member,
        ticker=record.ticker,
        side=asked.side,
        shares=asked.shares,
        reference_price=evidence.price,
        decided_session=evidence.quote.session,
        created_at=at,
        state=OrderState.PENDING if asked.shares else OrderState.CANCELLED,
        reason=None if asked.shares else asked.reason,
        clamps=asked.clamps,
    )
    await books.add_order(order)
    if asked.shares and market is not None:
        await fill_order(books, order, market, terms)


async def fill_order(books: LockedBooks, order: Order, market: MarketPrice, terms: Trading) -> None:
    """Fill a pending order at `market`, or cancel it with its reason."""
    last = await books.last_fill_at(order.member)
    if last is not None and market.at < last:
        reason = (
            f"its open of {market.session.isoformat()} is before this member's last trade "
            f"({last.date().isoformat()}); books only go forward"
        )
        await books.cancel_order(order.id, reason)
        return
    portfolio = await books.portfolio(order.member)
    outcome = fill(
        order, portfolio, market.price, terms, fill_id=new_id(12), session=market.session, at=market.at
    )
    if isinstance(outcome, NotFilled):
        await books.cancel_order(order.id, outcome.reason)
    else:
        await books.fill_order(outcome)
