"""A picture's caption on Telegram: the same facts in words, as many as a caption holds."""

from collections.abc import Callable, Sequence

from bot.cards import PictureCard
from bot.telegram_spans import Block, Line, italic, more, plain, title, warning
from bot.telegram_text import CAPTION_UNITS, Rank, Span, fits, one_line

_FOLDED = 7
"""A caption of more lines is folded: under a picture it would push the chat away."""

Joined = Callable[[Sequence[Block]], Sequence[Span]]


def draw(card: PictureCard, joined: Joined) -> list[Block]:
    """Return the blocks of a caption; whole lines are left out at its end where it would be too long.

    `joined` returns the spans of blocks with the breaks between them.
    """
    lines = [text for text in map(one_line, card.caption) if text.strip()]
    for kept in range(len(lines), -1, -1):
        blocks = _blocks(card, lines[:kept], len(lines) - kept)
        if fits(joined(blocks), CAPTION_UNITS):
            return blocks
    return _blocks(card, [], len(lines))


def _blocks(card: PictureCard, lines: Sequence[str], left_out: int) -> list[Block]:
    tag = "blockquote expandable" if len(lines) > _FOLDED else ""
    body: list[Line] = [[Span("\n".join(lines), tag, Rank.BODY)]] if lines else []
    return [
        [[title(card.title)], *warning(card.caveat)],
        [*body, *more(left_out)],
        [[italic(card.footer)], *([[plain(card.stamp)]] if card.stamp else [])],
    ]
