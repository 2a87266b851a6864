"""The help as parts of a Slack message."""

from bot.cards import HelpCard
from bot.help_sections import sections as sections_of
from bot.slack_blocks import ACTION_PREFIX, Block, Part, buttons, context, header, rich, run, sections
from bot.slack_text import clamp, harmless, one_line, pieces

_MAX_INTRO = 5_000
_MAX_LINE = 400


def draw(card: HelpCard) -> list[Part]:
    """Draw the commands under the titles of their groups."""
    lines = []
    for title, commands in sections_of(card):
        lines += [[run(_line(title), bold=True)]] if title else []
        lines += [[run(_line(usage), code=True), run(f"  {_line(told)}")] for usage, told in commands]
    intro = pieces(clamp(harmless(card.intro), _MAX_INTRO), _MAX_INTRO)
    return [
        Part(header(card.title)),
        *_parts(sections("".join(intro)), 1),
        *_parts(rich(lines), 2),
        *_parts(context(card.footer), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.help")),
    ]


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
