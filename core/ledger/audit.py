"""What must be true of the rows of the books, apart from one member's ledger, and what is not. Pure.

One member's ledger is worked out anew by `core.ledger.audit_replay`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from core.domain.audit import Finding, OrderRow, Pair, Rule, SessionRow, SumsRow, ValueRow
from core.domain.ballot import Action
from core.domain.books import Side
from core.domain.values import plain
from core.ledger.audit_replay import in_usd

_MOST_OF_A_KIND = 200
_SIDES = {Action.BUY: Side.BUY, Action.SELL: Side.SELL}
_WHICH = {"cash_usd": Rule.CASH}


class Collected:
    """Findings as they come; of each rule the first 200 are kept, and the rest are counted."""

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: dict[Rule, int] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Keep these, too."""
        for finding in findings:
            count = self._counts[finding.rule] = self._counts.get(finding.rule, 0) + 1
            if count <= _MOST_OF_A_KIND:
                self._kept.append(finding)

    def all(self) -> tuple[Finding, ...]:
        """Return the findings in the order in which they came; what was only counted is said last."""
        left = {rule: count - _MOST_OF_A_KIND for rule, count in self._counts.items()}
        more = (
            Finding(
                rule=rule,
                where="the books",
                what=f"findings on the rule “{rule}”",
                expected="none",
                found=f"{count:,} more of them",
            )
            for rule, count in left.items()
            if count > 0
        )
        return (*self._kept, *more)


def unreadable(where: str, error: Exception) -> Finding:
    """Return what is found where a row holds what no such row can hold."""
    found = f"something else ({str(error) or type(error).__name__})"
    return Finding(rule=Rule.READABLE, where=where, what="every value", expected="of its kind", found=found)


def unguarded(missing: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for each table that the database itself does not keep append-only any more."""
    for table in missing:
        yield Finding(
            rule=Rule.GUARD,
            where=f"table {table}",
            what="the trigger that makes it append-only",
            expected="in force",
            found="missing or switched off",
        )


def disagreements(pairs: Iterable[Pair]) -> Iterator[Finding]:
    """Yield what two rows that belong together say differently, or that the second one is missing."""
    for pair in pairs:
        if pair.other is None:
            yield Finding(
                rule=pair.rule, where=pair.where, what=pair.other_is, expected="there", found="missing"
            )
            continue
        for name, expected in pair.own.items():
            if (found := pair.other[name]) != expected:
                what = f"{name} of {pair.other_is}"
                yield Finding(
                    rule=pair.rule, where=pair.where, what=what, expected=_said(expected), found=_said(found)
                )


def without_ballots(
    orders: Iterable[OrderRow], cast: Mapping[str, str], *, season: str, member: str
) -> Iterator[Finding]:
    """Yield orders whose seat holds no ballot of their side. `cast` is what the seat of each run holds."""
    for order in orders:
        found = cast.get(order.run_id, "no seat")
        if found not in _SIDES or _SIDES[Action(found)] != order.side:
            expected = next((str(action) for action, side in _SIDES.items() if side == order.side), "none")
            yield Finding(
                rule=Rule.BALLOT,
                where=f"season {season}, {member}, order {order.id}",
                what=f"the ballot in run {order.run_id}",
                expected=expected,
                found=found,
            )


def out_of_order(sessions: Iterable[SessionRow]) -> Iterator[Finding]:
    """Yield sessions that closed no later than the one before; `sessions` are by season and day."""
    before: SessionRow | None = None
    for session in sessions:
        if before and before.season == session.season and session.closed_at <= before.closed_at:
            yield Finding(
                rule=Rule.SESSION,
                where=f"season {session.season}, session {session.session}",
                what="its close",
                expected=f"later than that of {before.session}",
                found="earlier or the same",
            )
        before = session


def misvalued(values: Iterable[ValueRow]) -> Iterator[Finding]:
    """Yield daily values that are not cash plus long minus short, or of a session that never was."""
    for row in values:
        where = f"season {row.season}, {row.member}, session {row.session}"
        total = row.cash_usd + row.long_usd - row.short_usd
        wrong: list[tuple[str, str, str]] = []
        if row.value_usd is not None and row.value_usd != total:
            wrong.append(("the value", in_usd(total), in_usd(row.value_usd)))
        if row.long_usd < 0 or row.short_usd < 0:
            sides = f"{in_usd(row.long_usd)} and {in_usd(row.short_usd)}"
            wrong.append(("the long and the short holdings", "worth 0 USD or more", sides))
        if not row.passed:
            wrong.append(("the session", "one that the season went through", "none of these"))
        for what, expected, found in wrong:
            yield Finding(rule=Rule.DAILY_VALUE, where=where, what=what, expected=expected, found=found)


def unbalanced(accounts: Iterable[SumsRow]) -> Iterator[Finding]:
    """Yield kept totals that are not what the database itself sums up from the ledger."""
    for row in accounts:
        for name, expected in row.summed.items():
            if (found := row.kept.get(name)) != expected:
                yield Finding(
                    rule=_WHICH.get(name, Rule.TOTALS),
                    where=f"season {row.season}, {row.member}",
                    what=name,
                    expected=_said(expected),
                    found=_said(found),
                )


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else str(value)
