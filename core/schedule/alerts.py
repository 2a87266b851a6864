"""What chats are told at once, found in what has just happened. Pure.

Each alert has a key that follows from the event alone, so that whoever finds it again finds the same one.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from core.domain.alert import Alert, AlertKind
from core.domain.ballot import Abstention, AbstentionKind, MemberResult
from core.domain.books import Fill, OrderCause
from core.domain.run import RunRecord
from core.domain.season import Season

DOWN_AFTER = 3
"""So many failures in a row, in different runs, make a member count as down."""
BUDGET_STEPS = (100, 80)
"""Percent of a budget at which chats are told, the most urgent first."""

_LEVELS = {OrderCause.STOP: AlertKind.STOP, OrderCause.TAKE_PROFIT: AlertKind.TAKE_PROFIT}
_FAILURES = {AbstentionKind.TIMEOUT, AbstentionKind.FAILED, AbstentionKind.BAD_ANSWER}
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def level_alerts(filled: Iterable[tuple[Fill, OrderCause]]) -> tuple[Alert, ...]:
    """Return one alert for each ticker, session and level that closed holdings, oldest first.

    Members are in the order of their fills. `price` is None where they did not all get the same one.
    """
    groups: dict[tuple[Season, str, date, AlertKind], list[Fill]] = {}
    for fill, cause in filled:
        if kind := _LEVELS.get(cause):
            groups.setdefault((fill.season, fill.ticker, fill.session, kind), []).append(fill)
    found = []
    for (season, ticker, session, kind), fills in groups.items():
        prices, runs = {fill.price for fill in fills}, {fill.run_id for fill in fills}
        found.append(
            Alert(
                key=f"alert:{kind}:{season}:{ticker}:{session.isoformat()}",
                kind=kind,
                at=min(fill.filled_at for fill in fills),
                season=season,
                members=tuple(dict.fromkeys(fill.member for fill in fills)),
                ticker=ticker,
                run_id=runs.pop() if len(runs) == 1 else None,
                price=prices.pop() if len(prices) == 1 else None,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.at, one.key)))


def flip_alert(previous: RunRecord | None, new: RunRecord, holders: Sequence[str]) -> Alert | None:
    """Return the alert that a verdict is another than the one before on a ticker that `holders` hold.

    `previous` is the finished run of the same ticker and season before `new`. Where one of them decided
    nothing, or `new` looks at an earlier moment, nothing has flipped.
    """
    before = previous.verdict.decision if previous and previous.verdict else None
    after = new.verdict.decision if new.verdict else None
    if not holders or before is None or after is None or before is after:
        return None
    if previous is None or (previous.ticker, previous.season) != (new.ticker, new.season):
        return None
    if new.as_of < previous.as_of:
        return None
    return Alert(
        key=f"alert:{AlertKind.FLIP}:{new.run_id}",
        kind=AlertKind.FLIP,
        at=new.finished_at or new.started_at,
        season=new.season,
        members=tuple(holders),
        ticker=new.ticker,
        run_id=new.run_id,
        before=before,
        after=after,
    )


def down_alerts(
    member: str, results: Sequence[tuple[str, MemberResult]], at: datetime, *, before: str | None = None
) -> tuple[Alert, ...]:
    """Return the alert that a member is down, if its newest results are `DOWN_AFTER` failures in a row.

    `results` are run ids and results of different runs, oldest first. The alert is named after the run that
    began the streak, so that a streak is told once. Where there are older results than these, `before` names
    them all, and a streak that no ballot here precedes: its first run is not known and must not name it.

    An abstention that says nothing about the model (its budget, missing data) neither counts nor ends one.
    """
    streak: list[tuple[str, Abstention]] = []
    for run_id, result in reversed(results):
        if not isinstance(result, Abstention):
            break
        if result.kind in _FAILURES:
            streak.append((run_id, result))
    if len(streak) < DOWN_AFTER:
        return ()
    newest, began = streak[0], streak[-1]
    heard = any(not isinstance(result, Abstention) for _, result in results)
    name = began[0] if heard or before is None else f"before:{before}"
    return (
        Alert(
            key=f"alert:{AlertKind.MODEL_DOWN}:{member}:{name}",
            kind=AlertKind.MODEL_DOWN,
            at=at,
            members=(member,),
            run_id=newest[0],
            reason=newest[1].reason or newest[1].kind.value,
        ),
    )


def budget_alerts(
    scope: str,
    spent_usd: Decimal,
    limit_usd: Decimal,
    day: date,
    at: datetime,
    *,
    chat: str | None = None,
) -> tuple[Alert, ...]:
    """Return the alert that a budget is used up, or else by 80 %; none below, nor for a limit of nothing.

    `scope` says in words whose budget it is, such as "today's budget" or "today's budget of the tier fast".
    `chat` is set where it is that of one chat, and nobody else's business.
    """
    if limit_usd <= 0:
        return ()
    percent = next((step for step in BUDGET_STEPS if spent_usd * 100 >= limit_usd * step), None)
    if percent is None:
        return ()
    name = _NOT_A_WORD.sub("-", f"{scope} {chat or ''}".lower()).strip("-")
    return (
        Alert(
            key=f"alert:{AlertKind.BUDGET}:{name}:{day.isoformat()}:{percent}",
            kind=AlertKind.BUDGET,
            at=at,
            percent=percent,
            limit_usd=limit_usd,
            reason=scope,
            chat=chat,
        ),
    )
