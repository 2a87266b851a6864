"""The books of a season go through time: opens fill orders, bars reach levels, closes value everything.

One step leads from one close of the arena's exchange to the next, in one transaction, and is made once.
Within it everything happens in the order of the market: at one moment first the closes of bars, which reach
levels; then splits and dividends; then the opens, which fill sells before buys. At the exchange's close
holdings are valued, and interest, borrow fees and margin calls follow. Instruments with sessions of their own
(crypto pairs, foreign listings) keep their own opens and closes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.bars import Mark
from core.domain.books import Order, OrderCause, OrderState, Portfolio, Position, Side
from core.domain.ids import new_id
from core.domain.scores import DailyValue
from core.ledger.broker import NotFilled, fill
from core.ledger.carrying import borrow_fee, interest, margin_called
from core.ledger.levels import hit
from core.ledger.valuation import holdings
from core.market.calendar import Session
from core.pipeline.history import History, Moved
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import Passed

NO_TRADE_SESSIONS = 5
"""Sessions of an instrument without a bar after which its orders are given up."""
STALE_AFTER = timedelta(days=10)
"""The age beyond which a mark no longer values a holding."""
_REACHED = {OrderCause.STOP: "stop", OrderCause.TAKE_PROFIT: "take-profit"}


@dataclass(frozen=True)
class MarketPrice:
    """A price at which orders can be filled: USD a share, when (UTC), and of which session."""

    price: Decimal
    at: datetime
    session: date


async def open_sessions(
    books: LockedBooks, history: History, after: datetime, until: datetime, terms: Trading
) -> None:
    """Let everything happen that the opens and closes later than `after` and up to `until` bring about.

    What has happened before does not happen again. Splits and dividends that a vendor has told late are
    booked first.
    """
    closing, opening = defaultdict[datetime, list[Moved]](list), defaultdict[datetime, list[Moved]](list)
    for move in history.closings(after, until):
        closing[move.closes].append(move)
    for move in history.openings(after, until):
        opening[move.opens].append(move)
    done = await books.sessions.applied(history.start)
    acting = [acted for acted in history.in_force(until) if acted.action.key not in done]
    for moment in sorted({*closing, *opening, *(acted.opens for acted in acting)}):
        await _reach_levels(books, closing[moment], terms)
        for acted in acting:
            if acted.opens == moment:
                await books.sessions.apply(acted.action, moment, fractional=terms.fractional)
        await _open(books, opening[moment], terms)


async def _open(books: LockedBooks, moves: Sequence[Moved], terms: Trading) -> None:
    """Fill the orders that wait for these opens, which all are of one moment, sells first."""
    bars = {move.ticker: move for move in moves}
    waiting = await books.pending() if bars else ()
    due = [order for order in waiting if _is_due(order, bars.get(order.ticker))]
    for order in sorted(due, key=_turn):
        move = bars[order.ticker]
        await fill_order(books, order, MarketPrice(move.bar.open, move.opens, move.bar.date), terms)


def _is_due(order: Order, move: Moved | None) -> bool:
    return move is not None and order.decided_session < move.bar.date


def _turn(order: Order) -> tuple[bool, bool, datetime, str, str]:
    """Sells free the cash that buys need, and margin calls come before other buys.

    The rest is by time, ticker and name, to be repeatable.
    """
    called = order.cause is OrderCause.MARGIN_CALL
    return order.side is Side.BUY, not called, order.created_at, order.ticker, order.member


async def fill_order(books: LockedBooks, order: Order, market: MarketPrice, terms: Trading) -> None:
    """Fill a waiting order at `market`, clamped to what the member has then, or cancel it with its reason."""
    portfolio = await books.usable(order.member, order.ticker, market.at)
    outcome = fill(
        order, portfolio, market.price, terms, fill_id=new_id(12), session=market.session, at=market.at
    )
    if isinstance(outcome, NotFilled):
        await books.cancel_order(order.id, outcome.reason, market.at)
    else:
        await books.fill_order(outcome, outcome.clamps, shorts=terms.allow_short)


async def _reach_levels(books: LockedBooks, moves: Sequence[Moved], terms: Trading) -> None:
    """Close the holdings whose stop or take-profit these bars, which all close now, have reached."""
    opened = defaultdict[datetime, dict[str, Moved]](dict)
    for move in moves:
        opened[move.opens][move.ticker] = move
    for opens, bars in sorted(opened.items()):
        guarded = await books.sessions.guarded(list(bars), opens)
        if not guarded:
            continue
        await books.sessions.guard_from(list(bars), opens, moves[0].closes)
        for member, _, held, run_id in guarded:
            move = bars[held.ticker]
            reached = hit(held, move.bar)
            if reached is None or run_id is None:
                continue
            price, day = move.bar.close, move.bar.date
            order = _closing_order(books, member, held, run_id, reached.cause, price, day, move.closes)
            await books.add_order(order)
            await fill_order(books, order, MarketPrice(reached.price, move.closes, day), terms)
            why = f"the {_REACHED[reached.cause]} of {held.ticker} was reached on {day}"
            await _drop_ballots(books, member, held.ticker, why, move.closes)


def _closing_order(
    books: LockedBooks,
    member: str,
    held: Position,
    run_id: str,
    cause: OrderCause,
    price: Decimal,
    decided: date,
    at: datetime,
) -> Order:
    """Return the order that closes a holding."""
    return Order(
        id=new_id(12),
        season=books.season,
        run_id=run_id,
        member=member,
        ticker=held.ticker,
        side=Side.SELL if held.shares > 0 else Side.BUY,
        shares=abs(held.shares),
        reference_price=price,
        decided_session=decided,
        created_at=at,
        state=OrderState.PENDING,
        cause=cause,
    )


async def _drop_ballots(books: LockedBooks, member: str, ticker: str, why: str, at: datetime) -> None:
    """Cancel a member's waiting orders for a holding that goes for another reason: they were sized for it."""
    for order in await books.pending(ticker):
        if order.member == member and order.cause is OrderCause.BALLOT:
            await books.cancel_order(order.id, why, at)


async def close_session(
    books: LockedBooks,
    history: History,
    session: Session,
    after: datetime,
    terms: Trading,
    *,
    benchmark: str,
    token_costs: Mapping[str, Decimal],
) -> bool:
    """Carry the books through one session of the arena's exchange; False when that was done before.

    `after` is up to when they have been carried. `token_costs` is what each member's model calls have cost up
    to this close, in USD.
    """
    last = await books.sessions.last()
    if last is not None and last.session >= session.day:
        return False
    await open_sessions(books, history, after, session.closes, terms)
    await _give_up_orders(books, history, session)
    await books.add_marks(
        [
            Mark(
                ticker=move.ticker,
                price=move.bar.close,
                at=move.closes,
                source=history.sources[move.ticker],
            )
            for move in history.closings(after, session.closes)
        ]
    )
    marks = await books.marks(session.closes)
    traded = await books.sessions.traded(after, session.closes)
    nights = (history.calendar.exchange.after(session.day).day - session.day).days
    portfolios = await books.portfolios(session.closes)
    values = []
    for member in await books.members(session.closes):
        portfolio = await _carry(books, portfolios[member], marks, session, nights, terms)
        value = daily_value(portfolio, marks, session)._replace(
            traded_usd=traded.get(member, Decimal(0)), token_cost_usd=token_costs.get(member, Decimal(0))
        )
        values.append((member, value))
        await _call_margin(books, history, portfolio, marks, value, session, terms)
    before = await books.sessions.last_benchmark()
    return await books.sessions.passed(benchmark_passed(history, session, before, benchmark), values)


async def _carry(
    books: LockedBooks,
    portfolio: Portfolio,
    marks: Mapping[str, Mark],
    session: Session,
    nights: int,
    terms: Trading,
) -> Portfolio:
    """Book interest on cash and the fee for borrowed shares until the next close; return what is left."""
    short = {
        held.ticker: -held.shares * marks[held.ticker].price
        for held in portfolio.positions
        if held.shares < 0 and held.ticker in marks
    }
    earned = interest(portfolio.cash_usd, sum(short.values(), Decimal(0)), nights, terms)
    fees = {ticker: borrow_fee(value, nights, terms) for ticker, value in short.items()}
    await books.sessions.carry(portfolio.member, earned, fees, session.closes, session.day)
    cash = portfolio.cash_usd + earned - sum(fees.values(), Decimal(0))
    return portfolio.model_copy(update={"cash_usd": cash})


def daily_value(portfolio: Portfolio, marks: Mapping[str, Mark], session: Session) -> DailyValue:
    """Return what a portfolio is worth at a session's close; without a value where a holding has no price."""
    valued = holdings(portfolio, marks, (session.closes - STALE_AFTER).date())
    known = [holding.value_usd for holding in valued if holding.value_usd is not None]
    long = sum((value for value in known if value > 0), Decimal(0))
    short = -sum((value for value in known if value < 0), Decimal(0))
    priced = len(known) == len(valued)
    return DailyValue(
        session=session.day,
        value_usd=portfolio.cash_usd + long - short if priced else None,
        cash_usd=portfolio.cash_usd,
        long_usd=long,
        short_usd=short,
        traded_usd=Decimal(0),
        token_cost_usd=Decimal(0),
    )


async def _call_margin(
    books: LockedBooks,
    history: History,
    portfolio: Portfolio,
    marks: Mapping[str, Mark],
    value: DailyValue,
    session: Session,
    terms: Trading,
) -> None:
    """Order the end of all short positions when equity no longer carries them."""
    if value.value_usd is None or not margin_called(value.value_usd, [value.short_usd], terms):
        return
    member = portfolio.member
    called = {
        order.ticker
        for order in await books.pending()
        if order.member == member and order.cause is OrderCause.MARGIN_CALL
    }
    for held in portfolio.positions:
        if held.shares > 0 or held.ticker in called:
            continue
        runs = {holder.member: holder.run_id for holder in await books.sessions.holders(held.ticker)}
        if (run_id := runs.get(member)) is None:
            continue
        opened = history.sessions(held.ticker).last_opened(session.closes).day
        price = marks[held.ticker].price
        await books.add_order(
            _closing_order(books, member, held, run_id, OrderCause.MARGIN_CALL, price, opened, session.closes)
        )
        why = f"a margin call closes {held.ticker} at the next open"
        await _drop_ballots(books, member, held.ticker, why, session.closes)


async def _give_up_orders(books: LockedBooks, history: History, session: Session) -> None:
    """Cancel orders that have waited for too many sessions: their instruments do not trade."""
    for order in await books.pending():
        if order.ticker not in history.sources:
            continue
        sessions = history.sessions(order.ticker)
        missed = sessions.between(order.decided_session + timedelta(days=1), session.day)
        if len(missed) < NO_TRADE_SESSIONS:
            continue
        reason = f"{order.ticker} did not trade in the {len(missed)} sessions after the decision"
        if order.ticker in history.failed:
            reason = (
                f"no prices of {order.ticker} could be had in the {len(missed)} sessions after the decision"
            )
        await books.cancel_order(order.id, reason, session.closes)


def benchmark_passed(history: History, session: Session, before: Passed | None, ticker: str) -> Passed:
    """Return the session with the benchmark's level: units times close.

    Splits are in the units, and so are dividends, bought back at the first close that is known after them.
    `before` is the newest session before this one whose level is known.
    """
    passed = Passed(session.day, session.closes)
    move = history.last_closed(ticker, session.closes)
    if move is None or move.closes < history.sessions(ticker).last_closed(session.closes).closes:
        return passed
    units = Decimal(1)
    if before and before.benchmark_units:
        shares, cash = history.one_share(ticker, before.session, move.bar.date)
        units = before.benchmark_units * (shares + cash / move.bar.close)
    return passed._replace(benchmark=move.bar.close, benchmark_units=units)
