"""Cash, holdings, values and closed trades of each member, made of an export's movements alone.

It is a part of `recompute.py`, and like that it imports nothing of Conclave.
"""

import csv
import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

getcontext().prec = 60

STALE = timedelta(days=10)
WEEK = timedelta(days=7)
MOMENT = timedelta(microseconds=1)
CENT = Decimal("0.01")
TABLES = (
    *("members", "ballots", "fills", "cash_movements", "share_movements", "closed_trades", "sessions"),
    *("daily_values", "marks", "token_costs", "reflections"),
)

Row = Mapping[str, Any]


class Day(NamedTuple):
    """A member at the close of a session, in USD."""

    session: date
    value: Decimal | None
    cash: Decimal
    long: Decimal
    short: Decimal
    traded: Decimal
    token_cost: Decimal


class Books(NamedTuple):
    """All that has become of a member; `spent` is what its tokens cost in USD, `fills` are their days.

    `anew` are the sessions that closed after its portfolio began again, None where it never did.
    """

    start: Decimal
    days: list[Day]
    fills: list[date]
    closed: list[tuple[date, str, Fraction]]
    ballots: list[Row]
    spent: Decimal
    anew: frozenset[date] | None = None


class Part(NamedTuple):
    """A member in a part of the season: what it starts from, and the days of the part."""

    books: Books
    base: Decimal
    since: date | None
    base_tokens: Decimal
    days: list[Day]
    passed: int
    fills: int
    profits: list[Fraction]
    first: date | None
    until: datetime


class Season:
    """An export, read whole, and the books of each member made of it."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.about = json.loads((self.folder / "export.json").read_text(encoding="utf-8"))
        self.tables = {name: _table(self.folder, name) for name in TABLES}
        self.sessions = [date.fromisoformat(row["session"]) for row in self.tables["sessions"]]
        self.closes = [moment(row["closed_at"]) for row in self.tables["sessions"]]
        self.levels = {
            date.fromisoformat(row["session"]): float(
                Decimal(row["benchmark"]) * Decimal(row["benchmark_units"])
            )
            for row in self.tables["sessions"]
            if row["benchmark"] is not None
        }
        self.marks: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
        for row in self.tables["marks"]:
            self.marks[row["ticker"]].append((moment(row["at"]), Decimal(row["price"])))
        for marks in self.marks.values():
            marks.sort()
        held = [row for row in self.tables["members"] if row["opened_at"] is not None]
        self.kinds = {row["member"]: row["kind"] for row in held}
        self.books = {row["member"]: self._books(row["member"], moment(row["opened_at"])) for row in held}

    def own(self, table: str, member: str) -> list[Row]:
        return [row for row in self.tables[table] if row["member"] == member]

    def _books(self, member: str, opened: datetime) -> Books:
        moved, fills = self.own("cash_movements", member), self.own("fills", member)
        cash = [(moment(row["at"]), Decimal(row["amount_usd"])) for row in moved]
        resets = sorted(moment(row["at"]) for row in moved if row["kind"] == "reset")
        tokens = [(moment(row["as_of"]), Decimal(row["cost_usd"])) for row in self.own("token_costs", member)]
        # What is written about a ballot counts from the close that settled it.
        written = self.own("reflections", member)
        tokens += [(moment(row["settled_at"]), Decimal(row["cost_usd"])) for row in written]
        splits = self.own("share_movements", member)
        events = [(moment(row["at"]), 0, int(row["number"]), row) for row in splits]
        events += [(moment(row["filled_at"]), 1, int(row["number"]), row) for row in fills]
        events.sort(key=lambda event: event[:3], reverse=True)
        held: dict[str, Decimal] = {}
        costs: dict[str, Fraction] = {}
        days, closed = [], []
        before = datetime.min.replace(tzinfo=UTC)
        for session, close in zip(self.sessions, self.closes, strict=True):
            while events and events[-1][0] <= close:
                _, filled, _, row = events.pop()
                if not filled:
                    _split(held, costs, row)
                elif (profit := _filled(held, costs, row)) is not None:
                    closed.append((date.fromisoformat(row["session"]), row["id"], profit))
            if close >= opened:
                money = total(usd for at, usd in cash if at <= close)
                spent = total(usd for at, usd in tokens if at < close)
                amounts = (
                    row["amount_usd"]
                    for row in fills
                    if row["session"] == session.isoformat()
                    and not _before_a_reset(moment(row["filled_at"]), resets, before, close)
                )
                long, short, known = self._worth(held, close)
                value = money + long - short if known else None
                traded = total(abs(Decimal(amount)) for amount in amounts)
                days.append(Day(session, value, money, long, short, traded, spent))
            before = close
        start = total(Decimal(row["amount_usd"]) for row in moved if row["kind"] == "deposit")
        sold = [date.fromisoformat(row["session"]) for row in fills]
        every = total(usd for _, usd in tokens)
        anew = None
        if resets:
            both = zip(self.sessions, self.closes, strict=True)
            anew = frozenset(session for session, close in both if close > resets[-1])
        return Books(start, days, sold, closed, self.own("ballots", member), every, anew)

    def _worth(self, held: Mapping[str, Decimal], close: datetime) -> tuple[Decimal, Decimal, bool]:
        """Long and short holdings at the newest marks up to a close, and whether all of them have one."""
        sides, known = [Decimal(0), Decimal(0)], True
        for ticker, shares in held.items():
            marks = self.marks.get(ticker, [])
            place = bisect_right(marks, close, key=lambda mark: mark[0])
            if not place or marks[place - 1][0].date() < (close - STALE).date():
                known = False
                continue
            sides[shares < 0] += (abs(shares) * marks[place - 1][1]).quantize(CENT, ROUND_HALF_UP)
        return sides[0], sides[1], known

    def part(self, member: str, days: int | None, last: date | None) -> Part:
        """So many calendar days of a member's season, back from the session `last`, or from the newest."""
        last = last or self.sessions[-1]
        first = None if days is None else last - timedelta(days=days - 1)
        if first is not None and first <= self.sessions[0]:
            first = None
        books = self.books[member]
        anew = books.anew
        seen = [d for d in books.days if d.session <= last and (anew is None or d.session in anew)]
        before = [day for day in seen if first is not None and day.session < first]
        known = [day for day in before if day.value is not None]
        base = known[-1] if known else None

        def within(day: date) -> bool:
            return day <= last and (first is None or day >= first)

        return Part(
            books=books,
            base=books.start if base is None or base.value is None else base.value,
            since=base.session if base else None,
            base_tokens=before[-1].token_cost if before else Decimal(0),
            days=[day for day in seen if within(day.session)],
            passed=sum(base is None or day.session > base.session for day in seen),
            fills=sum(within(day) for day in books.fills),
            profits=[profit for day, _, profit in books.closed if within(day)],
            first=first,
            until=self.closes[self.sessions.index(last)],
        )

    def benchmark_return(self, days: int | None = None) -> float | None:
        """The benchmark's return from its last close before the period, at most a week old, to its newest."""
        first = self.sessions[0]
        if days is not None:
            start = max(first, self.sessions[-1] - timedelta(days=days - 1))
            first = next(day for day in self.sessions if day >= start)
        before = [day for day in self.levels if first - WEEK <= day < first]
        since = [day for day in self.levels if day >= first]
        start_day = before[-1] if before else since[0] if since else None
        return self.levels[since[-1]] / self.levels[start_day] - 1 if start_day and since else None


def _table(folder: Path, name: str) -> list[Row]:
    """The rows of a table as texts, from JSON or else from CSV; what is nothing is None."""
    path = folder / f"{name}.json"
    if path.exists():
        rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
        return rows
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [{key: cell or None for key, cell in row.items()} for row in csv.DictReader(file)]


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _filled(held: dict[str, Decimal], costs: dict[str, Fraction], row: Row) -> Fraction | None:
    """Book a fill; return the profit where it makes a holding smaller."""
    ticker, shares, price = row["ticker"], Decimal(row["shares"]), Fraction(row["price"])
    change = shares if row["side"] == "buy" else -shares
    before, profit = held.get(ticker, Decimal(0)), None
    after = before + change
    if before * change >= 0:
        paid = costs.get(ticker, Fraction(0)) * abs(Fraction(before)) + price * Fraction(shares)
        costs[ticker] = paid / abs(Fraction(after))
    else:
        closing = Fraction(min(abs(before), shares))
        part = closing / Fraction(shares)
        amount, fee = (_booked(Fraction(row[name]) * part) for name in ("amount_usd", "fee_usd"))
        cost = _booked(costs[ticker] * closing)
        profit = amount - fee + (-cost if before > 0 else cost)
        if before * after < 0:
            costs[ticker] = price
    held[ticker] = after
    if not after:
        del held[ticker], costs[ticker]
    return profit


def _before_a_reset(at: datetime, resets: list[datetime], after: datetime, close: datetime) -> bool:
    """Whether a fill closed a holding for a reset, or came before one in the same session."""
    return any(at + MOMENT == reset or (after < reset <= close and at <= reset) for reset in resets)


def _booked(amount: Fraction) -> Fraction:
    """An amount as it is booked: to 10^-8 USD, a half to the even side."""
    return Fraction(round(amount * 10**8), 10**8)


def _split(held: dict[str, Decimal], costs: dict[str, Fraction], row: Row) -> None:
    ticker = row["ticker"]
    if held[ticker] != Decimal(row["shares_before"]):
        raise ValueError(f"{row['member']} held {held[ticker]} {ticker}, not {row['shares_before']}")
    held[ticker] = Decimal(row["shares_after"])
    costs[ticker] /= Fraction(row["ratio"])
    if not held[ticker]:
        del held[ticker], costs[ticker]


def differences(season: Season) -> Iterator[str]:
    """Say where the export's own daily values and closed trades are not what its movements make."""
    for member, books in season.books.items():
        told = {row["session"]: row for row in season.own("daily_values", member)}
        if list(told) != [day.session.isoformat() for day in books.days]:
            yield f"{member}: the sessions of daily_values are others"
        for day in books.days:
            row = told.get(day.session.isoformat(), {})
            for name in ("value", "cash", "long", "short", "traded", "token_cost"):
                mine, stated = getattr(day, name), row.get(f"{name}_usd")
                if (None if stated is None else Decimal(stated)) != mine:
                    yield f"{member} {day.session}: {name} is {mine}, not {stated}"
        trades = {row["fill_id"]: Fraction(row["pnl_usd"]) for row in season.own("closed_trades", member)}
        if set(trades) != {fill for _, fill, _ in books.closed}:
            yield f"{member}: other fills have closed trades"
        for day, fill, profit in books.closed:
            if fill in trades and trades[fill] != profit:
                yield f"{member} {day}: {fill} has earned {float(profit)}, not {float(trades[fill])}"
