"""What follows from ballots: the verdict, an order for each BUY or SELL, and fills where a price is known.

All members trade at the same price. `next_open` fills at the open of the session after the one that the
ballots were cast on; `last` fills at the evidence's quote if the exchange was open then, and otherwise at the
next open as well. The size of an order follows from the equity that the member was told in its briefing.

Books only go forward: a ballot cast on older evidence than a member's last order does not trade, because it
would trade with hindsight. A newer order of a member for the same instrument replaces one that still waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Ballot
from core.domain.bars import Mark
from core.domain.books import Order, OrderState
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.run import RunRecord, Seat
from core.domain.verdict import Verdict
from core.ledger.broker import NotFilled, fill
from core.ledger.sizing import wish
from core.store.locked_books import LockedBooks
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
    decided_session: date,
    terms: Trading,
    at: datetime,
) -> bool:
    """Write verdict, orders, fills and marks in one transaction; False when the run was already settled.

    `market` None leaves the orders pending; `marks` are fresh prices of what members hold.
    """
    async with store.books.locked(record.season) as books:
        if not await books.finish_run(record.run_id, verdict, at):
            return False
        for seat in record.seats:
            order = await _order(books, record, evidence, seat, decided_session, terms)
            if order and order.state is OrderState.PENDING and market:
                await fill_order(books, order, market, terms)
        for mark in marks:
            await books.add_mark(mark)
        if market is not None:
            await books.add_mark(
                Mark(ticker=record.ticker, price=market.price, at=market.at, source=evidence.source)
            )
    return True


async def _order(
    books: LockedBooks, record: RunRecord, evidence: Evidence, seat: Seat, decided: date, terms: Trading
) -> Order | None:
    """Turn a seat's ballot into an order, waiting or cancelled at once; None for HOLD."""
    ballot = seat.result
    if not isinstance(ballot, Ballot):
        return None
    portfolio = await books.portfolio(ballot.member)
    position = portfolio.position(evidence.ticker)
    asked = wish(ballot, position, seat.briefing.equity_usd, evidence.price, terms)
    if asked is None:
        return None
    shares, reason = asked.shares, asked.reason
    last = await books.last_decision_at(ballot.member)
    if last is not None and record.as_of < last:
        shares, reason = Decimal(0), f"books only go forward: its last order is of {last:%Y-%m-%d %H:%M} UTC"
    else:
        await _replace_waiting(books, record, ballot.member)
    order = Order(
        id=new_id(12),
        season=record.season,
        run_id=record.run_id,
        member=ballot.member,
        ticker=record.ticker,
        side=asked.side,
        shares=shares,
        reference_price=evidence.price,
        decided_session=decided,
        created_at=record.as_of,
        state=OrderState.PENDING if shares else OrderState.CANCELLED,
        reason=None if shares else reason,
        clamps=asked.clamps,
    )
    await books.add_order(order)
    return order


async def _replace_waiting(books: LockedBooks, record: RunRecord, member: str) -> None:
    for older in await books.pending(record.ticker):
        if older.member == member:
            reason = f"replaced by the newer ballot of run {record.run_id}"
            await books.cancel_order(older.id, reason, record.as_of)


async def fill_order(books: LockedBooks, order: Order, market: MarketPrice, terms: Trading) -> None:
    """Fill a waiting order at `market`, clamped to what the member has then, or cancel it with its reason."""
    portfolio = await books.portfolio(order.member, market.at)
    outcome = fill(
        order, portfolio, market.price, terms, fill_id=new_id(12), session=market.session, at=market.at
    )
    if isinstance(outcome, NotFilled):
        await books.cancel_order(order.id, outcome.reason, market.at)
    else:
        await books.fill_order(outcome, outcome.clamps)
