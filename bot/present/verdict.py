"""The end of a run as a card."""

from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.buttons import OpenReasoning, encode
from bot.cards import Button, DissentLine, MemberLine, VerdictCard
from bot.present import authors, numbers, words
from bot.present.trades import trade_lines
from core.domain.ballot import Abstention, Action, Ballot
from core.domain.member import Member, MemberKind
from core.domain.run import RunRecord, RunState, Seat
from core.domain.verdict import Verdict, WeightUsed

_WITHOUT_VERDICT = {
    RunState.FINISHED: ("No verdict", "The committee reached no verdict."),
    RunState.CANCELLED: ("Stopped", "The run was stopped; what was done is kept."),
    RunState.FAILED: ("Failed", "The run failed; what was done is kept."),
    RunState.RUNNING: ("Not finished", "This run still goes on."),
}


def verdict_card(record: RunRecord, members: Mapping[str, Member], zone: ZoneInfo) -> VerdictCard:
    """Return the card of a run. `members` tells by name which model each was asked to be."""
    verdict = record.verdict
    decision = verdict.decision if verdict else None
    headline, why_not = _WITHOUT_VERDICT[record.state]
    rule = verdict.rule if verdict else None
    return VerdictCard(
        ticker=record.ticker,
        headline=decision.value if decision else headline,
        decision=decision,
        rule=rule or (None if decision else record.reason or why_not),
        subtitle=f"{record.preset} · as of {numbers.moment(record.as_of, zone)}",
        facts=_facts(record, verdict),
        votes=_votes(verdict) if verdict and record.ballots else (),
        members=tuple(_member_line(seat, verdict, members) for seat in record.voters),
        followers=tuple(_follower_line(seat, record.state) for seat in record.followers),
        dissent=tuple(
            DissentLine(member=one.member, action=one.action, reason=one.reason)
            for one in (verdict.dissent if verdict else ())
        ),
        trades=trade_lines(record),
        footer=f"Run {record.run_id} · {words.PAPER}",
        caveat=" ".join(filter(None, (_asked_again(record), record.caveat))) or None,
        buttons=tuple(
            Button(label=seat.member, data=encode(OpenReasoning(record.run_id, seat.number)))
            for seat in record.voters
        ),
    )


def _asked_again(record: RunRecord) -> str | None:
    if record.rerun_of is None:
        return None
    return f"The evidence of run {record.rerun_of} asked again: nothing is traded."


def _facts(record: RunRecord, verdict: Verdict | None) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, str | None]] = []
    if verdict and verdict.decision:
        for_it = (
            f"{verdict.votes.get(verdict.decision, 0)} of {numbers.counted(len(record.ballots), 'ballot')}"
        )
        high = " · high consensus" if verdict.high_consensus else ""
        facts += [
            ("Agreement", f"{numbers.percent(verdict.agreement)} · {for_it}{high}"),
            ("Confidence", numbers.percent(verdict.weighted_confidence)),
            ("Risk", verdict.risk_level.value if verdict.risk_level else None),
            ("Stop loss", numbers.price(verdict.stop_loss) if verdict.stop_loss else None),
            ("Take profit", numbers.price(verdict.take_profit) if verdict.take_profit else None),
            ("Outliers", ", ".join(verdict.outliers) or None),
        ]
    if record.abstentions:
        facts.append(("Abstained", f"{len(record.abstentions)} of {len(record.voters)}"))
    if record.tokens or record.cost_usd:
        facts.append(
            ("Cost", f"{words.cost_of(record.spend).removeprefix('cost ')} · {numbers.tokens(record.tokens)}")
        )
    if record.finished_at:
        facts.append(("Time", numbers.duration(record.latency_ms(record.finished_at))))
    facts.append(("Evidence", f"{numbers.short_hash(record.evidence_sha256)} · {record.source} prices"))
    return tuple((label, value) for label, value in facts if value)


def _votes(verdict: Verdict) -> tuple[tuple[Action, int, float, str], ...]:
    rows = []
    for action in words.SCALE:
        share = verdict.weighted_votes.get(action, Decimal(0))
        rows.append((action, verdict.votes.get(action, 0), float(share), numbers.percent(share)))
    return tuple(rows)


def _member_line(seat: Seat, verdict: Verdict | None, members: Mapping[str, Member]) -> MemberLine:
    match seat.result:
        case Ballot() as ballot:
            used = _used(verdict, seat.member)
            parts = [_confidence(ballot, used)]
            if used and used.sample:
                weight = numbers.weight(round(used.weight, 2))
                parts.append(f"weight {weight} ({numbers.whole(used.sample)} settled)")
            if ballot.served_by:
                parts += [words.cost_of(ballot.spend), numbers.duration(ballot.latency_ms)]
            return MemberLine(
                member=seat.member,
                action=ballot.action,
                rating=ballot.rating.value,
                detail=" · ".join(parts),
                outlier=bool(verdict and seat.member in verdict.outliers),
                note=authors.note(
                    ballot, words.other_model(words.asked_of(members, seat.member), ballot.served_by)
                ),
            )
        case Abstention() as abstention:
            return MemberLine(member=seat.member, action=None, rating="", detail=words.abstained(abstention))
        case None:
            return MemberLine(member=seat.member, action=None, rating="", detail="no result")


def _used(verdict: Verdict | None, member: str) -> WeightUsed | None:
    return next((used for used in (verdict.weights if verdict else ()) if used.member == member), None)


def _confidence(ballot: Ballot, used: WeightUsed | None) -> str:
    stated = numbers.percent(ballot.confidence)
    if used is None or used.calibrated is None:
        return stated
    return f"{stated} (counts {numbers.percent(used.calibrated)})"


def _follower_line(seat: Seat, state: RunState) -> MemberLine:
    """Return the line of the committee, or of the crowd with the votes that made its ballot."""
    crowd = seat.kind == MemberKind.CROWD
    match seat.result:
        case Ballot() as ballot:
            votes = ballot.reasoning.rstrip(".") if crowd else ""
            detail = " · ".join(part for part in (numbers.percent(ballot.confidence), votes) if part)
            return MemberLine(
                member=seat.member, action=ballot.action, rating=ballot.rating.value, detail=detail
            )
        case Abstention() as abstention:
            detail = "nobody voted" if crowd else abstention.kind.value
        case None if state is RunState.RUNNING:
            detail = "the vote goes on" if crowd else "waits for the verdict"
        case None:
            detail = "no result"
    return MemberLine(member=seat.member, action=None, rating="", detail=detail)
