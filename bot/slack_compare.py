"""Two members beside each other as parts of a Slack message: two columns."""

from bot.compare_card import CompareCard
from bot.slack_blocks import ACTION_PREFIX, Block, Part, buttons, context, header, plain, rich, run
from bot.slack_text import clamp, one_line

_MAX_LINE = 400
_MAX_CELL = 600
_CELLS = 10


def compare(card: CompareCard) -> list[Part]:
    """Draw a page of a comparison; the whole of what each said is behind its button."""
    one, other = card.points
    rows = [
        card.names,
        *((_cell(line.label, line.one), _cell(line.label, line.other)) for line in card.lines),
    ]
    said = [(_point(one, place), _point(other, place)) for place in range(max(len(one), len(other)))]
    facts = [[run(f"• {_line(fact)}")] for fact in card.facts]
    return [
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_parts(context(f"⚠️ {card.caveat}" if card.caveat else None)),
        *_parts(rich([[run(_line(card.stage), bold=True), run(f"  {_line(card.position)}")]])),
        *_parts(_columns(rows), 1),
        *(Part(block, 2) for pair in said for block in _columns([pair])),
        *_parts(rich(facts), 1),
        *_parts(context(card.footer), 3),
        # One row always has room; more of them than any comparison needs go first.
        *(
            Part(row, 4 if at else 0)
            for at, row in enumerate(buttons(card.open_buttons, f"{ACTION_PREFIX}.open"))
        ),
        *_parts(buttons(card.page_buttons, f"{ACTION_PREFIX}.turn")),
    ]


def text_of(card: CompareCard) -> str:
    """Return what notifications and screen readers say."""
    return f"{card.title}. {card.stage}. " + " ".join(card.facts)


def _cell(label: str, value: str) -> str:
    return f"{label}: {value}"


def _point(points: tuple[str, ...], place: int) -> str:
    return f"• {points[place]}" if place < len(points) else ""


def _columns(rows: list[tuple[str, str]]) -> list[Block]:
    """Return pairs in two columns; what is not there is a dash."""
    cells = [plain(one_line(text), _MAX_CELL) for row in rows for text in row]
    return [
        {"type": "section", "fields": cells[start : start + _CELLS]} for start in range(0, len(cells), _CELLS)
    ]


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
