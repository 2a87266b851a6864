"""Who is against a verdict and why, as lines of a Telegram message."""

from collections.abc import Sequence

from bot.cards import DissentLine
from bot.telegram_spans import Block, Line, after, fixed
from bot.telegram_text import Rank, Span, one_line

_LONG = 500
"""Signs of all reasons together beyond which they are folded, and a tap opens them."""


def lines(dissent: Sequence[DissentLine]) -> Block:
    """Return a line a member, as a quote that folds where they are long."""
    told = [f"◆ {one_line(line.member)} {line.action.value}: {one_line(line.reason)}" for line in dissent]
    if sum(map(len, told)) <= _LONG:
        return [_line(line) for line in dissent]
    return [[Span("\n".join(told), "blockquote expandable")]]


def _line(line: DissentLine) -> Line:
    return [
        fixed("◆ "),
        Span(one_line(line.member), "b", Rank.BODY),
        fixed(f" {line.action.value}"),
        *after(": ", line.reason),
    ]
