"""What is posted by itself, drawn for the terminal: digests, reviews, summaries and alerts."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.cards import AlertCard, PostedCard, SummaryCard, SummaryLine
from bot.cost_cards import HEADS, CostCard, cells_of, details_of
from bot.digest_cards import CallLine, DigestCard, HealthCard, Lines, ReviewCard
from bot.terminal_style import (
    COLOUR,
    NARROW,
    ballot,
    choices,
    flow,
    frame,
    grid,
    lines,
    pairs,
    room,
    say,
    table_of,
)

_ABOUT = 26
_INDENT = 2
_ALERT_COLOURS = {
    "stop": "red",
    "take_profit": "green",
    "flip": "yellow",
    "model_down": "red",
    "budget": "yellow",
    "season": "cyan",
    "key": "red",
    "route": "yellow",
}


def draw(card: PostedCard, width: int, numbered_from: int | None) -> RenderableType:
    """Return what rich prints; buttons get numbers from `numbered_from` on, or are left out."""
    inside = room(width)
    match card:
        case DigestCard():
            parts = [*_head(card), *_verdicts(card, inside), *map(_section, card.sections)]
            return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)
        case ReviewCard():
            parts = [*_head(card), *_judges(card, inside)]
            parts += [Group(say(title, "dim"), _calls(calls, inside)) for title, calls in card.calls]
            parts += map(_section, card.sections)
            return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)
        case SummaryCard():
            parts = [*_notes(card.note, card.caveat), *(_ticker(line, inside) for line in card.lines)]
            if numbered_from is not None and card.buttons:
                parts.append(choices(card.buttons, numbered_from, inside))
            return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)
        case HealthCard():
            parts = [*map(_section, card.sections)]
            return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)
        case CostCard():
            return _costs(card, width, numbered_from)
        case AlertCard():
            parts = [*_notes(None, card.caveat), say(card.text)]
            if numbered_from is not None and card.buttons:
                parts.append(choices(card.buttons, numbered_from, inside))
            colour = _ALERT_COLOURS[card.sign]
            return frame(parts, title=card.headline, foot=card.footer, colour=colour, width=width)


def _head(card: DigestCard | ReviewCard) -> list[RenderableType]:
    story = [say(card.story)] if card.story.strip() else []
    return [*_notes(card.note, card.caveat), *story]


def _costs(card: CostCard, width: int, numbered_from: int | None) -> RenderableType:
    inside = room(width)
    parts: list[RenderableType] = [*_notes(card.note, None), pairs(card.facts, 1 if width < NARROW else 2)]
    if card.left:
        parts.append(Group(say("Left today", "dim"), lines(card.left)))
    if card.rows:
        parts.append(Group(_cost_rows(card, inside), *_more(card.more)))
    parts += [say(line, "yellow") for line in card.notes]
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, inside))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _cost_rows(card: CostCard, inside: int) -> RenderableType:
    """Return one row a group, or where there is no room, its figures under its name."""
    rows = [(say(row.name, "bold"), *map(say, cells_of(row))) for row in card.rows]
    full = table_of((say(card.head).plain, *HEADS), rows, left=(0,), width=inside)
    if full is not None:
        return full
    stacked = grid(gap=0)
    stacked.add_row(say(card.head, "dim"))
    for row in card.rows:
        about = " · ".join((row.cost, *details_of(row)))
        stacked.add_row(say(row.name, "bold"))
        stacked.add_row(Padding(flow(say(about), inside - _INDENT), (0, 0, 0, _INDENT)))
    return stacked


def _notes(note: str | None, caveat: str | None) -> list[RenderableType]:
    return [say(text, "yellow") for text in (note, caveat) if text]


def _verdicts(card: DigestCard, inside: int) -> list[RenderableType]:
    if not card.verdicts and not card.verdicts_more:
        return []
    return [Group(say("Verdicts", "dim"), _calls(card.verdicts, inside), *_more(card.verdicts_more))]


def _calls(calls: Sequence[CallLine], inside: int) -> RenderableType:
    """Return one row a call, or where there is no room, its figures under its name."""
    rows = [(say(one.subject, "bold"), ballot(one.action), _earned(one), say(one.detail)) for one in calls]
    full = table_of(("", "", "", ""), rows, left=(0, 1, 3), width=inside, last_wraps_at=_ABOUT)
    if full is not None:
        return full
    stacked = grid(gap=0)
    for subject, action, earned, detail in rows:
        parts = [part for part in (action, earned, detail) if part.plain]
        stacked.add_row(subject)
        stacked.add_row(Padding(flow(Text(" · ").join(parts), inside - _INDENT), (0, 0, 0, _INDENT)))
    return stacked


def _earned(one: CallLine) -> Text:
    if one.good is None:
        return say(one.earned)
    return say(f"{'✓' if one.good else '✗'} {one.earned}", "green" if one.good else "red")


def _judges(card: ReviewCard, inside: int) -> list[RenderableType]:
    legend = [say(card.legend, "dim italic")] if card.legend.strip() else []
    if not card.judges:
        return [*legend]
    table = grid(gap=0)
    for one in card.judges:
        table.add_row(flow(Text.assemble(say(one.member, "bold"), " · ", say(one.verdict)), inside))
        for figure in one.figures:
            table.add_row(Padding(flow(say(figure, "dim"), inside - _INDENT), (0, 0, 0, _INDENT)))
    return [Group(say("Whom to trust", "dim"), table, *legend)]


def _ticker(line: SummaryLine, inside: int) -> RenderableType:
    style = f"bold {COLOUR[line.action]}" if line.action else "dim"
    head = Text.assemble(say(line.ticker, "bold"), " ", ballot(line.action) if line.action else "○ ")
    if not line.action or line.headline != line.action.value:
        head = Text.assemble(head, " " if line.action else "", say(line.headline, style))
    about = [flow(say(text), inside - _INDENT) for text in (line.detail, line.votes) if text]
    return Group(head, *(Padding(text, (0, 0, 0, _INDENT)) for text in about))


def _section(section: Lines) -> RenderableType:
    return Group(say(section.title, "dim"), lines(section.lines), *_more(section.more))


def _more(left_out: int) -> list[RenderableType]:
    return [say(f"and {left_out} more", "dim")] if left_out > 0 else []
