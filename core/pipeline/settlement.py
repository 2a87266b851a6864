"""What follows from ballots: the verdict, an order for each BUY or SELL, and fills where a price is known.

All members trade at the same price. `next_open` fills at the open of the session after the one that the
ballots were cast on; `last` fills at the evidence's quote if the exchange was open then, and otherwise at the
next open as well. The size of an order follows from the equity that the member was told in its briefing.

Books only go forward: a ballot does not trade if the open that followed it came before the member's last
decision, or before a close that the season's books have gone through, because that would be hindsight. A
newer order of a member for the same instrument replaces one that still waits.
"""

from datetime import datetime
from decimal import Decimal

from core.config.settings import Trading
from core.domain.ballot import Ballot
from core.domain.bars import Mark
from core.domain.books import Order, OrderCause, OrderState, Side
from core.domain.evidence import Evidence
from core.domain.ids import new_id
from core.domain.run import RunRecord, Seat
from core.domain.verdict import Verdict
from core.ledger.levels import sensible
from core.ledger.sizing import Situation, wish
from core.pipeline.bookkeeping import Bookkeeper, Decided, Opening
from core.pipeline.walking import fill_order
from core.store.locked_books import LockedBooks
from core.store.store import Store


async def settle_run(
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
    """Write verdict, orders, fills and marks in one transaction; False when the run was already settled.

    `opening` None leaves the orders pending.
    """
    async with store.books.locked(record.season) as books:
        if not await books.finish_run(record.run_id, verdict, at):
            return False
        orders = [await _order(books, record, evidence, seat, keeper, terms) for seat in record.seats]
        await books.add_mark(keeper.mark(evidence))
        if opening is not None:
            market = opening.market
            for action in opening.actions:
                await books.sessions.apply(action, market.at, fractional=terms.fractional, price=market.price)
            waiting = {order.id for order in orders if order and order.state is OrderState.PENDING}
            for order in await books.pending(record.ticker):
                if order.id in waiting:
                    await fill_order(books, order, market, terms)
            await books.add_mark(
                Mark(ticker=record.ticker, price=market.price, at=market.at, source=evidence.source)
            )
    return True


async def _order(
    books: LockedBooks, record: RunRecord, evidence: Evidence, seat: Seat, keeper: Bookkeeper, terms: Trading
) -> Order | None:
    """Turn a seat's ballot into an order, waiting or cancelled at once; None for HOLD."""
    ballot = seat.result
    if not isinstance(ballot, Ballot):
        return None
    position = (await books.portfolio(ballot.member)).position(evidence.ticker)
    now = await _situation(books, evidence, seat, keeper, terms)
    asked = wish(ballot, position, now, terms)
    if asked is None:
        return None
    shares, reason = asked.shares, asked.reason
    decided = keeper.decided(evidence)
    if late := await _too_late(books, ballot.member, decided):
        shares, reason = Decimal(0), late
    elif newer := await _newer_or_replaced(books, record, ballot.member):
        shares, reason = Decimal(0), f"the newer ballot of run {newer} waits already"
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
        decided_session=decided.session,
        created_at=record.as_of,
        state=OrderState.PENDING if shares else OrderState.CANCELLED,
        reason=None if shares else reason,
        clamps=asked.clamps,
        stop_loss=stop,
        take_profit=take,
    )
    await books.add_order(order)
    return order


async def _too_late(books: LockedBooks, member: str, decided: Decided) -> str | None:
    """Return why a ballot would trade with hindsight, or None."""
    passed = await books.sessions.last()
    if passed is not None and decided.next_open <= passed.closed_at:
        return f"books only go forward: they have gone through {passed.session}"
    last = await books.last_decision_at(member)
    if last is not None and decided.next_open <= last:
        return f"books only go forward: its last order is of {last:%Y-%m-%d %H:%M} UTC"
    return None


async def _situation(
    books: LockedBooks, evidence: Evidence, seat: Seat, keeper: Bookkeeper, terms: Trading
) -> Situation:
    """Return what a member's books allow: exposure elsewhere, the brake, the cooldown after a stop."""
    member, ticker, equity = seat.member, evidence.ticker, seat.briefing.equity_usd
    marks = await books.marks(evidence.as_of)
    session = keeper.decided(evidence).session
    elsewhere = sum(
        (
            abs(held.shares) * marks[held.ticker].price
            for held in (await books.portfolio(member)).positions
            if held.ticker != ticker and held.ticker in marks
        ),
        Decimal(0),
    )
    for order in await books.pending():
        if order.member == member and order.ticker != ticker and order.cause is OrderCause.BALLOT:
            elsewhere += order.shares * order.reference_price * (1 if order.side is Side.BUY else -1)
    before = await books.sessions.value_before(member, session)
    fall = 1 - equity / before if before and equity is not None else Decimal(0)
    braked = None
    if terms.daily_drawdown_brake and fall >= terms.daily_drawdown_brake:
        braked = f"equity fell {fall:.1%} since the last close: nothing is bought until the next session"
    cooling = None
    stopped = await books.sessions.last_stop(member, ticker)
    if stopped and keeper.sessions_between(ticker, stopped, session) < terms.stop_cooldown_sessions:
        cooling = f"the stop of {ticker} was hit on {stopped}: nothing is added so soon after"
    return Situation(
        equity_usd=equity,
        price=evidence.price,
        elsewhere_usd=max(elsewhere, Decimal(0)),
        braked=braked,
        cooling=cooling,
    )


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
