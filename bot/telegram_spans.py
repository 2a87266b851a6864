"""Pieces of a Telegram line: what is ours to say, and what is text from elsewhere."""

from bot.commands import REGISTRY
from bot.telegram_text import ELLIPSIS, Rank, Span, clean, cut, one_line, spoken

Line = list[Span]
Block = list[Line]

MAX_ROWS = 30
"""Lines of one kind in a message at most; what is left out is counted."""

TITLE_UNITS = 120

COMMANDS = tuple(command.name for command in REGISTRY)
"""What a tap may send."""


def fixed(text: str, tag: str = "") -> Span:
    """Return our own words, which are never shortened."""
    return Span(text, tag, Rank.FIXED)


def ours(text: str, tag: str = "") -> Span:
    """Return a sentence of ours, in which commands may be tapped."""
    return Span(spoken(" ".join(clean(text).split()), COMMANDS), tag)


def plain(text: str) -> Span:
    """Return text from elsewhere, in one line."""
    return Span(one_line(text))


def bold(text: str) -> Span:
    """Return text from elsewhere, in bold."""
    return Span(one_line(text), "b")


def title(text: str) -> Span:
    """Return a headline: of at most 120 units, and whatever else there is, never shorter than that."""
    return Span(cut(one_line(text), TITLE_UNITS), "b", Rank.FIXED)


def italic(text: str) -> Span:
    """Return text from elsewhere, in italics."""
    return Span(one_line(text), "i")


def after(sign: str, text: str) -> Line:
    """Return `text` behind a separating sign, or nothing when there is no text."""
    return [fixed(sign), plain(text)] if text.strip() else []


def warning(text: str | None) -> Block:
    """Return a warning in a line of its own, or nothing."""
    return [[fixed("⚠️ "), plain(text)]] if text else []


def more(left_out: int) -> Block:
    """Say how many lines were left out, if any were."""
    return [[fixed(f"{ELLIPSIS} and {left_out} more")]] if left_out > 0 else []
