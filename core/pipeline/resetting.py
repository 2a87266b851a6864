"""A member begins again: its orders are cancelled, its holdings closed, its cash made what it was at first.

All of it happens in one transaction, at one moment. The holdings are closed at their last marks, without
slippage and fees, so that nothing is won or lost by it; a microsecond later the cash is brought to what was
deposited. It is no deposit: what the books were worth before is in the ledger for ever.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.domain.books import Fill, Holding, Order, OrderCause, OrderState, Side
from core.domain.errors import Refused
from core.domain.ids import new_id
from core.domain.values import to_cents
from core.ledger.valuation import equity, holdings
from core.market.calendar import MarketCalendar
from core.pipeline.walking import STALE_AFTER
from core.store.locked_books import LockedBooks

WHY = "the portfolio was reset"
MOMENT = timedelta(microseconds=1)


async def reset_books(books: LockedBooks, member: str, calendar: MarketCalendar, now: datetime) -> Decimal:
    """Let a member begin again, and return what its books were worth just before, in USD.

    Raises:
        Refused: the member has no books here, or they cannot be closed: a holding has no usable price, or was
            traded elsewhere.
    """
    if member not in await books.portfolios():
        raise Refused(f"{member} has no books in the season {books.season}: there is nothing to reset.")
    portfolio, marks = await books.portfolio(member), await books.marks()
    held = holdings(portfolio, marks, oldest_mark(now))
    value = equity(portfolio, held)
    if value is None:
        raise unpriced(member, held)
    at = await _moment(books, member, calendar, now)
    for order in await books.pending():
        if order.member == member:
            await books.cancel_order(order.id, WHY, at)
    # What is sold pays for what must be bought back.
    for holding in sorted(held, key=lambda one: one.position.shares < 0):
        await _close(books, member, holding, calendar, at)
    await books.sessions.reset(member, at + MOMENT)
    return value


async def _moment(books: LockedBooks, member: str, calendar: MarketCalendar, now: datetime) -> datetime:
    """Return a moment after all that these books have gone through, and before the next close."""
    last = await books.sessions.last()
    through = last.closed_at if last else now
    at = max(now, through, await books.newest_entry(member) or now) + MOMENT
    if last and calendar.exchange.last_closed(at + MOMENT).closes > last.closed_at:
        raise Refused("A session has closed just now, and the books are not through it yet. Try again.")
    return at


def oldest_mark(now: datetime) -> date:
    """Return the day before which a mark is too old to close a holding at."""
    return (now - STALE_AFTER).date()


def unpriced(member: str, held: Iterable[Holding]) -> Refused:
    """Return the refusal to close books of which a holding has no usable price."""
    why = next(holding.unpriced for holding in held if holding.unpriced)
    return Refused(f"{why}, so the books of {member} cannot be closed now. Try again when it has a price.")


async def _close(
    books: LockedBooks, member: str, holding: Holding, calendar: MarketCalendar, at: datetime
) -> None:
    held, mark = holding.position, holding.mark
    assert mark is not None  # noqa: S101 - without a mark there is no value
    runs = {holder.member: holder.run_id for holder in await books.sessions.holders(held.ticker)}
    if (run_id := runs.get(member)) is None:
        raise Refused(
            f"The {held.ticker} of {member} comes from an imported log; its books stay as they are."
        )
    side = Side.SELL if held.shares > 0 else Side.BUY
    worth, session = to_cents(abs(held.shares) * mark.price), calendar.of(held.ticker).last_opened(at).day
    order = Order(
        id=new_id(12),
        season=books.season,
        run_id=run_id,
        member=member,
        ticker=held.ticker,
        side=side,
        shares=abs(held.shares),
        reference_price=mark.price,
        decided_session=session,
        created_at=at,
        state=OrderState.PENDING,
        cause=OrderCause.RESET,
    )
    await books.add_order(order)
    fill = Fill(
        id=new_id(12),
        order_id=order.id,
        season=books.season,
        run_id=run_id,
        member=member,
        ticker=held.ticker,
        side=side,
        shares=order.shares,
        price=mark.price,
        amount_usd=worth if side is Side.SELL else -worth,
        fee_usd=Decimal(0),
        session=session,
        filled_at=at,
    )
    await books.fill_order(fill, shorts=True)
