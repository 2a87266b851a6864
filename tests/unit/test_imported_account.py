"""The books of a log in memory are those that its rows make when they are gone through anew."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.actions import ActionKind, CorporateAction
from core.domain.books import MovementKind, Side
from core.domain.errors import StoreError
from core.domain.season import Season
from core.domain.trade_log import LoggedFill
from core.domain.values import to_cents
from core.store.imported_account import ImportedAccount
from core.store.replay import Booked, CashMove, Entry, Split, replay
from core.store.season_tables import closed_trades, share_movements
from core.store.tables import cash_movements, fills, orders

START = datetime(2025, 6, 2, 13, 30, tzinfo=UTC)
DEPOSIT = Decimal(10_000)


def account() -> ImportedAccount:
    return ImportedAccount(Season("league"), "elsewhere", "import01", DEPOSIT, START)


def fill(
    number: int, side: Side, shares: str | Decimal, price: str | Decimal, ticker: str = "NVDA"
) -> LoggedFill:
    amount = to_cents(Decimal(shares) * Decimal(price))
    return LoggedFill(
        line=number,
        at=START + timedelta(hours=number),
        session=date(2025, 6, 2),
        ticker=ticker,
        side=side,
        shares=Decimal(shares),
        reference=Decimal(price),
        price=Decimal(price),
        amount_usd=-amount if side is Side.BUY else amount,
        fee_usd=to_cents(amount / 1000),
    )


def action(kind: ActionKind, value: Decimal, number: int, ticker: str) -> CorporateAction:
    ex_date = date(2025, 6, 3) + timedelta(days=number)
    return CorporateAction(ticker=ticker, kind=kind, ex_date=ex_date, value=value, source="csv")


def entries_of(book: ImportedAccount) -> list[Entry]:
    """What the rows say, in the order of time."""
    rows = book.take()
    found: list[Entry] = [Booked(*(row[name] for name in Booked._fields)) for row in rows[fills]]
    found += [Split(*(row[name] for name in Split._fields)) for row in rows[share_movements]]
    found += [
        CashMove(row["amount_usd"], row["at"]) for row in rows[cash_movements] if row["fill_id"] is None
    ]
    moved = {
        (row["fill_id"], row["kind"]): row["amount_usd"] for row in rows[cash_movements] if row["fill_id"]
    }
    for row in rows[fills]:
        assert moved.pop((row["id"], MovementKind.TRADE)) == row["amount_usd"]
        assert moved.pop((row["id"], MovementKind.FEE)) == -row["fee_usd"]
    assert not moved
    assert [row["id"] for row in rows[orders]] == [row["order_id"] for row in rows[fills]]
    return sorted(found, key=lambda entry: entry.filled_at if isinstance(entry, Booked) else entry.at)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "buy", "sell", "all", "split", "dividend", "interest"]),
        st.sampled_from(["NVDA", "ORLY"]),
        st.decimals("0.000001", "20", places=6),
        st.decimals("0.01", "300", places=2),
        st.sampled_from(["15", "0.1", "1.5", "0.333333333333"]).map(Decimal),
    ),
    max_size=25,
)


@given(steps=_STEPS, fractional=st.booleans())
def test_running_totals_and_holdings_are_those_of_the_rows(
    steps: list[tuple[str, str, Decimal, Decimal, Decimal]], *, fractional: bool
) -> None:
    book = account()
    for number, (what, ticker, shares, price, ratio) in enumerate(steps, start=1):
        at = START + timedelta(hours=number)
        held = book.shares(ticker)
        if what in {"split", "dividend"}:
            kind = ActionKind(what)
            value = ratio if kind is ActionKind.SPLIT else price / 100
            book.act(action(kind, value, number, ticker), at, fractional=fractional, price=price)
        elif what == "interest":
            book.receive(MovementKind.INTEREST, Decimal("0.25"), at, "", at.date())
        else:
            side = Side.BUY if what == "buy" else Side.SELL
            wanted = held if what == "all" and held else shares
            row = fill(number, side, wanted, price, ticker)
            enough = row.fee_usd - row.amount_usd <= book.cash_usd if side is Side.BUY else wanted <= held
            try:
                book.trade(row)
            except StoreError:
                assert not enough
            else:
                assert enough
    balance, holdings = book.totals()
    entries = entries_of(book)
    tally = replay(entries)
    earned = [closed.pnl_usd for closed in tally.closings]
    changes = [
        each.amount_usd - (each.fee_usd if isinstance(each, Booked) else 0)
        for each in entries
        if not isinstance(each, Split)
    ]
    assert balance["cash_usd"] == book.cash_usd == DEPOSIT + sum(changes) >= 0
    assert (balance["fills"], balance["closed"], balance["wins"]) == (
        tally.trades,
        tally.closed_trades,
        tally.wins,
    )
    assert balance["gains_usd"] - balance["losses_usd"] == sum(earned)
    assert (balance["best_usd"], balance["worst_usd"]) == (
        max(earned, default=None),
        min(earned, default=None),
    )
    assert {row["ticker"]: (row["shares"], row["average"]) for row in holdings} == tally.held
    assert book.portfolio().positions == tally.positions()


def test_what_cannot_be_booked_changes_nothing() -> None:
    book = account()
    book.trade(fill(1, Side.BUY, 10, 100))
    before = book.totals()
    for row in (
        fill(2, Side.SELL, "10.000001", 100),
        fill(2, Side.BUY, 91, 100),
        fill(2, Side.SELL, 1, 1, "ORLY"),
    ):
        with pytest.raises(StoreError, match="refused"):
            book.trade(row)
        assert book.totals() == before
    assert len(book.take()[fills]) == 1


def test_rows_are_handed_out_once() -> None:
    book = account()
    book.trade(fill(1, Side.BUY, 10, 100))
    book.trade(fill(2, Side.SELL, 10, 110))
    assert [len(rows) for rows in book.take().values()] == [2, 2, 4, 1]
    assert not any(book.take().values())
    book.trade(fill(3, Side.BUY, 1, 100))
    rows = book.take()
    assert [row["id"] for row in rows[fills]] == ["import01-3"]
    assert closed_trades not in rows
