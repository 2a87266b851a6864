"""What follows from ballots: the verdict, an order for each BUY or SELL, and fills where a price is known.

All members trade at the same price. `next_open` fills at the open of the session after the one that the
ballots were cast on; `last` fills at the evidence's quote if the exchange was open then, and otherwise at the
next open as well. The size of an order follows from the equity that the member was told in its briefing.

Books only go forward: a ballot does not trade if the open that followed it came before the member's last
decision, because that would be trading with hindsight. A newer order of a member for the same instrument
replaces one that still waits.
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


@dataclass(frozen=True)
class Decided:
    """When ballots were cast: the last session that had opened, and when the next one opens (UTC)."""

    session: date
    next_open: datetime


async def settle_run(
    store: Store,
    record: RunRecord,
    evidence: Evidence,
    verdict: Verdict,
    market: MarketPrice | None,
    marks: Sequence[Mark],
    *,
    decided: Decided,
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
            order = await _order(books, record, evidence, seat, decided, terms)
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
    books: LockedBooks, record: RunRecord, evidence: Evidence, seat: Seat, decided: Decided, terms: Trading
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
    if last is not None and decided.next_open <= last:
        shares, reason = Decimal(0), f"books only go forward: its last order is of {last:%Y-%m-%d %H:%M} UTC"
    elif newer := await _newer_or_replaced(books, record, ballot.member):
        shares, reason = Decimal(0), f"the newer ballot of run {newer} waits already"
    order = Order(
        id=new_id(12),
        season=record.season,
        run_id=record.run_id,
        member=ballot.member,
        ticker=record.ticker,
        side=asked.side,
        shares=shares,
        reference_price=evidence.price,
        decided_session=decided.session,
        created_at=record.as_of,
        state=OrderState.PENDING if shares else OrderState.CANCELLED,
        reason=None if shares else reason,
        clamps=asked.clamps,
    )
    await books.add_order(order)
    return order


async def _newer_or_replaced(books: LockedBooks, record: RunRecord, member: str) -> str | None:
    """Cancel the member's waiting order for the ticker, or return the run of one that is newer than ours."""
    for waiting in await books.pending(record.ticker):
        if waiting.member != member:
            continue
        if waiting.created_at > record.as_of:
            return waiting.run_id
        reason = f"replaced by the newer ballot of run {record.run_id}"
        await books.cancel_order(waiting.id, reason, record.as_of)
    return None


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
