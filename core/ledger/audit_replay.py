"""One member's books, worked out anew from what the ledger says, and held against what is kept. Pure.

This is written apart from what books the fills, on purpose: a mistake there must show here. Both follow the
average-cost method with sixty digits, so what they say is equal to the last digit. Order of time: at the same
moment splits come first, then cash that moves without a fill, then fills as they were booked.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from core.domain.actions import ActionKind
from core.domain.audit import ActionRow, BookRows, FillRow, Finding, HoldingRow, MoveRow, Rule, SplitRow
from core.domain.books import MovementKind, Side
from core.domain.values import CENT, SHARE_STEP, plain, to_cents

_DIGITS = Context(prec=60, rounding=ROUND_HALF_EVEN)
_BOOKED = Decimal("1e-8")
_NOTHING = Decimal(0)
_SPLIT_FIRST = {ActionKind.SPLIT: 0, ActionKind.DIVIDEND: 1}

_Event = tuple[int, int, ActionRow | None, SplitRow | MoveRow | None]
"""When, which comes first of the same moment, what the company did, and what that did to the books."""


class Replayed:
    """A member's books as they follow from its ledger. Give it every fill in order of time, then `finish`."""

    def __init__(self, rows: BookRows, actions: Iterable[ActionRow], *, shorts: bool) -> None:
        self._rows = rows
        self._shorts = shorts
        self._where = f"season {rows.season}, {rows.member}"
        self._events = _events(rows, actions)
        self._due = 0
        self._held: dict[str, HoldingRow] = {}
        self._cash = sum(rows.deposits, _NOTHING)
        self._overdrawn = False
        self._fills = self._closed = self._wins = 0
        self._gains = self._losses = _NOTHING
        self._best: Decimal | None = None
        self._worst: Decimal | None = None
        self._resets = {reset.at for reset in rows.resets}
        self._last: int | None = max(
            (*(split.at for split in rows.splits), *(move.at for move in rows.moves)), default=None
        )

    def add(self, fills: Iterable[FillRow]) -> Iterator[Finding]:
        """Go on through these fills, and yield what does not agree with them."""
        for fill in fills:
            while self._due < len(self._events) and self._events[self._due][0] <= fill.at:
                yield from self._pass(self._events[self._due])
                self._due += 1
            yield from self._fill(fill)

    def finish(self) -> Iterator[Finding]:
        """Yield what is kept otherwise than it follows."""
        for event in self._events[self._due :]:
            yield from self._pass(event)
        rows = self._rows
        if not rows.opened:
            yield self._finding(Rule.ACCOUNT, "the account", "opened", "missing")
        if len(rows.deposits) != 1:
            yield self._finding(Rule.DEPOSIT, "the number of deposits", 1, len(rows.deposits))
        deposited = sum(rows.deposits, _NOTHING)
        for reset in rows.resets:
            if reset.cash_usd != deposited:
                what = f"the cash after the reset at {reset.at}"
                yield self._finding(Rule.RESET, what, in_usd(deposited), in_usd(reset.cash_usd))
        yield from self._totals()
        for ticker in sorted(self._held.keys() | rows.holdings.keys()):
            own, kept = self._held.get(ticker), rows.holdings.get(ticker)
            if own != kept:
                yield self._finding(Rule.HOLDING, f"the holding of {ticker}", _shown(own), _shown(kept))
            if own and own.shares < 0 and not self._shorts:
                yield self._finding(
                    Rule.SHORT, f"the holding of {ticker}", "no short position, which are off", _shown(own)
                )

    def _totals(self) -> Iterator[Finding]:
        kept = self._rows.totals
        if kept is None:
            yield self._finding(Rule.ACCOUNT, "the running totals", "kept", "missing")
            return
        if kept.cash_usd != self._rows.cash_usd:
            yield self._finding(Rule.CASH, "the cash", in_usd(self._rows.cash_usd), in_usd(kept.cash_usd))
        deposits = sum(self._rows.deposits, _NOTHING)
        facts: tuple[tuple[str, Any, Any], ...] = (
            ("the sum of deposits", in_usd(deposits), in_usd(kept.deposits_usd)),
            ("the number of fills", self._fills, kept.fills),
            ("the number of closed trades", self._closed, kept.closed),
            ("the number of won trades", self._wins, kept.wins),
            ("the sum of gains", in_usd(self._gains), in_usd(kept.gains_usd)),
            ("the sum of losses", in_usd(self._losses), in_usd(kept.losses_usd)),
            ("the best trade", in_usd(self._best), in_usd(kept.best_usd)),
            ("the worst trade", in_usd(self._worst), in_usd(kept.worst_usd)),
            ("the time of the newest entry (microseconds since 1970)", self._last, kept.last_at),
        )
        for what, expected, found in facts:
            if expected != found:
                yield self._finding(Rule.TOTALS, what, expected, found)

    def _fill(self, fill: FillRow) -> Iterator[Finding]:
        self._fills += 1
        self._last = fill.at if self._last is None else max(self._last, fill.at)
        change = fill.amount_usd - fill.fee_usd
        self._cash += change
        closed_by_reset = fill.at + 1 in self._resets  # which then brings the cash to what was deposited
        if self._cash < 0 and change < 0 and not self._overdrawn and not closed_by_reset:
            self._overdrawn = True  # what follows from it would be said with every later buy
            what = f"the cash after fill {fill.id}"
            yield self._finding(Rule.OVERDRAWN, what, "0 USD or more", in_usd(self._cash))
        worth = _DIGITS.multiply(fill.shares, fill.price)
        if abs(abs(fill.amount_usd) - worth) >= CENT:
            what = f"the amount of fill {fill.id}"
            yield self._finding(Rule.FILL, what, f"{in_usd(worth)} to the cent", in_usd(abs(fill.amount_usd)))
        before = self._held.pop(fill.ticker, None)
        after, closed = _after(before, fill)
        if after:
            self._held[fill.ticker] = after
        kept = None if fill.pnl_usd is None or fill.cost_usd is None else (fill.pnl_usd, fill.cost_usd)
        if closed != kept:
            what = f"what fill {fill.id} closed"
            yield self._finding(Rule.CLOSED_TRADE, what, _earned(closed), _earned(kept))
        if closed:
            pnl, _ = closed
            self._closed += 1
            self._wins += pnl > 0
            self._gains += max(pnl, _NOTHING)
            self._losses += max(-pnl, _NOTHING)
            self._best = pnl if self._best is None else max(self._best, pnl)
            self._worst = pnl if self._worst is None else min(self._worst, pnl)

    def _pass(self, event: _Event) -> Iterator[Finding]:
        _, _, action, done = event
        if isinstance(done, SplitRow):
            yield from self._split(action, done)
            return
        if done and done.kind == MovementKind.RESET:
            self._cash += done.amount_usd
            if self._held:
                what, left = f"what is held at the reset at {done.at}", ", ".join(sorted(self._held))
                yield self._finding(Rule.RESET, what, "nothing", left)
            return
        if done and done.amount_usd > 0:
            # What interest, borrow fees and dividends owed took is not held against a later buy: they are
            # booked when they are known, and that may be after a fill of a later moment.
            self._cash += done.amount_usd
        if action:
            held = self._held.get(action.ticker)
            what = f"the {action.kind} of {action.ticker} on {action.ex_date}"
            if action.kind is ActionKind.SPLIT and held:
                expected = f"applied to {plain(held.shares)} shares"
                yield self._finding(Rule.ACTION, what, expected, "not applied")
            elif action.kind is ActionKind.DIVIDEND:
                due = to_cents(held.shares * action.value) if held else _NOTHING
                paid = done.amount_usd if done else _NOTHING
                if due != paid:
                    yield self._finding(Rule.ACTION, what, in_usd(due), in_usd(paid))
        elif done and self._of_nothing(done):
            what = f"the {done.kind.replace('_', ' ')} of {done.ticker} on {done.session}"
            yield self._finding(Rule.ACTION, what, "of what a company did", "of nothing that is known")

    def _of_nothing(self, done: MoveRow) -> bool:
        """Say whether cash that no action of the season explains is of a kind that needs one."""
        if done.kind == MovementKind.CASH_IN_LIEU:
            return all(
                (split.ticker, split.ex_date) != (done.ticker, done.session) for split in self._rows.splits
            )
        return done.kind == MovementKind.DIVIDEND

    def _split(self, action: ActionRow | None, done: SplitRow) -> Iterator[Finding]:
        what = f"the split of {done.ticker} on {done.ex_date}"
        if action is None:
            yield self._finding(Rule.ACTION, what, "one that was applied to the season", "unknown")
        elif (action.value, action.at) != (done.ratio, done.at):
            yield self._finding(
                Rule.ACTION, what, _split_at(action.value, action.at), _split_at(done.ratio, done.at)
            )
        held = self._held.pop(done.ticker, None)
        before = held.shares if held else _NOTHING
        exact = done.shares_before * done.ratio
        allowed = {exact.quantize(step, ROUND_DOWN) for step in (SHARE_STEP, Decimal(1))}
        if before != done.shares_before:
            expected, found = f"{plain(before)} shares", plain(done.shares_before)
            yield self._finding(Rule.ACTION, f"what {what} began with", expected, found)
        elif done.shares_after not in allowed:
            expected = " or ".join(plain(each) for each in sorted(allowed))
            found = plain(done.shares_after)
            yield self._finding(Rule.ACTION, f"what {what} left", f"{expected} shares", found)
        if held and done.shares_after:
            self._held[done.ticker] = HoldingRow(done.shares_after, _DIGITS.divide(held.average, done.ratio))

    def _finding(self, rule: Rule, what: str, expected: object, found: object) -> Finding:
        return Finding(rule=rule, where=self._where, what=what, expected=str(expected), found=str(found))


def _events(rows: BookRows, actions: Iterable[ActionRow]) -> list[_Event]:
    """Join what companies did with what that did to this member, in the order of time."""
    splits = {(split.ticker, split.ex_date): split for split in rows.splits}
    paid = {(move.ticker, move.session): move for move in rows.moves if move.kind == MovementKind.DIVIDEND}
    events: list[_Event] = []
    for action in actions:
        found = (splits if action.kind is ActionKind.SPLIT else paid).pop(
            (action.ticker, action.ex_date), None
        )
        events.append((found.at if found else action.at, _SPLIT_FIRST[action.kind], action, found))
    others = [move for move in rows.moves if move.kind != MovementKind.DIVIDEND]
    events += [(split.at, 0, None, split) for split in splits.values()]
    events += [(move.at, 1, None, move) for move in (*paid.values(), *others)]
    return sorted(events, key=lambda event: event[:2])


def _after(
    held: HoldingRow | None, fill: FillRow
) -> tuple[HoldingRow | None, tuple[Decimal, Decimal] | None]:
    """Return the holding after a fill, and of what it closed: earned and cost (USD)."""
    shares, average = held or (_NOTHING, _NOTHING)
    after = shares + fill.shares if fill.side == Side.BUY else shares - fill.shares
    if abs(after) == abs(shares) + fill.shares:
        cost = _DIGITS.add(_DIGITS.multiply(abs(shares), average), _DIGITS.multiply(fill.shares, fill.price))
        return HoldingRow(after, _DIGITS.divide(cost, abs(after))), None
    part = min(fill.shares, abs(shares))
    amount, fee = (
        _DIGITS.divide(_DIGITS.multiply(whole, part), fill.shares).quantize(_BOOKED, context=_DIGITS)
        for whole in (fill.amount_usd, fill.fee_usd)
    )
    booked = _DIGITS.multiply(part, average).quantize(_BOOKED, context=_DIGITS)
    pnl = amount - fee - booked if shares > 0 else booked + amount - fee
    closed = (pnl, booked)
    if after == 0:
        return None, closed
    return HoldingRow(after, average if (after > 0) == (shares > 0) else fill.price), closed


def _split_at(ratio: Decimal, at: int) -> str:
    return f"{plain(ratio)} for 1 at {at} microseconds since 1970"


def in_usd(amount: Decimal | None) -> str:
    """Return an amount as findings say it, the same for equal amounts."""
    return "none" if amount is None else f"{plain(amount)} USD"


def _shown(held: HoldingRow | None) -> str:
    if held is None:
        return "none"
    return f"{plain(held.shares)} shares at an average of {held.average.normalize(_DIGITS):f} USD"


def _earned(closed: tuple[Decimal, Decimal] | None) -> str:
    return "nothing" if closed is None else f"{in_usd(closed[0])} earned on a cost of {in_usd(closed[1])}"
