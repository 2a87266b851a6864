"""The books of a new account while a log of trades goes through them.

Everything is worked out in memory by the rules of `core.store.replay`, which all books obey, and collected as
rows: a log of a million trades cannot be booked one statement after another.
"""

from collections import defaultdict
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import Table

from core.domain.actions import ActionKind, CorporateAction
from core.domain.bars import Mark
from core.domain.books import MovementKind, OrderCause, OrderState, Portfolio, Side
from core.domain.scores import DailyValue
from core.domain.season import Season
from core.domain.trade_log import LoggedFill
from core.domain.values import SHARE_STEP, to_cents
from core.store.replay import (
    Booked,
    Closed,
    Held,
    after_fill,
    after_split,
    cash_change,
    check_balances,
    position_of,
)
from core.store.season_tables import closed_trades, daily_values, share_movements
from core.store.tables import cash_movements, fills, marks, orders

_NOTHING = Decimal(0)


class ImportedAccount:
    """One account from its deposit on. Entries come in the order of time.

    `cash_usd` is what it has after them, and `value` its books at the newest close.
    """

    def __init__(
        self, season: Season, member: str, import_id: str, deposit_usd: Decimal, opened_at: datetime
    ) -> None:
        self.season = season
        self.member = member
        self.import_id = import_id
        self.deposit_usd = deposit_usd
        self.opened_at = opened_at
        self.cash_usd = deposit_usd
        self.value: DailyValue | None = None
        self._held: dict[str, Held] = {}
        self._last_at: datetime | None = None
        self._fills = self._closed = self._wins = 0
        self._gains = self._losses = _NOTHING
        self._best: Decimal | None = None
        self._worst: Decimal | None = None
        self._marked: dict[str, datetime] = {}
        self._rows: defaultdict[Table, list[dict[str, Any]]] = defaultdict(list)
        self._own = {"season": season, "member": member}

    def shares(self, ticker: str) -> Decimal:
        """Return how many shares of a ticker are held."""
        return self._held[ticker].shares if ticker in self._held else _NOTHING

    def portfolio(self) -> Portfolio:
        """Return cash and holdings."""
        held = tuple(position_of(ticker, held) for ticker, held in sorted(self._held.items()))
        return Portfolio(member=self.member, cash_usd=self.cash_usd, positions=held)

    def trade(self, fill: LoggedFill) -> None:
        """Book one row of the log.

        Raises:
            StoreError: cash or shares would be negative.
        """
        booked = Booked(
            fill.ticker, fill.side, fill.shares, fill.price, fill.amount_usd, fill.fee_usd, fill.at
        )
        change = fill.shares if fill.side is Side.BUY else -fill.shares
        cash = self.cash_usd + cash_change(booked)
        check_balances(self.member, cash, booked, self.shares(fill.ticker) + change, shorts=False)
        after, closed = after_fill(self._held.pop(fill.ticker, None), booked)
        if after:
            self._held[fill.ticker] = after
        self.cash_usd, self._last_at = cash, fill.at
        self._fills += 1
        self._write(fill)
        if closed:
            self._count(closed)
            facts = {"ticker": fill.ticker, "session": fill.session, "fill_id": self._id(fill)}
            earned = {"pnl_usd": closed.pnl_usd, "cost_usd": closed.cost_usd}
            self._rows[closed_trades].append(self._own | facts | earned)

    def _count(self, closed: Closed) -> None:
        pnl = closed.pnl_usd
        self._closed += 1
        self._wins += closed.won
        self._gains += max(pnl, _NOTHING)
        self._losses += max(-pnl, _NOTHING)
        self._best = pnl if self._best is None else max(self._best, pnl)
        self._worst = pnl if self._worst is None else min(self._worst, pnl)

    def _id(self, fill: LoggedFill) -> str:
        """Return the id of a row's order, and of its fill: the import's, and the line."""
        return f"{self.import_id}-{fill.line}"

    def _write(self, fill: LoggedFill) -> None:
        own = self._id(fill)
        same: dict[str, Any] = {
            **self._own,
            "id": own,
            "run_id": None,
            "ticker": fill.ticker,
            "side": fill.side,
        }
        same |= {"shares": fill.shares, "clamps": ()}
        self._rows[orders].append(
            {
                **same,
                "reference_price": fill.reference,
                "decided_session": fill.session,
                "created_at": fill.at,
                "state": OrderState.FILLED,
                "ended_at": fill.at,
                "cause": OrderCause.IMPORT,
                "import_id": self.import_id,
            }
        )
        self._rows[fills].append(
            {
                **same,
                "order_id": own,
                "price": fill.price,
                "amount_usd": fill.amount_usd,
                "fee_usd": fill.fee_usd,
                "session": fill.session,
                "filled_at": fill.at,
            }
        )
        self._move(MovementKind.TRADE, fill.amount_usd, fill.at, fill_id=own)
        self._move(MovementKind.FEE, -fill.fee_usd, fill.at, fill_id=own)

    def act(self, action: CorporateAction, at: datetime, *, fractional: bool, price: Decimal | None) -> None:
        """Apply a split or dividend to what is held, as `LockedSessions.apply` does for everybody.

        A fraction of a share that cannot be held is paid out at `price` (USD a share after the split), or
        else at its cost.
        """
        held = self._held.get(action.ticker)
        if held is None:
            return
        if action.kind is ActionKind.DIVIDEND:
            amount = to_cents(held.shares * action.value)
            self.receive(MovementKind.DIVIDEND, amount, at, action.ticker, action.ex_date)
            return
        exact = held.shares * action.value
        shares = exact.quantize(SHARE_STEP if fractional else Decimal(1), ROUND_DOWN)
        change = {"ratio": action.value, "shares_before": held.shares, "shares_after": shares}
        facts = {"ticker": action.ticker, "ex_date": action.ex_date, "at": at}
        self._rows[share_movements].append(self._own | facts | change)
        after = after_split(self._held.pop(action.ticker), action.value, shares)
        if after:
            self._held[action.ticker] = after
        self._last_at = at
        left = to_cents((exact - shares) * (price or held.average / action.value))
        self.receive(MovementKind.CASH_IN_LIEU, left, at, action.ticker, action.ex_date)

    def receive(
        self, kind: MovementKind, amount_usd: Decimal, at: datetime, ticker: str, session: date
    ) -> None:
        """Move cash for a reason other than a trade; nothing is not written."""
        if amount_usd:
            self._move(kind, amount_usd, at, ticker=ticker, session=session)
            self.cash_usd += amount_usd
            self._last_at = at

    def close(self, value: DailyValue, used: dict[str, Mark]) -> None:
        """Keep what the books are worth at a close, and the marks by which."""
        self.value = value
        self._rows[daily_values].append(self._own | value._asdict())
        for mark in used.values():
            if self._marked.get(mark.ticker) != mark.at:
                self._marked[mark.ticker] = mark.at
                self._rows[marks].append({"season": self.season, **mark.model_dump()})

    def take(self) -> dict[Table, list[dict[str, Any]]]:
        """Hand out the rows that have come together since the last time."""
        rows, self._rows = self._rows, defaultdict(list)
        return rows

    def totals(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the account's row of running totals, and its rows of holdings."""
        balance = {
            **self._own,
            "deposits_usd": self.deposit_usd,
            "cash_usd": self.cash_usd,
            "fills": self._fills,
            "closed": self._closed,
            "wins": self._wins,
            "gains_usd": self._gains,
            "losses_usd": self._losses,
            "best_usd": self._best,
            "worst_usd": self._worst,
            "last_at": self._last_at,
        }
        return balance, [
            {**self._own, "ticker": ticker, "shares": held.shares, "average": held.average}
            for ticker, held in sorted(self._held.items())
        ]

    def _move(self, kind: MovementKind, amount_usd: Decimal, at: datetime, **reason: Any) -> None:
        row = {"fill_id": None, "ticker": None, "session": None, **reason}
        self._rows[cash_movements].append(
            {**self._own, "kind": kind, "amount_usd": amount_usd, "at": at, **row}
        )
