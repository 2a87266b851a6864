"""Rows of a long season that fit together to the cent, as the tables hold them: no ORM, no validation.

Each session, 40 of 100 tickers are asked about; every member then buys what it does not hold and sells what
it holds, so that each ballot is one order and one fill. Prices wander within bounds.
"""

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

CASH = 10_000_00
FEE = 1
CENT = 10**6
SHARE = 10**8
CALL_COST = 10**9
LOWEST, HIGHEST = 10_00, 30_00
TICKERS = tuple(f"T{number:02d}" for number in range(100))
ASKED = 40
LAST = date(2025, 10, 29)
KINDS = ("committee", "crowd", "baseline", "baseline")
EVIDENCE = "0" * 64
BRIEFING = (
    '{"portfolio": {"member": "%s", "cash_usd": "10000.00", "positions": []}, "equity_usd": "10000.00"}'
)
BALLOT = json.dumps(
    {
        "member": "",
        "action": "BUY",
        "rating": "Buy",
        "confidence": "0.70",
        "target_weight": "0.01",
        "stop_loss": None,
        "take_profit": None,
        "risk_level": "medium",
        "horizon": "weeks",
        "reasoning": "The trend is up, and volume confirms it. " * 4,
        "key_points": ["the trend is up", "volume confirms it"],
    }
)

Row = tuple[Any, ...]


def sessions_of(count: int) -> list[date]:
    """Return so many weekdays up to LAST, oldest first."""
    days, day = [], LAST
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def moment(day: date, hour: int) -> int:
    """Return a moment in UTC as it is stored: microseconds since 1970."""
    return int(datetime.combine(day, time(hour), UTC).timestamp()) * 10**6


def prices_of(count: int) -> list[list[int]]:
    """Return for each session what every ticker costs, in cents."""
    source, paths = random.Random(7), []
    now = [source.randrange(LOWEST, HIGHEST) for _ in TICKERS]
    for _ in range(count):
        now = [min(HIGHEST, max(LOWEST, price + source.randrange(-40, 41))) for price in now]
        paths.append(now)
    return paths


def name_of(number: int) -> str:
    return f"member-{number:02d}"


def kind_of(number: int) -> str:
    return KINDS[number] if number < len(KINDS) else "llm"


class Season:
    """The rows of one season, session after session; made once, in the order in which tables refer."""

    def __init__(self, name: str, members: int, sessions: int) -> None:
        self.name = name
        self.days = sessions_of(sessions)
        self.prices = prices_of(sessions)
        self.members = [name_of(number) for number in range(members)]
        self.cash = [CASH] * members
        self.held: list[dict[int, tuple[int, int]]] = [{} for _ in range(members)]
        self.totals = [
            {"fills": 0, "closed": 0, "wins": 0, "gains": 0, "losses": 0, "best": None, "worst": None}
            for _ in range(members)
        ]
        self.spent = [0] * members
        self.traded = [0] * members

    def beginning(self) -> Iterator[tuple[str, list[Row]]]:
        opened = moment(self.days[0] - timedelta(days=1), 20)
        yield "seasons", [(self.name, "replay", "ended", "SPY", opened, None, None, None)]
        yield "accounts", [(self.name, member, opened) for member in self.members]
        deposit = [
            (self.name, member, "deposit", CASH * CENT, opened, None, None, None) for member in self.members
        ]
        yield "cash_movements", deposit

    def session(self, at: int) -> Iterator[tuple[str, list[Row]]]:
        """Yield the rows of one session."""
        asked = range(len(TICKERS)) if at == 0 else [(at * ASKED + k) % len(TICKERS) for k in range(ASKED)]
        rows: dict[str, list[Row]] = {
            table: []
            for table in (
                "runs",
                "seats",
                "orders",
                "fills",
                "cash_movements",
                "closed_trades",
                "daily_values",
            )
        }
        self.traded = [0] * len(self.members)
        for ticker in asked:
            self._run(at, ticker, rows)
        day, close = self.days[at], moment(self.days[at], 20)
        for number, member in enumerate(self.members):
            worth = sum(shares * self.prices[at][ticker] for ticker, (shares, _) in self.held[number].items())
            value = self.cash[number] + worth
            amounts = (value * CENT, self.cash[number] * CENT, worth * CENT, 0, self.traded[number] * CENT)
            rows["daily_values"].append((self.name, member, day, *amounts, self.spent[number]))
        level = sum(self.prices[at]) * 5
        rows["sessions"] = [(self.name, day, close, level * CENT, "1")]
        rows["marks"] = [
            (self.name, ticker, close, self.prices[at][place] * CENT, "made up")
            for place, ticker in enumerate(TICKERS)
        ]
        yield from rows.items()

    def _run(self, at: int, ticker: int, rows: dict[str, list[Row]]) -> None:
        day, name = self.days[at], TICKERS[ticker]
        decided = moment(day - timedelta(days=1), 21)
        run_id = f"{self.name[0]}{at:03d}{ticker:02d}xx"
        facts = (name, decided, "quick", self.name, "finished", None, "benchmark", EVIDENCE, "made up", None)
        people = ("terminal", "terminal", decided, decided, None, None, None)
        rows["runs"].append((run_id, run_id, *facts, *people))
        for number, member in enumerate(self.members):
            kind = kind_of(number)
            cost = CALL_COST if kind == "llm" else 0
            self.spent[number] += cost
            seat = (run_id, member, number, number + 1, kind, "1", BRIEFING % member, BALLOT, cost)
            rows["seats"].append(seat)
            if at == 0 and (number + ticker) % 2 == 0:
                continue
            self._trade(at, number, ticker, run_id, decided, rows)

    def _trade(
        self, at: int, number: int, ticker: int, run_id: str, decided: int, rows: dict[str, list[Row]]
    ) -> None:
        day, member, price = self.days[at], self.members[number], self.prices[at][ticker]
        before = self.held[number].pop(ticker, None)
        shares = before[0] if before else 1 + (number * ticker + number // 3) % 3
        side, amount = ("sell", shares * price) if before else ("buy", -shares * price)
        filled = moment(day, 14)
        place, name, totals = f"{run_id}{number:02d}", TICKERS[ticker], self.totals[number]
        own = (self.name, run_id, member, name, side, shares * SHARE, price * CENT)
        decision = (
            day - timedelta(days=1),
            decided,
            "filled",
            None,
            filled,
            "[]",
            "ballot",
            None,
            None,
            None,
        )
        rows["orders"].append((place, *own, *decision))
        rows["fills"].append((place, place, *own, amount * CENT, FEE * CENT, day, filled, "[]"))
        booked = (filled, place, None, None)
        rows["cash_movements"].append((self.name, member, "trade", amount * CENT, *booked))
        rows["cash_movements"].append((self.name, member, "fee", -FEE * CENT, *booked))
        self.cash[number] += amount - FEE
        self.traded[number] += abs(amount)
        totals["fills"] += 1
        if before is None:
            self.held[number][ticker] = (shares, price)
            return
        cost = shares * before[1]
        pnl = amount - FEE - cost
        rows["closed_trades"].append((place, self.name, member, name, day, pnl * CENT, cost * CENT))
        totals["closed"] += 1
        totals["wins"] += pnl > 0
        totals["gains"] += max(pnl, 0)
        totals["losses"] += max(-pnl, 0)
        totals["best"] = pnl if totals["best"] is None else max(totals["best"], pnl)
        totals["worst"] = pnl if totals["worst"] is None else min(totals["worst"], pnl)

    def end(self) -> Iterator[tuple[str, list[Row]]]:
        """Yield what the season comes to: balances and holdings."""
        last, balances, holdings = moment(self.days[-1], 14), [], []
        for number, member in enumerate(self.members):
            totals = self.totals[number]
            counts = (totals["fills"], totals["closed"], totals["wins"])
            money = [totals[name] for name in ("gains", "losses", "best", "worst")]
            amounts = [None if cents is None else cents * CENT for cents in money]
            cash = (CASH * CENT, self.cash[number] * CENT)
            balances.append((self.name, member, *cash, *counts, *amounts, last))
            for ticker, (shares, price) in sorted(self.held[number].items()):
                average = f"{price // 100}.{price % 100:02d}"
                run_id = f"{self.name[0]}00000xx"
                levels = (None, None, run_id)
                holdings.append((self.name, member, TICKERS[ticker], shares * SHARE, average, *levels))
        yield "balances", balances
        yield "holdings", holdings


COLUMNS = {
    "members": "name number kind weight route enabled place",
    "evidence": "sha256 ticker as_of canonical",
    "seasons": "name kind state benchmark created_at plan owner lease_until",
    "accounts": "season member opened_at",
    "runs": "run_id key ticker as_of preset season state reason config_hash evidence_sha256 source caveat "
    "requested_by requested_in started_at finished_at verdict owner lease_until",
    "seats": "run_id member place number kind weight briefing result cost_usd",
    "orders": "id season run_id member ticker side shares reference_price decided_session created_at state "
    "reason ended_at clamps cause stop_loss take_profit import_id",
    "fills": "id order_id season run_id member ticker side shares price amount_usd fee_usd session filled_at "
    "clamps",
    "cash_movements": "season member kind amount_usd at fill_id ticker session",
    "closed_trades": "fill_id season member ticker session pnl_usd cost_usd",
    "daily_values": "season member session value_usd cash_usd long_usd short_usd traded_usd token_cost_usd",
    "sessions": "season session closed_at benchmark benchmark_units",
    "marks": "season ticker at price source",
    "balances": "season member deposits_usd cash_usd fills closed wins gains_usd losses_usd best_usd "
    "worst_usd last_at",
    "holdings": "season member ticker shares average stop_loss take_profit run_id",
}
"""The columns of each kind of row, in their order."""
