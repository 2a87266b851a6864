"""One model's answer drawn for the terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from bot.answer_card import AnswerCard
from bot.terminal_style import COLOUR, NARROW, SIGN, choices, frame, pairs, room, say


def answer(card: AnswerCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw the decision first, then who gave it and why it was asked, the reasoning, and the figures."""
    inside, narrow = room(width), width < NARROW
    colour = COLOUR[card.decision] if card.decision else "bright_black"
    sign = f"{SIGN[card.decision]} " if card.decision else ""
    badge = say(f"  {sign}{card.headline}  ", f"bold black on {colour}" if card.decision else "reverse")
    # Assembled, so that the colour ends with the word however wide the column is.
    parts: list[RenderableType] = [Text.assemble(badge)]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    parts.append(Group(say(card.model, "bold cyan"), say(card.why, "dim")))
    if card.body:
        parts.append(say(card.body))
    if card.notes:
        parts.append(Group(*(say(note, "magenta") for note in card.notes)))
    if card.facts:
        parts.append(pairs(card.facts, 1 if narrow else 2))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, inside))
    return frame(parts, title=card.ticker, after=card.subtitle, foot=card.footer, colour=colour, width=width)
