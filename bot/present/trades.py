"""What became of the ballots in the books: one line a fill, a waiting order or a cancelled one."""

from collections.abc import Iterable

from bot.present import numbers
from core.domain.books import Clamp, Fill, Order, OrderCause, OrderState, Side
from core.domain.run import RunRecord
from core.domain.trade_log import Imported

_DID = {Side.BUY: "bought", Side.SELL: "sold"}
_BECAUSE = {
    OrderCause.STOP: "by its stop",
    OrderCause.TAKE_PROFIT: "by its take-profit",
    OrderCause.MARGIN_CALL: "by a margin call",
    OrderCause.RESET: "by a reset",
}


def trade_lines(record: RunRecord) -> tuple[str, ...]:
    """Return the trades of a run in the order of its seats; every clamp stands in its line."""
    place = {seat.member: number for number, seat in enumerate(record.seats)}
    orders = {order.id: order for order in record.orders}
    lines = [(fill.member, fill_line(fill, orders.get(fill.order_id))) for fill in record.fills]
    lines += [
        (order.member, order_line(order)) for order in record.orders if order.state is not OrderState.FILLED
    ]
    return tuple(f"{member} {line}" for member, line in sorted(lines, key=lambda item: place.get(item[0], 0)))


def fill_line(fill: Fill, order: Order | None = None) -> str:
    """Say what a fill did: `bought 12.5 NVDA at $201.03 for $2,512.88, fee $0.25 (kept to 25 %)`."""
    fee = f", fee {numbers.usd(fill.fee_usd)}" if fill.fee_usd else ""
    clamps = (*(order.clamps if order else ()), *fill.clamps)
    return (
        f"{_DID[fill.side]} {numbers.shares(fill.shares)} {fill.ticker} at {numbers.price(fill.price)} "
        f"for {numbers.usd(abs(fill.amount_usd))}{fee}{_because(order)}{_clamped(clamps)}"
    )


def order_line(order: Order) -> str:
    """Say what an order waits for, or why it was cancelled."""
    count = f"{numbers.shares(order.shares)} " if order.shares else ""
    wish = f"{order.side} {count}{order.ticker}"
    if order.state is OrderState.PENDING:
        about = f"will {wish} at the next open, about {numbers.price(order.reference_price)}"
    else:
        about = f"did not {wish}: {(order.reason or 'cancelled').rstrip('.')}"
    # A clamp that left nothing of the order is its reason already.
    clamps = (clamp for clamp in order.clamps if clamp.note != order.reason)
    return about + _because(order) + _clamped(clamps)


def _because(order: Order | None) -> str:
    because = _BECAUSE.get(order.cause) if order else None
    return f", {because}" if because else ""


def _clamped(clamps: Iterable[Clamp]) -> str:
    notes = dict.fromkeys(clamp.note.rstrip(".") for clamp in clamps)
    return f" ({'; '.join(notes)})" if notes else ""


def imported_sentence(done: Imported) -> str:
    """Say what an import of a log has done."""
    noted = ""
    if done.without_trade:
        noted = f" {numbers.counted(done.without_trade, 'row')} without a trade noted."
    if done.outside_range:
        noted += (
            f" The price of {numbers.counted(done.outside_range, 'trade')} is outside its session's range, "
            f"first in line {done.first_outside}."
        )
    value = "unknown, as a holding has no price" if done.value_usd is None else numbers.usd(done.value_usd)
    return (
        f"{numbers.counted(done.trades, 'trade')} of {done.member} booked in season {done.season}.{noted} "
        f"Valued at {numbers.counted(done.sessions, 'close')} from {done.first} to {done.last}; "
        f"the value is {value}."
    )
