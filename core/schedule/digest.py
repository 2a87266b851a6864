"""The digest as facts: what came of verdicts, who earned what, who disagreed, what moved. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from core.domain.actions import ActionKind, CorporateAction
from core.domain.ballot import AbstentionKind
from core.domain.bars import Mark, Quote
from core.domain.books import Fill, OrderCause
from core.domain.digest import Disagreement, Earning, Move, Trade, VerdictSoFar
from core.domain.member import MemberKind
from core.domain.run import RunRecord, RunState
from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import to_ratio
from core.market.calendar import Sessions


def begins(exchange: Sessions, until: datetime) -> datetime:
    """Return when a digest that ends at `until` begins: with the close before the last session's.

    So it is about one whole session of the arena's exchange, and all that came after it.
    """
    return exchange.back(exchange.last_closed(until).day, 1).closes


def total_return(before: Decimal, after: Decimal, actions: Iterable[CorporateAction]) -> Decimal:
    """Return what a share has made between two prices in USD, to four places, as a fraction.

    `actions` came into force in between: a split multiplies the shares, a dividend is kept as cash.
    """
    shares, cash = Decimal(1), Decimal(0)
    for action in sorted(actions, key=lambda one: (one.ex_date, one.kind is ActionKind.DIVIDEND)):
        if action.kind is ActionKind.SPLIT:
            shares *= action.value
        else:
            cash += shares * action.value
    return to_ratio((shares * after + cash) / before - 1)


def verdict_so_far(
    record: RunRecord, seen: Quote | None, mark: Mark | None, actions: Iterable[CorporateAction]
) -> VerdictSoFar | None:
    """Return the verdict of a finished run and what it has earned, or None where it decided nothing.

    `seen` is the price of its evidence, `mark` the newest price, which counts where it is the later one;
    `actions` came into force between the two.
    """
    verdict = record.verdict
    if verdict is None or verdict.decision is None:
        return None
    later = mark if mark and seen and mark.at > seen.at else None
    return VerdictSoFar(
        run_id=record.run_id,
        ticker=record.ticker,
        at=record.finished_at or record.started_at,
        decision=verdict.decision,
        agreement=verdict.agreement,
        confidence=verdict.weighted_confidence,
        price_then=seen.price if seen else None,
        price_now=later.price if later else None,
        return_ratio=total_return(seen.price, later.price, actions) if seen and later else None,
    )


def earnings(
    kinds: Mapping[str, MemberKind],
    before: Mapping[str, Decimal | None],
    after: Mapping[str, Decimal | None],
) -> tuple[Earning, ...]:
    """Return what each member has earned between two values in USD, the best first and the unknown last."""
    found = []
    for member, kind in kinds.items():
        start, end = before.get(member), after.get(member)
        change = None if start is None or end is None else end - start
        ratio = to_ratio(change / start) if change is not None and start else None
        found.append(Earning(member=member, kind=kind, value_usd=end, change_usd=change, change_ratio=ratio))
    return tuple(sorted(found, key=lambda one: (one.change_usd is None, -(one.change_usd or 0), one.member)))


def biggest_disagreement(records: Iterable[RunRecord]) -> Disagreement | None:
    """Return the verdict with the lowest agreement that somebody stood against; of equals the newest."""
    found: RunRecord | None = None
    for record in records:
        verdict = record.verdict
        if verdict is None or verdict.decision is None or not verdict.outliers:
            continue
        if found is None or found.verdict is None or verdict.agreement <= found.verdict.agreement:
            found = record
    if found is None or found.verdict is None or found.verdict.decision is None:
        return None
    verdict, cast = found.verdict, {ballot.member: ballot for ballot in found.ballots}
    against = [cast[name] for name in verdict.outliers if name in cast]
    reasons = {one.member: one for one in verdict.dissent}
    strongest = max(against, key=lambda one: one.confidence, default=None)
    return Disagreement(
        run_id=found.run_id,
        ticker=found.ticker,
        decision=found.verdict.decision,
        agreement=verdict.agreement,
        supporters=_supporters(found),
        against=tuple((ballot.member, ballot.action) for ballot in against),
        strongest=reasons.get(strongest.member) if strongest else None,
    )


def _supporters(record: RunRecord) -> tuple[str, ...]:
    decision = record.verdict.decision if record.verdict else None
    return tuple(ballot.member for ballot in record.ballots if ballot.action is decision)


def trades(filled: Iterable[tuple[Fill, OrderCause]]) -> tuple[Trade, ...]:
    """Return fills with what caused them, as they are told, the oldest first."""
    found = [
        Trade(
            member=fill.member,
            ticker=fill.ticker,
            side=fill.side,
            shares=fill.shares,
            price=fill.price,
            amount_usd=abs(fill.amount_usd),
            cause=cause,
            at=fill.filled_at,
        )
        for fill, cause in filled
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def movers(
    before: Mapping[str, Mark], after: Mapping[str, Mark], actions: Mapping[str, Sequence[CorporateAction]]
) -> tuple[Move, ...]:
    """Return how far each price has moved between two marks, the largest rise first.

    Only tickers with a mark at both ends, the second later than the first, have moved at all.
    """
    found = []
    for ticker, end in after.items():
        start = before.get(ticker)
        if start is None or end.at <= start.at:
            continue
        ratio = total_return(start.price, end.price, actions.get(ticker, ()))
        found.append(Move(ticker=ticker, price=end.price, ratio=ratio))
    return tuple(sorted(found, key=lambda one: (-one.ratio, one.ticker)))


def spent(records: Iterable[RunRecord]) -> Spend:
    """Return what the model calls of these runs used together."""
    return sum((record.spend for record in records), NOTHING_SPENT)


def abstentions(records: Iterable[RunRecord]) -> tuple[tuple[AbstentionKind, int], ...]:
    """Count who could have voted and did not, by kind, the most frequent first."""
    counts = Counter(one.kind for record in records for one in record.abstentions)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def undecided(records: Iterable[RunRecord]) -> int:
    """Count the finished runs that reached no verdict."""
    return sum(
        record.state is RunState.FINISHED and (record.verdict is None or record.verdict.decision is None)
        for record in records
    )


def broken(records: Iterable[RunRecord]) -> int:
    """Count the runs that ended without having finished."""
    return sum(record.state is not RunState.FINISHED for record in records)
