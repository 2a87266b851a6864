"""A page of the evidence of a run as parts of a Slack message: titles are links, which unfurl nowhere."""

import hashlib

from bot.evidence_card import EvidenceCard, EvidenceItem, web_address
from bot.slack_blocks import (
    ACTION_PREFIX,
    Block,
    Element,
    Part,
    button,
    context,
    facts,
    header,
    rich,
    run,
    select,
)
from bot.slack_text import ELLIPSIS, clamp, harmless, one_line, pieces

_MAX_LINE = 400
_MAX_TITLE = 320
_MAX_TEXT = 3_000
"""Signs, more than an item of a page has: none from elsewhere can push the others out of a message."""
_PIECE = 2_400
_MOST_TURNS = 5


def evidence(card: EvidenceCard) -> list[Part]:
    """Draw a page of evidence; where a page is too large for a message, its last items go first."""
    told = [[run(_line(card.section), bold=True), run(f"  {_line(card.position)}")]]
    lists = [*_listed("", card.origins), *_listed("Not there", card.absences)]
    return [
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_parts(context(f"⚠️ {card.caveat}" if card.caveat else None)),
        *_parts(rich(told)),
        *_parts(facts(card.facts), 2),
        *_parts(rich(lists), 3),
        *_parts(rich([[run(_line(card.note))]] if card.note.strip() else []), 1),
        *(Part(_item(item), 4) for item in card.items),
        *_parts(
            rich([[run("SHA-256 "), run(_line(card.sha256), code=True)]] if card.sha256.strip() else []), 1
        ),
        *_parts(context(card.footer), 1),
        *_parts(_controls(card)),
    ]


def text_of(card: EvidenceCard) -> str:
    """Return what notifications and screen readers say."""
    titles = "; ".join(item.title or item.text for item in card.items)
    return " ".join(filter(None, (f"{card.title}, {card.section}.", *card.origins, card.note, titles)))


def _listed(head: str, texts: tuple[str, ...]) -> list[list[Element]]:
    lines = [[run(f"• {_line(text)}")] for text in texts]
    return [[run(head, bold=True)], *lines] if head and lines else lines


def _item(item: EvidenceItem) -> Block:
    """Return an item as one block: its title, linked where it can be, who told it and when, its text."""
    url = web_address(item.url)
    title, elements = _first(one_line(item.title), _MAX_TITLE), list[Element]()
    if url is not None:
        elements.append(
            {"type": "link", "url": url, "text": title or "Open the post", "style": {"bold": True}}
        )
    elif title:
        elements.append(run(title, bold=True))
    if item.detail.strip():
        elements.append(run(f"{_below(elements)}{_line(item.detail)}", italic=True))
    for place, piece in enumerate(pieces(_first(harmless(item.text).strip(), _MAX_TEXT), _PIECE)):
        elements.append(run(piece if place else f"{_below(elements)}{piece}"))
    elements = elements or [run(ELLIPSIS)]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _first(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most].rstrip() + ELLIPSIS


def _below(elements: list[Element]) -> str:
    return "\n" if elements else ""


def _controls(card: EvidenceCard) -> list[Block]:
    here = next(
        (one.label for one in card.section_buttons if one.label.startswith(card.section)), card.section
    )
    menu = select(card.section_buttons, f"{ACTION_PREFIX}.section", here)
    elements = [menu] if menu else []
    turns = card.page_buttons[:_MOST_TURNS]
    elements += [button(one, f"{ACTION_PREFIX}.leaf.{place}") for place, one in enumerate(turns)]
    # A menu keeps what a person chose as long as the id of its block stays.
    told = "\0".join([card.title, card.section, card.position])
    mark = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return [{"type": "actions", "block_id": f"part-{mark}", "elements": elements}] if elements else []


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
