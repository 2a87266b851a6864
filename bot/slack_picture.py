"""A picture as parts of a Slack message: the picture above, the same facts in words below it."""

from bot.cards import PictureCard
from bot.slack_blocks import ACTION_PREFIX, Block, Part, buttons, context, header, plain, sections
from bot.slack_text import clamp, clamp_bytes, harmless, one_line

MAX_ALT = 500
MAX_COMMENT_BYTES = 1_500
_MAX_LINE = 300
_MAX_WORDS = 2_600
MAX_TITLE = 150


def draw(card: PictureCard) -> list[Part]:
    """Return the parts below the picture; without it they tell the same."""
    told = "\n".join(f"• {clamp(one_line(line), _MAX_LINE)}" for line in card.caption if line.strip())
    return [
        Part(header(card.title)),
        *_parts(context(f"⚠️ {card.caveat}" if card.caveat else None)),
        *_parts(sections(clamp(told, _MAX_WORDS)), 2),
        *_parts(context(card.footer, card.stamp), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.picture")),
    ]


def image(card: PictureCard, file: str) -> Block:
    """Return the block that shows an uploaded file; its id is new with each file, as Slack wants it."""
    return {
        "type": "image",
        "block_id": f"picture-{file}",
        "slack_file": {"id": file},
        "alt_text": alt(card),
        "title": plain(one_line(card.title), MAX_TITLE),
    }


def alt(card: PictureCard) -> str:
    """Return what is to be seen, for who hears it."""
    return clamp(one_line(card.alt), MAX_ALT) or "A picture"


def comment(card: PictureCard) -> str:
    """Return the words for a picture that is shared as a file, escaped."""
    caveat = [f"⚠️ {card.caveat}"] if card.caveat else []
    lines = [card.title, *caveat, *card.caption, card.footer, card.stamp]
    told = "\n".join(clamp(one_line(line), _MAX_LINE) for line in lines if line.strip())
    return clamp_bytes(harmless(told), MAX_COMMENT_BYTES)


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]
