"""What changes shares and cash without a fill, inside the transaction that holds a season's books."""

import logging
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domain.actions import ActionKind, CorporateAction, adjusted_for
from core.domain.bars import Mark
from core.domain.books import MovementKind, OrderState
from core.domain.errors import StoreError
from core.domain.season import Season
from core.domain.values import SHARE_STEP, to_cents
from core.store.book_queries import portfolio
from core.store.inserting import add_new
from core.store.replay import after_split
from core.store.running_totals import Holder, RunningTotals
from core.store.season_tables import balances, corporate_actions, holdings, share_movements
from core.store.tables import cash_movements, fills, marks, orders

CASH = ""
"""What stands for the ticker of a movement that is about cash itself."""

log = logging.getLogger(__name__)


class LockedMovements:
    """Splits, dividends, interest and borrow fees of one season."""

    def __init__(self, connection: AsyncConnection, season: Season, totals: RunningTotals) -> None:
        self._connection = connection
        self._season = season
        self._totals = totals

    async def holders(self, ticker: str) -> tuple[Holder, ...]:
        """Return who holds a ticker, in order of name."""
        return await self._totals.holders(holdings.c.ticker == ticker)

    async def move(
        self, member: str, kind: MovementKind, amount_usd: Decimal, at: datetime, ticker: str, session: date
    ) -> bool:
        """Move cash for a reason that occurs once a ticker and session; False for nothing, or when repeated.

        Interest on cash has the ticker `CASH`.
        """
        if amount_usd == 0:
            return False
        row = {"season": self._season, "member": member, "kind": kind, "amount_usd": amount_usd, "at": at}
        same = (
            cash_movements.c.season == self._season,
            cash_movements.c.member == member,
            cash_movements.c.kind == kind,
            cash_movements.c.ticker == ticker,
            cash_movements.c.session == session,
        )
        if (await self._connection.execute(select(cash_movements.c.number).where(*same))).first():
            return False
        moved = insert(cash_movements).values(row | {"ticker": ticker, "session": session})
        await self._connection.execute(moved)
        await self._totals.move_cash(member, amount_usd, at)
        return True

    async def reset(self, member: str, at: datetime) -> None:
        """Bring the cash of a member that holds nothing to what was deposited.

        Raises:
            StoreError: it holds something, or has no account.
        """
        if any(who == member for who, *_ in await self._totals.holders(holdings.c.member == member)):
            raise StoreError(f"The books of {member} cannot be reset while it holds something.")
        own = (balances.c.season == self._season, balances.c.member == member)
        deposited = (await self._connection.execute(select(balances.c.deposits_usd).where(*own))).scalar_one()
        amount = deposited - (await self._totals.balance(member)).cash_usd
        row = {"season": self._season, "member": member, "kind": MovementKind.RESET, "amount_usd": amount}
        await self._connection.execute(insert(cash_movements).values(row | {"at": at}))
        await self._totals.move_cash(member, amount, at)

    async def applied(self, since: date) -> frozenset[tuple[str, ActionKind, date]]:
        """Return ticker, kind and ex-date of what was applied to these books, of ex-dates from `since` on."""
        keys = (corporate_actions.c.ticker, corporate_actions.c.kind, corporate_actions.c.ex_date)
        own = (corporate_actions.c.season == self._season, corporate_actions.c.ex_date >= since)
        rows = await self._connection.execute(select(*keys).where(*own))
        return frozenset((ticker, ActionKind(kind), day) for ticker, kind, day in rows)

    async def apply(
        self, action: CorporateAction, at: datetime, *, fractional: bool, price: Decimal | None = None
    ) -> bool:
        """Apply a split or dividend to who held before it, and to waiting orders; False when that was done.

        `at` is the open of its ex-date (UTC), also when the vendor tells it late: it is booked as of then,
        and who bought since gets nothing. Until the first price after it, holdings are marked at the last
        price before it, divided by the split or less the dividend. A fraction of a share that cannot be held
        is paid out at `price` (USD a share after the split), or else at that mark. A holding that was traded
        since a split is left alone, and the log says so: its books need a person.
        """
        if action.key in await self.applied(action.ex_date):
            return False
        row = {"season": self._season, **action.model_dump(), "at": at}
        await self._connection.execute(insert(corporate_actions).values(row))
        before = await self._mark_before(action.ticker, at)
        since = await self._traded_since(action.ticker, at)
        if action.kind is ActionKind.SPLIT:
            price = price or (before.price / action.value if before else None)
            done = await self._split(action, at, since, price, fractional=fractional)
        else:
            done = await self._pay(action, at, since)
        if done and before:
            adjusted = adjusted_for(action, before.price)
            mark = Mark(ticker=action.ticker, price=adjusted, at=at, source=before.source)
            await add_new(self._connection, marks, mark.model_dump() | {"season": self._season})
        return True

    async def _mark_before(self, ticker: str, at: datetime) -> Mark | None:
        own = (marks.c.season == self._season, marks.c.ticker == ticker, marks.c.at < at)
        query = select(*(marks.c[name] for name in Mark.model_fields)).where(*own)
        row = (await self._connection.execute(query.order_by(marks.c.at.desc()).limit(1))).mappings().first()
        return Mark(**{str(name): value for name, value in row.items()}) if row else None

    async def _traded_since(self, ticker: str, at: datetime) -> dict[str, Decimal]:
        """Return what each member that has traded a ticker at or after `at` had held of it before."""
        lately = select(balances.c.member).where(balances.c.season == self._season, balances.c.last_at >= at)
        own = (fills.c.season == self._season, fills.c.member.in_(lately), fills.c.filled_at >= at)
        query = select(fills.c.member).where(*own, fills.c.ticker == ticker).distinct()
        held: dict[str, Decimal] = {}
        for member in (await self._connection.execute(query.order_by(fills.c.member))).scalars():
            then = await portfolio(self._connection, self._season, member, at - timedelta(microseconds=1))
            position = then.position(ticker)
            held[member] = position.shares if position else Decimal(0)
        return held

    async def _pay(self, action: CorporateAction, at: datetime, since: Mapping[str, Decimal]) -> bool:
        """Credit a dividend to long holdings, and charge it to short ones."""
        entitled = {holder.member: holder.held.shares for holder in await self.holders(action.ticker)}
        for member, shares in sorted({**entitled, **since}.items()):
            amount = to_cents(shares * action.value)
            await self.move(member, MovementKind.DIVIDEND, amount, at, action.ticker, action.ex_date)
        return bool(entitled)

    async def _split(
        self,
        action: CorporateAction,
        at: datetime,
        since: Mapping[str, Decimal],
        price: Decimal | None,
        *,
        fractional: bool,
    ) -> bool:
        step = SHARE_STEP if fractional else Decimal(1)
        done = False
        for holder in await self.holders(action.ticker):
            if holder.member not in since:
                await self._split_holding(action, at, holder, step, price)
                done = True
            elif since[holder.member]:
                about = (action.ticker, action.ex_date, holder.member)
                log.warning("the split of %s on %s came to light after %s had traded it: left out", *about)
        await self._split_orders(action, at, step)
        return done

    async def _split_holding(
        self, action: CorporateAction, at: datetime, holder: Holder, step: Decimal, price: Decimal | None
    ) -> None:
        member, held, position, _ = holder
        exact = held.shares * action.value
        shares = exact.quantize(step, ROUND_DOWN)
        facts = {"season": self._season, "member": member, "ticker": action.ticker, "at": at}
        change = {"ratio": action.value, "shares_before": held.shares, "shares_after": shares}
        row = facts | change | {"ex_date": action.ex_date}
        await self._connection.execute(insert(share_movements).values(row))
        levels = {
            name: adjusted_for(action, level) if level else None
            for name, level in (("stop_loss", position.stop_loss), ("take_profit", position.take_profit))
        }
        await self._totals.hold(member, action.ticker, after_split(held, action.value, shares), **levels)
        await self._totals.touch(member, at)
        left = to_cents((exact - shares) * (price or held.average / action.value))
        await self.move(member, MovementKind.CASH_IN_LIEU, left, at, action.ticker, action.ex_date)

    async def _split_orders(self, action: CorporateAction, at: datetime, step: Decimal) -> None:
        """Bring orders that were decided before a split, and wait, to the new shares."""
        waiting = (
            orders.c.season == self._season,
            orders.c.ticker == action.ticker,
            orders.c.state == OrderState.PENDING,
            orders.c.decided_session < action.ex_date,
        )
        for row in (await self._connection.execute(select(orders).where(*waiting))).mappings().all():
            shares = (row["shares"] * action.value).quantize(step, ROUND_DOWN)
            values: dict[str, Any] = {
                name: adjusted_for(action, row[name])
                for name in ("reference_price", "stop_loss", "take_profit")
                if row[name] is not None
            }
            if shares > 0:
                values["shares"] = shares
            else:
                reason = f"the split of {action.ticker} left less than one share of the order"
                ended = {"state": OrderState.CANCELLED, "ended_at": max(at, row["created_at"])}
                values |= {**ended, "reason": reason}
            await self._connection.execute(update(orders).where(orders.c.id == row["id"]).values(values))
