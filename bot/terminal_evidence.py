"""A page of the evidence of a run drawn for the terminal; links stand there to be copied."""

from rich.console import Group, RenderableType

from bot.cards import Button
from bot.evidence_card import EvidenceCard, EvidenceItem
from bot.terminal_style import NARROW, choices, flow, frame, lines, pairs, room, say


def buttons_of(card: EvidenceCard) -> tuple[Button, ...]:
    """Return the buttons of a page in the order in which they are numbered."""
    return card.page_buttons + card.section_buttons


def evidence(card: EvidenceCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw a page of evidence."""
    inside = room(width)
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    parts.append(
        Group(say(card.section, "bold cyan"), *([say(card.position, "dim")] if card.position else []))
    )
    if card.facts:
        parts.append(pairs(card.facts, 1 if width < NARROW else 2))
    if card.origins:
        parts.append(lines(card.origins))
    if card.absences:
        parts.append(lines(card.absences, "yellow"))
    if card.note:
        parts.append(say(card.note, "dim"))
    parts += [_item(item, inside) for item in card.items]
    if card.sha256:
        parts.append(Group(say("SHA-256", "dim"), say(card.sha256)))
    if numbered_from is not None:
        if card.page_buttons:
            parts.append(choices(card.page_buttons, numbered_from, inside))
        if card.section_buttons:
            parts.append(choices(card.section_buttons, numbered_from + len(card.page_buttons), inside))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _item(item: EvidenceItem, width: int) -> RenderableType:
    told: list[RenderableType] = [say(item.title, "bold")] if item.title else []
    told += [flow(say(item.detail, "dim"), width)] if item.detail else []
    told += [say(item.text)] if item.text else []
    told += [say(item.url, "dim cyan")] if item.url else []
    return Group(*told)
