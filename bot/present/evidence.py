"""The evidence of a run as a card, page by page."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.button import Button
from bot.evidence_buttons import Part, TurnEvidence, encode, opening
from bot.evidence_card import EvidenceCard, EvidenceItem
from bot.present import numbers, words
from bot.present.evidence_items import items_of, price_facts
from bot.present.origins import Origin, origins
from bot.present.paging import split
from core.domain.evidence import Evidence
from core.domain.evidence_items import EvidenceKind
from core.domain.run import RunRecord

MOST_ITEMS = 8
"""So many items stand on a page at most: more is a wall, however short they are."""
_LONGEST_TITLE = 300
_FRAME = 8
"""Signs that an item takes beside its texts."""
_NAMES = {
    Part.OVERVIEW: "Overview",
    Part.PRICES: "Prices",
    Part.NEWS: "News",
    Part.FUNDAMENTALS: "Fundamentals",
    Part.RATIOS: "Ratios",
    Part.SENTIMENT: "Sentiment",
    Part.MACRO: "Macro",
}
_KINDS = {
    Part.NEWS: EvidenceKind.NEWS,
    Part.FUNDAMENTALS: EvidenceKind.FUNDAMENTALS,
    Part.RATIOS: EvidenceKind.FUNDAMENTALS,
    Part.SENTIMENT: EvidenceKind.SENTIMENT,
    Part.MACRO: EvidenceKind.MACRO,
}
_WHERE_NONE = {
    Part.NEWS: "No news was given.",
    Part.FUNDAMENTALS: "No statements were given.",
    Part.RATIOS: "No ratios of the moment were given.",
    Part.SENTIMENT: "No posts and no scores were given.",
    Part.MACRO: "No figures of the economy were given.",
}


def evidence_button(record: RunRecord) -> Button:
    """Return the button that opens the evidence of a run."""
    return Button(label="Evidence", data=opening(record.run_id))


def evidence_card(
    evidence: Evidence, record: RunRecord, wish: TurnEvidence, page_size: int, zone: ZoneInfo
) -> EvidenceCard:
    """Return the page that `wish` names, or where its section has fewer pages, the last of them.

    Titles and texts of a page hold `page_size` signs together. Nothing of the pack is left out but the
    sessions before the last five; a prompt may hold less of it, by rules that are the same for all members.
    """
    part = wish.part
    pages = _pages(items_of(evidence, part, zone), page_size)
    number = min(max(wish.page, 1), len(pages))
    overview = part is Part.OVERVIEW
    first = number == 1
    prices = part is Part.PRICES and first
    return EvidenceCard(
        title=f"Evidence on {evidence.ticker}",
        subtitle=f"as of {numbers.moment(evidence.as_of, zone)} · the same for every member",
        section=_NAMES[part],
        position=f"page {number} of {len(pages)}" if len(pages) > 1 else "",
        sha256=evidence.sha256 if overview else "",
        facts=_identity(evidence) if overview else price_facts(evidence) if prices else (),
        origins=_origins(evidence) if overview else (),
        absences=_absences(evidence, part) if first else (),
        note="" if pages[0] else _WHERE_NONE.get(part, ""),
        items=pages[number - 1],
        footer=f"Run {record.run_id} · {words.PAPER}",
        caveat=evidence.caveat,
        section_buttons=_section_buttons(evidence, record, zone),
        page_buttons=_page_buttons(record, part, number, len(pages)),
    )


def _identity(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    known = evidence.identity
    currency = evidence.currency
    if evidence.converted_from:
        currency = f"{evidence.converted_from}, converted to {evidence.currency}"
    facts = [
        ("Name", known.name if known else ""),
        ("Kind", known.kind if known else ""),
        ("Exchange", known.exchange if known else ""),
        ("Currency", currency),
        ("Sector", known.sector if known else ""),
        ("Industry", known.industry if known else ""),
        ("Last price", numbers.price(evidence.price)),
    ]
    return tuple((label, value) for label, value in facts if value)


def _origins(evidence: Evidence) -> tuple[str, ...]:
    return tuple(_origin(one, evidence) for one in origins(evidence))


def _origin(one: Origin, evidence: Evidence) -> str:
    count, ratios = one.items, ""
    if one.kind == EvidenceKind.FUNDAMENTALS and evidence.snapshot and evidence.snapshot.vendor == one.vendor:
        count, ratios = count - 1, "ratios of the moment"
    match one.kind:
        case "prices":
            told = f"prices: {numbers.counted(count, 'session')}"
        case EvidenceKind.IDENTITY:
            told = "identity"
        case EvidenceKind.FUNDAMENTALS:
            told = "fundamentals: " + " and ".join(
                part for part in (numbers.counted(count, "statement") if count else "", ratios) if part
            )
        case kind:
            told = f"{kind}: {numbers.counted(count, 'item')}"
    return f"{told} from {one.vendor}"


def _absences(evidence: Evidence, part: Part) -> tuple[str, ...]:
    kind = _KINDS.get(part)
    found = [one for one in evidence.absences if part is Part.OVERVIEW or one.kind is kind]
    return tuple(f"{one.kind.value}: nothing from {one.vendor}, {one.reason}" for one in found)


def _pages(items: Sequence[EvidenceItem], page_size: int) -> list[tuple[EvidenceItem, ...]]:
    """Return the items in pages, at least one, which may be empty."""
    pages: list[list[EvidenceItem]] = [[]]
    room = page_size
    for item in (piece for one in items for piece in _pieces(one, page_size)):
        size = _size(item)
        if pages[-1] and (size > room or len(pages[-1]) == MOST_ITEMS):
            pages.append([])
            room = page_size
        pages[-1].append(item)
        room -= size
    return [tuple(page) for page in pages]


def _pieces(item: EvidenceItem, page_size: int) -> list[EvidenceItem]:
    """Return an item in pieces of which each fits on a page; a title that is too long goes on in the text."""
    if len(item.title) > _LONGEST_TITLE:
        title, *rest = split(item.title, _LONGEST_TITLE)
        text = "\n".join(["… " + " ".join(rest), item.text]).rstrip()
        item = item.model_copy(update={"title": f"{title} …", "text": text})
    taken = _size(item.model_copy(update={"text": ""}))
    texts = split(item.text, page_size, first=max(page_size - taken, 1))
    return [
        item.model_copy(update={"text": texts[0]}),
        *(EvidenceItem(title=item.title[:_LONGEST_TITLE], text=text) for text in texts[1:]),
    ]


def _size(item: EvidenceItem) -> int:
    """Return how many signs an item takes, its link included, which takes room in a message all the same."""
    return len(item.title) + len(item.detail) + len(item.text) + len(item.url or "") + _FRAME


def _section_buttons(evidence: Evidence, record: RunRecord, zone: ZoneInfo) -> tuple[Button, ...]:
    buttons = []
    for part in Part:
        counted = len(items_of(evidence, part, zone))
        count = f" ({counted})" if part in (Part.NEWS, Part.FUNDAMENTALS, Part.SENTIMENT, Part.MACRO) else ""
        buttons.append(Button(label=f"{_NAMES[part]}{count}", data=encode(TurnEvidence(record.run_id, part))))
    return tuple(buttons)


def _page_buttons(record: RunRecord, part: Part, number: int, of: int) -> tuple[Button, ...]:
    turns = [("◀ Back", number - 1)] if number > 1 else []
    turns += [("Next ▶", number + 1)] if number < of else []
    return tuple(
        Button(label=label, data=encode(TurnEvidence(record.run_id, part, page))) for label, page in turns
    )
