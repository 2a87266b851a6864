"""A page of the evidence of a run as blocks of a Telegram message: titles are links, without previews."""

import html
from collections.abc import Sequence

from bot.button import Button
from bot.evidence_card import EvidenceCard, EvidenceItem, web_address
from bot.telegram_spans import Block, Line, after, bold, fixed, italic, more, plain, title, warning
from bot.telegram_table import pairs
from bot.telegram_text import Span, one_line, paragraphs

_MOST = 30
_A_TABLE = 12
"""Facts in one table, which holds no more than a few of them."""
Drawn = tuple[list[Block], Sequence[Sequence[Button]]]


def evidence(card: EvidenceCard) -> Drawn:
    """Draw a page of evidence; a long hash is a line of its own, which a tap copies."""
    blocks: list[Block] = [
        [[title(card.title)], [italic(card.subtitle)], *warning(card.caveat)],
        [[bold(card.section), *after(" · ", card.position)]],
        *(
            [[Span("\n".join(pairs(card.facts[at : at + _A_TABLE])), "pre")]]
            for at in range(0, len(card.facts), _A_TABLE)
        ),
        _listed("", card.origins),
        _listed("Not there", card.absences),
        [[plain(card.note)]],
        *(_item(item) for item in card.items[:_MOST]),
        more(len(card.items) - _MOST),
        [[fixed("SHA-256"), fixed(" "), Span(one_line(card.sha256), "code")]] if card.sha256.strip() else [],
        [[italic(card.footer)]],
    ]
    return blocks, [card.page_buttons, card.section_buttons]


def _listed(head: str, texts: Sequence[str]) -> Block:
    if not texts:
        return []
    lines: Block = [[fixed("• "), plain(text)] for text in texts[:_MOST]]
    return [*([[fixed(head, "b")]] if head else []), *lines, *more(len(texts) - _MOST)]


def _item(item: EvidenceItem) -> Block:
    return [_headline(item), [italic(item.detail)], [Span(paragraphs(item.text))]]


def _headline(item: EvidenceItem) -> Line:
    url = web_address(item.url)
    if url is None:
        return [bold(item.title)]
    shown = one_line(item.title) or "Open the post"
    # The address goes into the markup, so it is never shortened; of its words as many stay as have room.
    return [Span(shown, f'a href="{html.escape(url, quote=True)}"')]
