"""A picture on the terminal, which shows none: its facts in words."""

from rich.console import RenderableType

from bot.cards import PictureCard
from bot.terminal_style import choices, frame, lines, room, say

_INSTEAD = "A terminal shows no pictures; this is what it tells. Telegram and Slack show it."


def draw(card: PictureCard, width: int, numbered_from: int | None) -> RenderableType:
    """Return what rich prints; buttons get numbers from `numbered_from` on, or are left out."""
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    if card.caption:
        parts.append(lines(card.caption))
    parts.append(say(_INSTEAD, "dim"))
    if card.stamp:
        parts.append(say(card.stamp, "dim"))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)
