"""Block Kit, as far as Conclave's cards need it, inside every limit that Slack sets.

Text goes in as plain text or rich text elements, which have no markup that model text could use.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cards import Button
from bot.presses import is_dangerous
from bot.slack_text import ELLIPSIS, clamp, harmless, literal, one_line, pieces

Block = dict[str, Any]
Element = dict[str, Any]

ACTION_PREFIX = "conclave"
"""How the ids of all our buttons begin."""
MAX_BLOCKS = 50
MAX_TOTAL = 12_000
MAX_SECTION = 3_000
MAX_HEADER = 150
MAX_FIELDS = 10
MAX_FIELD = 600
MAX_CONTEXT = 300
MAX_RICH = 2_500
MAX_BUTTONS = 25
MAX_LABEL = 75
MAX_VALUE = 2_000
MAX_OPTIONS = 100
MAX_OPTION_VALUE = 150
MAX_SELECT_TOTAL = 3_500

NOTHING = "–"


@dataclass(frozen=True)
class Part:
    """A block with its rank: 0 always stays; where a card is too large, the highest rank goes first."""

    block: Block
    rank: int = 0


def plain(text: str, limit: int) -> Element:
    """Return a plain_text object of at most `limit` units; a text without a sign becomes a dash."""
    shown = clamp(harmless(text), limit)
    return {"type": "plain_text", "text": shown if shown.strip() else NOTHING, "emoji": False}


def header(text: str) -> Block:
    """Return a headline of one line."""
    return {"type": "header", "text": plain(one_line(text), MAX_HEADER)}


def sections(text: str) -> list[Block]:
    """Return the whole text as plain sections that are never folded."""
    return [
        {"type": "section", "text": {"type": "plain_text", "text": piece, "emoji": False}, "expand": True}
        for piece in pieces(harmless(text), MAX_SECTION)
    ]


def context(*texts: str | None) -> list[Block]:
    """Return a small grey line made of the texts that are there, or no block."""
    there = [text for text in texts if text and text.strip()]
    return (
        [{"type": "context", "elements": [plain(text, MAX_CONTEXT) for text in there[:10]]}] if there else []
    )


def facts(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Return labels and values in two columns."""
    fields = [
        {"type": "mrkdwn", "text": f"*{_short(label)}*  {_short(value)}", "verbatim": True}
        for label, value in pairs
    ]
    return [
        {"type": "section", "fields": fields[start : start + MAX_FIELDS]}
        for start in range(0, len(fields), MAX_FIELDS)
    ]


def _short(text: str) -> str:
    # Markup signs grow by two joiners each, so the cut must come first and leave room for that.
    return literal(clamp(one_line(text), MAX_FIELD // 3)) or NOTHING


def divider() -> Block:
    """Return a thin line."""
    return {"type": "divider"}


def run(text: str, *, bold: bool = False, italic: bool = False, code: bool = False) -> Element:
    """Return a rich text element that shows `text` as it is."""
    element: Element = {"type": "text", "text": clamp(harmless(text), MAX_RICH) or NOTHING}
    style = {name: True for name, on in (("bold", bold), ("italic", italic), ("code", code)) if on}
    return element | ({"style": style} if style else {})


def rich(lines: Iterable[Sequence[Element]]) -> list[Block]:
    """Return lines of rich text as few blocks of moderate size, so that a few can be dropped."""
    blocks: list[Block] = []
    elements: list[Element] = []
    size = 0
    for line in lines:
        length = sum(len(element["text"]) for element in line)
        if elements and size + length > MAX_RICH:
            blocks.append(_rich_block("rich_text_section", elements))
            elements, size = [], 0
        if elements:
            elements[-1] = elements[-1] | {"text": elements[-1]["text"] + "\n"}
        for element in line:
            _append(elements, element)
        size += length
    return [*blocks, _rich_block("rich_text_section", elements)] if elements else blocks


def _append(elements: list[Element], element: Element) -> None:
    """Add an element, to the last one where both look alike: every element costs room in the message."""
    if elements and elements[-1].get("style") == element.get("style"):
        elements[-1] = elements[-1] | {"text": elements[-1]["text"] + element["text"]}
    else:
        elements.append(element)


def preformatted(rows: Iterable[str]) -> list[Block]:
    """Return lines in a fixed pitch, a block each 2,500 signs."""
    found = pieces("\n".join(harmless(row) for row in rows), MAX_RICH)
    return [
        _rich_block("rich_text_preformatted", [{"type": "text", "text": piece.rstrip("\n")}])
        for piece in found
    ]


def _rich_block(kind: str, elements: list[Element]) -> Block:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": elements}]}


def button(button: Button, action_id: str) -> Element:
    """Return a button that sends the button's data."""
    drawn = {
        "type": "button",
        "text": plain(one_line(button.label), MAX_LABEL),
        "action_id": action_id,
        "value": clamp(button.data, MAX_VALUE),
    }
    return drawn | ({"style": "danger"} if is_dangerous(button.data) else {})


def buttons(wanted: Sequence[Button], prefix: str) -> list[Block]:
    """Return rows of buttons; action ids are the prefix and the place of the button."""
    made = [button(one, f"{prefix}.{place}") for place, one in enumerate(wanted)]
    return [
        {"type": "actions", "elements": made[start : start + MAX_BUTTONS]}
        for start in range(0, len(made), MAX_BUTTONS)
    ]


def select(
    wanted: Sequence[Button], action_id: str, placeholder: str, room: int = MAX_SELECT_TOTAL
) -> Element | None:
    """Return a menu of the buttons that have room, or None where there is nothing to choose."""
    options: list[Element] = []
    for one in wanted[:MAX_OPTIONS]:
        text = plain(one_line(one.label), MAX_LABEL)
        option = {"text": text, "value": clamp(one.data, MAX_OPTION_VALUE)}
        room -= weight(option)
        if room < 0:
            break
        options.append(option)
    if not options:
        return None
    menu: Element = {"type": "static_select", "action_id": action_id, "options": options}
    shown = plain(one_line(placeholder), MAX_LABEL)
    menu["placeholder"] = shown
    current = [option for option in options if option["text"]["text"] == shown["text"]]
    return menu | ({"initial_option": current[0]} if current else {})


def weight(value: Any) -> int:
    """Return the size of a block as Slack's limit for a whole message seems to count it: JSON, UTF-16."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(parts: Sequence[Part], most: int = MAX_BLOCKS, total: int = MAX_TOTAL) -> list[Block]:
    """Return the blocks with unique ids, without those of the highest ranks where there are too many.

    `most` is how many blocks may stay, `total` how large they may be together; the defaults are a message's.

    A line at the end says where something was left out.
    """
    kept, weights = list(parts), [weight(part.block) + _ID_ROOM for part in parts]
    cut = False
    while kept and _too_much(weights, most, total, cut=cut):
        worst = max(part.rank for part in kept)
        if worst == 0:
            break
        last = max(place for place, part in enumerate(kept) if part.rank == worst)
        del kept[last], weights[last]
        cut = True
    blocks = [part.block for part in kept] + ([_LEFT_OUT] if cut else [])
    return [block | {"block_id": block.get("block_id", f"b{place}")} for place, block in enumerate(blocks)]


_LEFT_OUT: Block = {
    "type": "context",
    "elements": [plain(f"{ELLIPSIS} shortened to fit into one message", 100)],
}
_ID_ROOM = 30


def fits(parts: Sequence[Part]) -> bool:
    """Say whether all the blocks have room in one message."""
    return not _too_much([weight(part.block) + _ID_ROOM for part in parts], MAX_BLOCKS, MAX_TOTAL, cut=False)


def _too_much(weights: Sequence[int], most: int, total: int, *, cut: bool) -> bool:
    spare = weight(_LEFT_OUT) + _ID_ROOM if cut else 0
    return len(weights) + (1 if cut else 0) > most or sum(weights) + spare > total
