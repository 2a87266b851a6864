"""One member's ModelChat, page by page."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.buttons import TurnTo, encode
from bot.cards import Button, Notice, ReasoningCard
from bot.present import authors, numbers, words
from bot.present.paging import split
from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot
from core.domain.member import Member
from core.domain.memory import REFLECTED_AT, Reflection
from core.domain.run import RunRecord
from core.domain.stage import ModelChat, Stage, StageRecord


@dataclass(frozen=True)
class Page:
    """One page of a ModelChat. `ordinal` is the stage's place among those finished; all count from 1."""

    stage: StageRecord
    ordinal: int
    number: int
    of: int
    body: str
    key_points: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


def pages(chat: ModelChat, page_size: int) -> tuple[Page, ...]:
    """Return all pages of a ModelChat in reading order.

    Body, key points and checks of a page hold `page_size` signs together. Key points that would fill more
    than a third of the first page stand in the running text instead, so that nothing is ever clamped away.
    Key points that the text has already, word for word, are left out. What the member
    wrote later about its ballot follows where it decided.
    """
    return tuple(
        page
        for ordinal, stage in enumerate(chat.stages, 1)
        for page in _stage_pages(stage, ordinal, page_size, chat.reflection)
    )


def _stage_pages(
    stage: StageRecord, ordinal: int, page_size: int, reflection: Reflection | None
) -> list[Page]:
    text = stage.output.strip()
    if reflection is not None and stage.stage is Stage.DECISION:
        text = f"{text}\n\n{_looking_back(reflection)}"
    points = _not_said(tuple(" ".join(point.split()) for point in stage.key_points if point.strip()), text)
    used = sum(len(point) + 2 for point in points)
    if used > page_size // 3:
        text = "\n\n".join([text, "\n".join(f"• {point}" for point in points)]).strip()
        points, used = (), 0
    checks = words.checks_of(stage.marks)
    used += sum(len(check) + 2 for check in checks)
    bodies = split(text, page_size, first=max(page_size - used, 1))
    return [
        Page(stage, ordinal, number, len(bodies), body, *((points, checks) if number == 1 else ((), ())))
        for number, body in enumerate(bodies, 1)
    ]


def _looking_back(reflection: Reflection) -> str:
    """Return what a member wrote about its ballot, with what had become of the instrument."""
    outcome = f"return {numbers.percent_change(reflection.return_ratio)}"
    if reflection.alpha is not None and reflection.action is not Action.HOLD:
        outcome += f", alpha {numbers.percent_change(reflection.alpha)}"
    return f"Looking back after {REFLECTED_AT} sessions ({outcome}): {reflection.text}"


def _not_said(points: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return the points that do not stand in the text word for word: nobody reads a line twice."""
    said = " ".join(text.split())
    return tuple(point for point in points if not re.search(rf"(?<![\w.,]){re.escape(point)}(?!\w)", said))


def page_at(book: tuple[Page, ...], ordinal: int, number: int) -> Page | None:
    """Return the page of a stage, or its nearest one where it has fewer; None where the stage is not."""
    of_stage = [page for page in book if page.ordinal == ordinal]
    return of_stage[min(max(number, 1), len(of_stage)) - 1] if of_stage else None


def page_of(book: tuple[Page, ...], stage: Stage | None) -> Page | None:
    """Return the first page of a stage; without a stage that of the last one, where the member decided."""
    wanted = stage or (book[-1].stage.stage if book else None)
    return next((page for page in book if page.stage.stage is wanted), None)


def reasoning_card(
    book: tuple[Page, ...],
    page: Page,
    *,
    record: RunRecord,
    chat: ModelChat,
    member: Member,
    zone: ZoneInfo,
) -> ReasoningCard:
    """Return `page` of `book` as a card with its buttons."""
    stages = len(chat.stages)
    position = f"stage {page.ordinal} of {stages}"
    return ReasoningCard(
        title=f"{chat.member} on {chat.ticker}",
        subtitle=f"{result_line(chat)} · as of {numbers.moment(chat.as_of, zone)}",
        stage=words.stage_title(*page.stage.step),
        position=position if page.of == 1 else f"{position} · page {page.number} of {page.of}",
        body=page.body,
        key_points=page.key_points,
        checks=page.checks,
        footer=_footer(page.stage, member),
        caveat=record.caveat,
        page_buttons=_page_buttons(book, page, member),
        stage_buttons=_stage_buttons(chat, member),
    )


def result_line(chat: ModelChat) -> str:
    """Say how a member's run ended: `BUY 72 % · Overweight`, or why it abstained."""
    match chat.result:
        case Ballot() as ballot:
            return f"{ballot.action} {numbers.percent(ballot.confidence)} · {ballot.rating}"
        case Abstention() as abstention:
            return words.abstained(abstention)
        case None:
            return "no result yet"


def nothing_to_read(chat: ModelChat, stage: Stage | None) -> Notice:
    """Say that a member left nothing to read, or not of this stage.

    Of one that followed the verdict or the votes, without any stage, the reason is all that there is.
    """
    match chat.result:
        case Ballot(reasoning=reason) if not chat.stages:
            return _followed(chat, f"{result_line(chat)}. {reason}")
        case Abstention(kind=AbstentionKind.NO_VERDICT | AbstentionKind.NO_VOTES):
            return _followed(chat, f"{result_line(chat)}.")
    if stage:
        what = f"did not reach the stage {words.stage_name(stage)}"
    else:
        what = "has no such page" if chat.stages else "finished no stage"
    return Notice(
        text=f"{chat.member} {what} in run {chat.run_id} on {chat.ticker}: {result_line(chat)}.",
        tone="warning",
    )


def _followed(chat: ModelChat, how: str) -> Notice:
    return Notice(text=f"{chat.member} in run {chat.run_id} on {chat.ticker}: {how}")


def _footer(stage: StageRecord, member: Member) -> str:
    if stage.served_by is None:
        return f"computed by a rule, no model · run {stage.run_id} · {words.PAPER}"
    first = words.asked_at(member, stage.stage)
    asked = f" instead of {first}" if words.other_model(first, stage.served_by) else ""
    if stage.from_cache:
        used = f"{authors.FROM_CACHE}, {numbers.usd(stage.spend.cost_usd)}"
    else:
        used = f"{words.tokens_of(stage.spend)} · {words.cost_of(stage.spend)}"
    return (
        f"answered by {stage.served_by}{asked} · {used} · {numbers.duration(stage.latency_ms)} · "
        f"run {stage.run_id} · {words.PAPER}"
    )


def _page_buttons(book: tuple[Page, ...], page: Page, member: Member) -> tuple[Button, ...]:
    at = book.index(page)
    buttons = []
    if at > 0:
        buttons.append(_button("◀ Back", book[at - 1], member))
    if at + 1 < len(book):
        buttons.append(_button("Next ▶", book[at + 1], member))
    return tuple(buttons)


def _stage_buttons(chat: ModelChat, member: Member) -> tuple[Button, ...]:
    return tuple(
        Button(
            label=words.stage_label(*stage.step),
            data=encode(TurnTo(chat.run_id, member.number, ordinal, 1)),
        )
        for ordinal, stage in enumerate(chat.stages, 1)
    )


def _button(label: str, page: Page, member: Member) -> Button:
    wish = TurnTo(page.stage.run_id, member.number, page.ordinal, page.number)
    return Button(label=label, data=encode(wish))
