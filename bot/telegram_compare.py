"""Two members of a run as blocks of a Telegram message: one under the other, for narrow phones."""

from collections.abc import Sequence

from bot.cards import Button
from bot.compare_card import CompareCard
from bot.telegram_spans import Block, Line, after, bold, fixed, italic, plain, title, warning

_MOST = 12
NOTHING = "–"
"""What a column says where it has nothing: alone under a name, that line is left out."""
Drawn = tuple[list[Block], Sequence[Sequence[Button]]]


def compare(card: CompareCard) -> Drawn:
    """Draw a page of a comparison; each member stands whole under its name."""
    blocks: list[Block] = [
        [[title(card.title)], [italic(card.subtitle)], *warning(card.caveat)],
        [[bold(card.stage), *after(" · ", card.position)]],
        *(_side(card, place) for place in range(2)),
        [[fixed("= "), plain(fact)] for fact in card.facts[:_MOST]],
        [[italic(card.footer)]],
    ]
    return blocks, [card.open_buttons, card.page_buttons]


def _side(card: CompareCard, place: int) -> Block:
    told: Line = []
    for line in card.lines[:_MOST]:
        value = line.other if place else line.one
        if value == NOTHING:
            continue
        told += [*([fixed(" · ")] if told else []), plain(line.label), fixed(" "), bold(value)]
    points: Block = [[fixed("• "), plain(point)] for point in card.points[place][:_MOST]]
    return [[fixed("◆ "), bold(card.names[place])], told, *points]
