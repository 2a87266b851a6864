"""The books of a season go through time: opens fill orders, bars reach levels, closes value everything.

One step leads from one close of the arena's exchange to the next, in one transaction, and is made once.
Within it everything happens in the order of the market: at an open first splits and dividends, then sells,
then buys; during a session the levels of holdings; at its close interest, borrow fees and margin calls.
Instruments with sessions of their own (crypto pairs, foreign listings) keep their own opens and closes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from core.config.settings import Trading
from core.domain.actions import ActionKind
from core.domain.bars import Mark
from core.domain.books import MovementKind, Order, OrderCause, OrderState, Portfolio, Position, Side
from core.domain.ids import new_id
from core.domain.scores import DailyValue
from core.ledger.broker import NotFilled, fill
from core.ledger.carrying import borrow_fee, interest, margin_called
from core.ledger.levels import hit
from core.ledger.valuation import holdings
from core.market.calendar import Session
from core.pipeline.history import History, Moved
from core.store.locked_books import LockedBooks
from core.store.locked_sessions import CASH, Passed

NO_TRADE_SESSIONS = 5
"""Sessions of an instrument without a bar after which its orders are given up."""
STALE_AFTER = timedelta(days=10)
"""The age beyond which a mark no longer values a holding."""


@dataclass(frozen=True)
class MarketPrice:
    """A price at which orders can be filled: USD a share, when (UTC), and of which session."""

    price: Decimal
    at: datetime
    session: date


async def open_sessions(
    books: LockedBooks, history: History, after: datetime, until: datetime, terms: Trading
) -> None:
    """Let everything happen that the opens and closes later than `after` and up to `until` bring about."""
    moments: dict[tuple[datetime, int], list[Moved]] = {}
    for move in history.openings(after, until):
        moments.setdefault((move.opens, 0), []).append(move)
    for move in history.closings(after, until):
        moments.setdefault((move.closes, 1), []).append(move)
    for (_, closing), moves in sorted(moments.items()):
        if closing:
            await _reach_levels(books, moves, terms)
        else:
            await _open(books, history, moves, terms)


async def _open(books: LockedBooks, history: History, moves: Sequence[Moved], terms: Trading) -> None:
    """At one moment: actions in force from this open, then the orders that fill at it, sells first."""
    for move in moves:
        for action in history.acted(move.ticker, history.start, move.bar.date):
            # A split of a day without a bar is in force from the next open.
            price = move.bar.open if action.kind is ActionKind.SPLIT else None
            await books.sessions.apply(action, move.opens, fractional=terms.fractional, price=price)
    bars = {move.ticker: move for move in moves}
    due = [
        order
        for order in await books.pending()
        if order.ticker in bars
        and history.first_after(order.ticker, order.decided_session) == bars[order.ticker]
    ]
    for order in sorted(due, key=_turn):
        bar = bars[order.ticker]
        await fill_order(books, order, MarketPrice(bar.bar.open, bar.opens, bar.bar.date), terms)


def _turn(order: Order) -> tuple[bool, datetime, str, str]:
    """Sells free the cash that buys need; the rest is by time, ticker and name, to be repeatable."""
    return order.side is Side.BUY, order.created_at, order.ticker, order.member


async def fill_order(books: LockedBooks, order: Order, market: MarketPrice, terms: Trading) -> None:
    """Fill a waiting order at `market`, clamped to what the member has then, or cancel it with its reason."""
    portfolio = await books.portfolio(order.member, market.at)
    outcome = fill(
        order, portfolio, market.price, terms, fill_id=new_id(12), session=market.session, at=market.at
    )
    if isinstance(outcome, NotFilled):
        await books.cancel_order(order.id, outcome.reason, market.at)
    else:
        await books.fill_order(outcome, outcome.clamps, shorts=terms.allow_short)


async def _reach_levels(books: LockedBooks, moves: Sequence[Moved], terms: Trading) -> None:
    """Close the holdings whose stop or take-profit the bars of one close have reached."""
    for move in sorted(moves):
        for member, held, run_id in await books.sessions.holders(move.ticker):
            reached = hit(held, move.bar)
            if reached is None or run_id is None:
                continue
            order = _closing_order(books, member, held, run_id, reached.cause, move)
            await books.add_order(order)
            market = MarketPrice(reached.price, move.closes, move.bar.date)
            await fill_order(books, order, market, terms)


def _closing_order(
    books: LockedBooks, member: str, held: Position, run_id: str, cause: OrderCause, move: Moved
) -> Order:
    """Return the order that closes a holding, decided within the bar's session."""
    return Order(
        id=new_id(12),
        season=books.season,
        run_id=run_id,
        member=member,
        ticker=held.ticker,
        side=Side.SELL if held.shares > 0 else Side.BUY,
        shares=abs(held.shares),
        reference_price=move.bar.close,
        decided_session=move.bar.date,
        created_at=move.closes,
        state=OrderState.PENDING,
        cause=cause,
    )


async def close_session(
    books: LockedBooks,
    history: History,
    session: Session,
    before: Passed | None,
    terms: Trading,
    *,
    benchmark: str,
    token_costs: Mapping[str, Decimal],
    members: Iterable[str],
) -> bool:
    """Carry the books through one session of the arena's exchange; False when that was done before.

    `before` is the session that they went through last. `token_costs` is what each member's model calls have
    cost up to this close, in USD.
    """
    last = await books.sessions.last()
    if last is not None and last.session >= session.day:
        return False
    after = before.closed_at if before else session.closes - timedelta(days=1)
    await open_sessions(books, history, after, session.closes, terms)
    await _give_up_orders(books, history, session)
    for move in history.closings(after, session.closes):
        source = history.sources[move.ticker]
        await books.add_mark(Mark(ticker=move.ticker, price=move.bar.close, at=move.closes, source=source))
    marks = await books.marks(session.closes)
    traded = await books.sessions.traded(after, session.closes)
    days = (session.day - before.session).days if before else 0
    values = []
    for member in members:
        await _carry(books, member, marks, session, days, terms)
        portfolio = await books.portfolio_at(member, session.closes)
        value = daily_value(portfolio, marks, session)
        values.append(
            (
                member,
                value._replace(
                    traded_usd=traded.get(member, Decimal(0)),
                    token_cost_usd=token_costs.get(member, Decimal(0)),
                ),
            )
        )
        await _call_margin(books, history, member, portfolio, value, terms)
    return await books.sessions.passed(benchmark_passed(history, session, before, benchmark), values)


async def _carry(
    books: LockedBooks, member: str, marks: Mapping[str, Mark], session: Session, days: int, terms: Trading
) -> None:
    """Book interest on cash and the fee for borrowed shares since the last close."""
    if days == 0 or not (terms.cash_interest or terms.allow_short):
        return
    portfolio = await books.portfolio_at(member, session.closes)
    move, at, day = books.sessions.move, session.closes, session.day
    await move(member, MovementKind.INTEREST, interest(portfolio.cash_usd, days, terms), at, CASH, day)
    for held in portfolio.positions:
        if held.shares < 0 and held.ticker in marks:
            fee = borrow_fee(-held.shares * marks[held.ticker].price, days, terms)
            await move(member, MovementKind.BORROW, -fee, at, held.ticker, day)


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
    books: LockedBooks, history: History, member: str, portfolio: Portfolio, value: DailyValue, terms: Trading
) -> None:
    """Order the end of all short positions when equity no longer carries them."""
    if value.value_usd is None or not margin_called(value.value_usd, [value.short_usd], terms):
        return
    covering = {order.ticker for order in await books.pending() if order.cause is OrderCause.MARGIN_CALL}
    for held in portfolio.positions:
        move = history.last_at(held.ticker, value.session)
        runs = {who: run for who, _, run in await books.sessions.holders(held.ticker)}
        run_id = runs.get(member)
        if held.shares < 0 and move and run_id and held.ticker not in covering:
            await books.add_order(_closing_order(books, member, held, run_id, OrderCause.MARGIN_CALL, move))


async def _give_up_orders(books: LockedBooks, history: History, session: Session) -> None:
    """Cancel orders of instruments that have not traded since, if their vendor answers and has no bar."""
    for order in await books.pending():
        if order.ticker in history.failed or order.ticker not in history.bars:
            continue
        missed = history.sessions(order.ticker).between(
            order.decided_session + timedelta(days=1), session.day
        )
        if len(missed) >= NO_TRADE_SESSIONS:
            reason = f"{order.ticker} did not trade in the {len(missed)} sessions after the decision"
            await books.cancel_order(order.id, reason, session.closes)


def benchmark_passed(history: History, session: Session, before: Passed | None, ticker: str) -> Passed:
    """Return the session with the benchmark's level: units times close, splits and dividends in the units."""
    move = history.last_at(ticker, session.day)
    if move is None or (session.day - move.bar.date) > STALE_AFTER:
        return Passed(session.day, session.closes)
    units = before.benchmark_units if before and before.benchmark_units else Decimal(1)
    if before:
        for action in history.acted(ticker, before.session, session.day):
            split = action.kind is ActionKind.SPLIT
            units *= action.value if split else 1 + action.value / move.bar.close
    return Passed(session.day, session.closes, move.bar.close, units)
