"""One model's answer as a card, and all that was written to a question, page by page."""

from zoneinfo import ZoneInfo

from bot.answer_card import AnswerCard
from bot.ask_buttons import OpenAnswer, encode
from bot.button import Button
from bot.cards import ModelsCard, Notice, ReasoningCard
from bot.command_buttons import encode as encode_command
from bot.command_buttons import fits
from bot.present import numbers, words
from bot.present.reasoning import Page, pages
from core.domain.asking import Asked
from core.domain.ballot import Abstention, Ballot
from core.domain.routing import ArmReport, AskRecord, Interval, TestReport
from core.domain.stage import ModelChat

_CUT = "Target weight cut from "


def answer_card(asked: Asked, zone: ZoneInfo) -> AnswerCard:
    """Return the card of an answer."""
    result = asked.result
    committee = f"run {asked.ticker}"
    return AnswerCard(
        ticker=asked.ticker,
        headline=result.action.value if isinstance(result, Ballot) else "No answer",
        decision=result.action if isinstance(result, Ballot) else None,
        subtitle=f"one model · as of {numbers.moment(asked.as_of, zone)}",
        model=_model(asked),
        why=asked.routed.reason,
        facts=_facts(asked),
        body=result.reasoning if isinstance(result, Ballot) else words.abstained(result),
        notes=_notes(asked),
        footer=f"Question {asked.id} · no portfolio trades on it · {words.PAPER}",
        caveat=asked.caveat,
        buttons=(
            Button(label="Reasoning", data=encode(OpenAnswer(asked.id))),
            *(
                [Button(label="Run the whole committee", data=encode_command(committee, beside=True))]
                if fits(committee)
                else []
            ),
        ),
    )


def _model(asked: Asked) -> str:
    if asked.served_by is not None:
        return f"{asked.result.member} · {asked.served_by}"
    return f"{asked.result.member} · asked: {', '.join(asked.routed.route)}"


def _facts(asked: Asked) -> tuple[tuple[str, str], ...]:
    result = asked.result
    facts: list[tuple[str, str | None]] = []
    if isinstance(result, Ballot):
        weight = None if result.target_weight is None else numbers.ratio_percent(result.target_weight)
        facts = [
            ("Confidence", numbers.percent(result.confidence)),
            ("Rating", result.rating.value),
            ("Target", f"{weight} of equity" if weight else None),
            ("Stop loss", numbers.price(result.stop_loss) if result.stop_loss else None),
            ("Take profit", numbers.price(result.take_profit) if result.take_profit else None),
            ("Risk", result.risk_level.value),
            ("Horizon", result.horizon or None),
        ]
    if asked.spend.calls:
        cost = words.cost_of(asked.spend).removeprefix("cost ")
        facts.append(("Cost", f"{cost} · {numbers.tokens(asked.spend.tokens)}"))
    facts.append(("Time", numbers.duration(asked.latency_ms)))
    facts.append(("Evidence", f"{numbers.short_hash(asked.evidence_sha256)} · {asked.source} prices"))
    return tuple((label, value) for label, value in facts if value)


def _notes(asked: Asked) -> tuple[str, ...]:
    notes = []
    second = asked.confirmed_by
    if asked.disagreed:
        notes.append("Not confirmed: on an order of this value two models must agree, so it is HOLD.")
    elif asked.unsure:
        notes.append("Not sure enough: below the least confidence of a decision, so it is HOLD.")
    elif isinstance(asked.result, Ballot):
        if isinstance(second, Ballot):
            sure = numbers.percent(second.confidence)
            notes.append(f"Confirmed by {second.member}: {second.action} at {sure}.")
        notes += [point for point in asked.result.key_points if point.startswith(_CUT)]
    return tuple(notes)


def answer_page(record: AskRecord, number: int, page_size: int, zone: ZoneInfo) -> ReasoningCard | Notice:
    """Return a page of what was written to a question, or the nearest one; a notice where nothing was."""
    asked = record.asked
    chat = ModelChat(
        run_id=asked.id,
        ticker=asked.ticker,
        as_of=asked.as_of,
        member=asked.result.member,
        stages=record.stages,
        result=asked.result,
    )
    book = pages(chat, page_size)
    if not book:
        return Notice(text=f"Nothing was written to this question: {_said(asked)}.", tone="warning")
    at = min(max(number, 1), len(book)) - 1
    return _page(book, at, record, zone)


def _page(book: tuple[Page, ...], at: int, record: AskRecord, zone: ZoneInfo) -> ReasoningCard:
    asked, page = record.asked, book[at]
    stage = page.stage
    buttons = []
    if at > 0:
        buttons.append(_turn("◀ Back", asked.id, at))
    if at + 1 < len(book):
        buttons.append(_turn("Next ▶", asked.id, at + 2))
    told = [
        f"answered by {stage.served_by}" if stage.served_by else "",
        words.cost_of(stage.spend),
        numbers.duration(stage.latency_ms),
    ]
    return ReasoningCard(
        title=f"{stage.member} on {asked.ticker}",
        subtitle=f"{_said(asked)} · as of {numbers.moment(asked.as_of, zone)}",
        stage=words.stage_title(*stage.step),
        position=f"page {at + 1} of {len(book)}",
        body=page.body,
        key_points=page.key_points,
        checks=page.checks,
        footer=f"{' · '.join(filter(None, told))} · question {asked.id} · {words.PAPER}",
        caveat=asked.caveat,
        page_buttons=tuple(buttons),
    )


def _said(asked: Asked) -> str:
    match asked.result:
        case Ballot() as ballot:
            return f"{ballot.action} {numbers.percent(ballot.confidence)} · {ballot.rating}"
        case Abstention() as abstention:
            return words.abstained(abstention)


def _turn(label: str, question: str, page: int) -> Button:
    return Button(label=label, data=encode(OpenAnswer(question, page), turn=True))


def tests_card(tests: tuple[TestReport, ...]) -> ModelsCard | Notice:
    """Return how the tests of the routing stand, or that there are none."""
    if not tests:
        return Notice(text="There are no tests. Write one under [[routing.tests]] in the configuration.")
    lines: list[tuple[str, str]] = []
    for test in tests:
        told = " · ".join(test.clear) or "nothing is told apart yet"
        lines.append((test.name, f"{test.kind}{'' if test.enabled else ', switched off'} · {told}"))
        lines += [(f"{arm.arm}: {arm.stands_for}", _arm(arm)) for arm in test.arms]
    return ModelsCard(
        title="Tests of the routing",
        lines=tuple(lines),
        footer="In brackets the interval that holds the true value in 95 of 100 cases",
    )


def _arm(arm: ArmReport) -> str:
    told = [numbers.counted(arm.asked, "question")]
    if arm.answered is not None:
        share = arm.answered
        told.append(
            f"answered {numbers.percent(share.estimate)} "
            f"[{numbers.percent(share.low)} to {numbers.percent(share.high)}]"
        )
    if arm.cost_usd is not None:
        told.append(_between("cost", arm.cost_usd, cost=True))
    if arm.latency_ms is not None:
        told.append(_between("time", arm.latency_ms, cost=False))
    return " · ".join(told)


def _between(name: str, value: Interval, *, cost: bool) -> str:
    figures = (value.estimate, value.low, value.high)
    one, low, high = (numbers.cost(each) if cost else numbers.duration(int(each)) for each in figures)
    return f"{name} {one} [{low} to {high}]"
