"""Two members of one run beside each other: their ballots first, then stage by stage.

Only facts are told of what they agree and differ in; nothing here reads meaning into what models wrote.
"""

from zoneinfo import ZoneInfo

from bot.buttons import OpenReasoning, encode
from bot.cards import Button
from bot.compare_card import CompareCard, ComparedLine
from bot.lookback_buttons import TurnCompared
from bot.lookback_buttons import encode as encode_page
from bot.present import authors, numbers, words
from bot.present.paging import split
from core.domain.ballot import Abstention, Ballot, MemberResult
from core.domain.member import Member
from core.domain.past import Compared
from core.domain.stage import ModelChat, Stage, StageRecord, Step

MOST_POINTS = 5
POINT = 220
"""Signs of one point, or of the first sentences of a stage without points."""
NOTHING = "–"
_LABELS = (
    "Ballot",
    "Rating",
    "Confidence",
    "Target",
    "Stop",
    "Take-profit",
    "Risk",
    "Sentiment",
    "Cost",
    "Time",
    "Answered by",
)
_ORDER = {stage: place for place, stage in enumerate(Stage)}


def steps_of(found: Compared) -> tuple[Step, ...]:
    """Return the stages that either has finished, in reading order."""
    steps = {stage.step for chat in found.chats for stage in chat.stages}
    return tuple(sorted(steps, key=lambda step: (_ORDER[step.stage], step.round)))


def compare_card(found: Compared, page: int, zone: ZoneInfo) -> CompareCard:
    """Return a page of a comparison; the first has the ballots, and one that is not there is the nearest."""
    record, steps = found.record, steps_of(found)
    pages = len(steps) + 1
    at = min(max(page, 1), pages)
    names = (found.members[0].name, found.members[1].name)
    step = steps[at - 2] if at > 1 else None
    lines, points, facts = _ballots(found) if step is None else _stage(found, step)
    return CompareCard(
        title=f"{names[0]} and {names[1]} on {record.ticker}",
        subtitle=f"run {record.run_id} · as of {numbers.moment(record.as_of, zone)}",
        stage=words.stage_title(*step) if step else "Ballots",
        position=f"page {at} of {pages}",
        names=names,
        lines=lines,
        points=points,
        facts=facts,
        footer=words.PAPER,
        caveat=record.caveat,
        open_buttons=_open_buttons(found, step),
        page_buttons=_page_buttons(found, at, steps),
    )


_Told = tuple[tuple[ComparedLine, ...], tuple[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]


def _ballots(found: Compared) -> _Told:
    one, other = (chat.result for chat in found.chats)
    said = [_short(_points(result), _reason(result)) for result in (one, other)]
    return _lines(_ballot(one), _ballot(other)), (said[0], said[1]), _agreement(found, one, other)


def _ballot(result: MemberResult | None) -> dict[str, str]:
    """Return what can be told of a result, by its label."""
    told = {"Ballot": _action(result)}
    if isinstance(result, Ballot):
        told |= {
            "Rating": result.rating.value,
            "Confidence": numbers.percent(result.confidence),
            "Risk": result.risk_level.value,
        }
        if result.target_weight is not None:
            told["Target"] = numbers.percent(result.target_weight)
        if result.stop_loss is not None:
            told["Stop"] = numbers.price(result.stop_loss)
        if result.take_profit is not None:
            told["Take-profit"] = numbers.price(result.take_profit)
        if result.served_by is not None:
            told["Answered by"] = authors.wrote(result.written_by) or str(result.served_by)
    if result is not None:
        told |= {"Cost": words.cost_of(result.spend), "Time": numbers.duration(result.latency_ms)}
    return told


def _stage(found: Compared, step: Step) -> _Told:
    one, other = (_at(chat, step) for chat in found.chats)
    facts = [
        f"{chat.member} did not finish this stage."
        for chat, stage in zip(found.chats, (one, other), strict=True)
        if stage is None
    ]
    if one and other and one.sentiment and other.sentiment:
        same = one.sentiment.strip().lower() == other.sentiment.strip().lower()
        facts.append("Both call the sentiment the same." if same else "They call the sentiment differently.")
    said = [_short(stage.key_points, stage.output) if stage else () for stage in (one, other)]
    return _lines(_figures(one), _figures(other)), (said[0], said[1]), tuple(facts)


def _figures(stage: StageRecord | None) -> dict[str, str]:
    """Return what can be told of a stage, by its label."""
    if stage is None:
        return {}
    told = {"Sentiment": stage.sentiment} if stage.sentiment else {}
    told["Answered by"] = str(stage.served_by or "a rule, no model")
    cost = authors.FROM_CACHE if stage.from_cache else words.cost_of(stage.spend)
    return told | {"Cost": cost, "Time": numbers.duration(stage.latency_ms)}


def _lines(one: dict[str, str], other: dict[str, str]) -> tuple[ComparedLine, ...]:
    labels = [label for label in _LABELS if label in one or label in other]
    return tuple(
        ComparedLine(label=label, one=one.get(label, NOTHING), other=other.get(label, NOTHING))
        for label in labels
    )


def _agreement(found: Compared, one: MemberResult | None, other: MemberResult | None) -> tuple[str, ...]:
    names = (found.members[0].name, found.members[1].name)
    facts = []
    if isinstance(one, Ballot) and isinstance(other, Ballot):
        if one.action is other.action:
            facts.append(f"Both say {one.action}.")
        else:
            facts.append(f"{names[0]} says {one.action}, {names[1]} {other.action}.")
        points = int((abs(one.confidence - other.confidence) * 100).to_integral_value())
        if points:
            surer = names[0] if one.confidence > other.confidence else names[1]
            facts.append(f"{surer} is surer by {numbers.counted(points, 'point')}.")
    facts += [
        f"{name}: {words.abstained(result)}."
        for name, result in zip(names, (one, other), strict=True)
        if isinstance(result, Abstention)
    ]
    verdict = found.record.verdict
    if verdict and verdict.decision:
        against = [name for name in names if name in verdict.outliers]
        stood = f"; {' and '.join(against)} stood against it" if against else ""
        facts.append(f"The verdict was {verdict.decision}{stood}.")
    return tuple(facts)


def _at(chat: ModelChat, step: Step) -> StageRecord | None:
    return next((stage for stage in chat.stages if stage.step == step), None)


def _action(result: MemberResult | None) -> str:
    if isinstance(result, Ballot):
        return result.action.value
    return NOTHING if result is None else f"abstained, {result.kind}"


def _points(result: MemberResult | None) -> tuple[str, ...]:
    return result.key_points if isinstance(result, Ballot) else ()


def _reason(result: MemberResult | None) -> str:
    if isinstance(result, Ballot):
        return result.reasoning
    return result.reason if result else ""


def _short(points: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the first points, or without any the first sentences of the text."""
    wanted = [" ".join(point.split()) for point in points if point.strip()][:MOST_POINTS]
    wanted = wanted or [" ".join(text.split())]
    return tuple(_cut(point) for point in wanted if point)


def _cut(text: str) -> str:
    first = split(text, POINT)[0]
    return first if len(first) == len(text) else f"{first} …"


def _open_buttons(found: Compared, step: Step | None) -> tuple[Button, ...]:
    buttons = []
    for member, chat in zip(found.members, found.chats, strict=True):
        if ordinal := _ordinal(chat, step):
            wish = OpenReasoning(found.record.run_id, member.number, ordinal)
            buttons.append(Button(label=f"Open {member.name}", data=encode(wish)))
    return tuple(buttons)


def _ordinal(chat: ModelChat, step: Step | None) -> int | None:
    """Return the place of a stage among those that a member finished, without one that of the last."""
    if step is None:
        return len(chat.stages) or None
    return next((place for place, stage in enumerate(chat.stages, 1) if stage.step == step), None)


def _page_buttons(found: Compared, at: int, steps: tuple[Step, ...]) -> tuple[Button, ...]:
    names = ["Ballots", *(words.stage_label(*step) for step in steps)]
    turns = [(f"◀ {names[at - 2]}", at - 1)] if at > 1 else []
    turns += [(f"{names[at]} ▶", at + 1)] if at < len(names) else []
    return tuple(
        Button(label=label, data=encode_page(_turn(found.record.run_id, found.members, page)))
        for label, page in turns
    )


def _turn(run_id: str, members: tuple[Member, Member], page: int) -> TurnCompared:
    return TurnCompared(run_id, members[0].number, members[1].number, page)
