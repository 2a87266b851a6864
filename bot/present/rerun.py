"""The same evidence asked twice, in words; and what came of building prompts from a record."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.present import numbers, words
from bot.rerun_card import RerunCard, RerunCell, RerunLine
from core.domain.ballot import Abstention, Ballot, MemberResult
from core.domain.rebuilt import Mismatch, RebuiltMember, RebuiltRun
from core.domain.rerun import Rerun, RerunPlan, ThenAndNow
from core.domain.run import RunRecord, RunState

NOTHING = "–"
_MOST_NAMED = 5


def rerun_plan_sentence(plan: RerunPlan) -> str:
    """Say who is about to be asked, and what it will cost."""
    cost = "nobody knows what it costs" if plan.usd is None else f"about {numbers.cost(plan.usd)}"
    count = numbers.counted(len(plan.request.members), "member")
    left = f" No longer taking part, and not asked: {', '.join(plan.left_out)}." if plan.left_out else ""
    about = f"the evidence of run {plan.original.run_id} on {plan.original.ticker}"
    return f"Asking {count} about {about}, {plan.request.preset}: {cost}.{left}"


def rerun_card(found: Rerun, zone: ZoneInfo) -> RerunCard:
    """Return both runs beside each other: first as a whole, then member by member."""
    original, again = found.original, found.again
    return RerunCard(
        title=f"{original.ticker} asked again",
        subtitle=f"as of {numbers.moment(original.as_of, zone)}",
        lines=tuple(
            RerunLine(label=label, then=RerunCell(text=then), now=RerunCell(text=now))
            for label, then, now in _whole(original, again)
            if (then, now) != (NOTHING, NOTHING)
        ),
        members=tuple(
            RerunLine(label=one.member, then=_cell(one.then), now=_cell(one.now)) for one in found.members
        ),
        facts=tuple(_facts(found)),
        footer=f"Same evidence {numbers.short_hash(again.evidence_sha256)} · nothing traded · {words.PAPER}",
        caveat=again.caveat,
    )


def _whole(original: RunRecord, again: RunRecord) -> Iterator[tuple[str, str, str]]:
    def both(label: str, told: dict[str, str], other: dict[str, str]) -> tuple[str, str, str]:
        return label, told.get(label, NOTHING), other.get(label, NOTHING)

    then, now = _run(original), _run(again)
    for label in ("Run", "Preset", "Verdict", "Agreement", "Confidence", "Cost", "Tokens", "Time"):
        yield both(label, then, now)


def _run(record: RunRecord) -> dict[str, str]:
    told = {"Run": record.run_id, "Preset": record.preset.value, "Verdict": _verdict(record)}
    if record.verdict and record.verdict.decision:
        told["Agreement"] = numbers.percent(record.verdict.agreement)
        told["Confidence"] = numbers.percent(record.verdict.weighted_confidence)
    if record.tokens or record.cost_usd:
        told["Cost"] = words.cost_of(record.spend).removeprefix("cost ")
        told["Tokens"] = numbers.whole(record.tokens)
    if record.finished_at:
        told["Time"] = numbers.duration(record.latency_ms(record.finished_at))
    return told


def _verdict(record: RunRecord) -> str:
    if record.verdict and record.verdict.decision:
        return record.verdict.decision.value
    return "none" if record.state is RunState.FINISHED else record.state.value


def _cell(result: MemberResult | None) -> RerunCell:
    if isinstance(result, Ballot):
        return RerunCell(
            text=f"{numbers.percent(result.confidence)}\n{result.rating.value}", action=result.action
        )
    return RerunCell(text=NOTHING if result is None else "abstained")


def _facts(found: Rerun) -> Iterator[str]:
    then, now = _verdict(found.original), _verdict(found.again)
    yield f"The verdict is the same: {then}." if then == now else f"The verdict was {then}, and now is {now}."
    twice, flipped = len(found.asked_twice), found.flipped
    if flipped:
        who = ", ".join(_turn(one) for one in flipped)
        yield f"{len(flipped)} of {numbers.counted(twice, 'member')} with a ballot in both flipped: {who}."
    elif twice:
        yield f"Nobody flipped of {numbers.counted(twice, 'member')} with a ballot in both."
    for one in found.members:
        if isinstance(one.now, Abstention):
            yield f"{one.member} {words.abstained(one.now)}."
    seated = [{seat.member for seat in run.voters} for run in (found.original, found.again)]
    if new := [one.member for one in found.members if one.member not in seated[0]]:
        yield f"Not asked then: {', '.join(new)}."
    if gone := [one.member for one in found.members if one.member not in seated[1]]:
        yield f"Not asked now: {', '.join(gone)}."
    if found.roles_changed:
        yield "The role texts of the stages have changed in between."


def _turn(one: ThenAndNow) -> str:
    ballots = [result.action.value for result in (one.then, one.now) if isinstance(result, Ballot)]
    return f"{one.member} ({' to '.join(ballots)})"


def rebuilt_lines(found: RebuiltRun, zone: ZoneInfo) -> Iterator[str]:
    """Say of each member how many prompts were built again byte for byte, and where one was not."""
    yield (
        f"{found.ticker}, run {found.run_id} as of {numbers.moment(found.as_of, zone)}, evidence "
        f"{numbers.short_hash(found.evidence_sha256)}: {found.same} of {found.prompts} prompts are the same."
    )
    for one in found.members:
        yield f"- {_member(one)}"
    yield ""
    yield _conclusion(found)


def _member(one: RebuiltMember) -> str:
    count = f"{one.member}: {one.same} of {numbers.counted(one.prompts, 'prompt')} the same"
    named = [_mismatch(each) for each in one.mismatches[:_MOST_NAMED]]
    if more := len(one.mismatches) - len(named):
        named.append(f"and {more} more")
    return "; ".join([count, *named])


def _mismatch(one: Mismatch) -> str:
    where = words.stage_name(one.stage, one.round)
    match one.what:
        case "prompt":
            return f"the prompt of {where} differs from sign {numbers.whole(one.at or 1)} on"
        case "text":
            return f"the text of {where} is not that of its answer"
        case _:
            return f"the ballot is not that of its {where}"


def _conclusion(found: RebuiltRun) -> str:
    if not found.prompts:
        return "There is no prompt in the record: no stage was finished."
    if found.clean:
        return "Every prompt follows from the record, byte for byte."
    if found.roles_changed:
        return "The role texts have changed since this run, so its prompts cannot be the same."
    if not found.terms_kept and found.same < found.prompts:
        return (
            "This run is from before its settings were kept, so today's were taken; if they have changed, "
            "its prompts cannot be the same."
        )
    return "The record was changed after the run, or this version writes prompts in another way."
