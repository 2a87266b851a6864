"""What follows from ballots: the verdict, an order for each BUY or SELL, and fills where a price is known.

All members trade at the same price. `next_open` fills at the open of the session after the one that the
ballots were cast on; `last` fills at the evidence's quote if the exchange was open then, and otherwise at the
next open as well. The size of an order follows from the equity that the member was told in its briefing.

Books only go forward: a ballot does not trade if the open that followed it came before the member's last
decision, or before a close that the season's books have gone through, because that would be hindsight. A
newer order of a member for the same instrument replaces one that still waits.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Action, Ballot
from core.domain.bars import Mark
from core.domain.books import Order, OrderCause, OrderState, Side
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.run import RunRecord, Seat
from core.domain.verdict import Verdict
from core.ledger.levels import sensible
from core.ledger.sizing import wish
from core.pipeline.bookkeeping import Bookkeeper, Opening
from core.pipeline.season_days import hindsight
from core.pipeline.situations import Situations
from core.pipeline.walking import fill_order
from core.store.locked_books import LockedBooks
from core.store.store import Store


async def finish_run(
    store: Store,
    record: RunRecord,
    evidence: Evidence,
    verdict: Verdict,
    opening: Opening | None,
    *,
    keeper: Bookkeeper,
    terms: Trading,
    at: datetime,
) -> bool:
    """Write verdict, orders, fills and marks in one transaction; False when the run was finished already.

    `opening` None leaves the orders pending. In a season that has ended only the verdict is written, and each
    order as one that was cancelled; so is the order of a member that was removed meanwhile.
    """
    async with store.books.locked(record.season) as books:
        if not await books.finish_run(record.run_id, verdict, at):
            return False
        live = await books.live.read()
        now = await Situations.read(books, evidence, keeper, terms)
        closed = hindsight(live, now.decided.next_open)
        resets, removed = await books.resets(), await books.removed()
        now = replace(now, closed=closed, removed=removed, resets=resets)
        orders = [await order_of(books, record, evidence, seat, now, terms) for seat in record.seats]
        if live and live.ended:
            return True
        await books.add_mark(keeper.mark(evidence))
        if opening is not None:
            waiting = {order.id for order in orders if order and order.state is OrderState.PENDING}
            await _fill(books, record, evidence.source, opening, waiting, terms)
    return True


async def _fill(
    books: LockedBooks,
    record: RunRecord,
    source: str,
    opening: Opening,
    waiting: Collection[str],
    terms: Trading,
) -> None:
    """Fill this run's waiting orders at once: the open that they wait for is known."""
    market = opening.market
    mark = Mark(ticker=record.ticker, price=market.price, at=market.at, source=source)
    await books.add_mark(mark)
    for opens, action in opening.actions:
        await books.sessions.apply(action, opens, fractional=terms.fractional)
    for order in await books.pending(record.ticker):
        if order.id in waiting:
            await fill_order(books, order, market, terms)


async def order_of(
    books: LockedBooks, record: RunRecord, evidence: Evidence, seat: Seat, now: Situations, terms: Trading
) -> Order | None:
    """Turn a seat's ballot into an order, waiting or cancelled at once, and store it; None for HOLD."""
    ballot = seat.result
    if not isinstance(ballot, Ballot) or ballot.action is Action.HOLD:
        return None
    position = now.position(ballot.member)
    asked = wish(ballot, position, now.of(seat), terms)
    if asked is None:
        return None
    shares, reason = asked.shares, asked.reason
    if late := now.too_late(ballot.member):
        shares, reason = Decimal(0), late
    elif other := await _other_or_replaced(books, record, now.waiting(ballot.member)):
        shares, reason = Decimal(0), other
    after = (position.shares if position else Decimal(0)) + (shares if asked.side is Side.BUY else -shares)
    stop, take = sensible(after, evidence.price, ballot.stop_loss, ballot.take_profit)
    order = Order(
        id=new_id(12),
        season=record.season,
        run_id=record.run_id,
        member=ballot.member,
        ticker=record.ticker,
        side=asked.side,
        shares=shares,
        reference_price=evidence.price,
        decided_session=now.decided.session,
        created_at=record.as_of,
        state=OrderState.PENDING if shares else OrderState.CANCELLED,
        reason=None if shares else reason,
        clamps=asked.clamps,
        stop_loss=stop,
        take_profit=take,
    )
    await books.add_order(order)
    return order


async def _other_or_replaced(books: LockedBooks, record: RunRecord, waiting: Iterable[Order]) -> str | None:
    """Cancel the member's waiting order for the ticker, or return why that one goes first."""
    for other in waiting:
        if other.cause is OrderCause.MARGIN_CALL:
            return f"a margin call closes {record.ticker} at the next open"
        if other.created_at > record.as_of:
            return f"the newer ballot of run {other.run_id} waits already"
        reason = f"replaced by the newer ballot of run {record.run_id}"
        await books.cancel_order(other.id, reason, record.as_of)
    return None
