"""What Telegram accepts as a rich message, from the published limits: which HTML, how much, how deep."""

from html.parser import HTMLParser
from typing import Any

from tests.loopback.telegram_rules import Entity, Parsed, Refusal, check_text

UNITS, BLOCKS, DEPTH, COLUMNS = 32_768, 500, 16, 20
_INLINE = {"b", "i", "u", "s", "code", "mark", "sub", "sup"}
_BLOCKS = {
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "table",
    "tr",
    "details",
    "ul",
    "ol",
    "li",
    "footer",
    "hr",
}
_OTHER = {"td", "th", "summary", "blockquote"}
_ATTRIBUTES = {
    "table": {"bordered", "striped"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "details": {"open"},
}
_INSIDE = {"tr": {"table"}, "td": {"tr"}, "th": {"tr"}, "li": {"ul", "ol"}, "summary": {"details"}}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.blocks = 0
        self.tables: list[list[int]] = []
        self.folded = 0
        self.stack: list[str] = []
        self.entities: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE | _BLOCKS | _OTHER:
            raise Refusal(f'Bad Request: can\'t parse entities: unsupported tag "{tag}"')
        if not {name for name, _ in attrs} <= _ATTRIBUTES.get(tag, set()):
            raise Refusal(f'Bad Request: can\'t parse entities: wrong attributes in the tag "{tag}"')
        if dict(attrs).get("align", "left") not in {"left", "center", "right"}:
            raise Refusal("Bad Request: can't parse entities: wrong alignment")
        around = self.stack[-1] if self.stack else ""
        if tag in _INSIDE and around not in _INSIDE[tag]:
            raise Refusal(f'Bad Request: can\'t parse entities: "{tag}" inside of "{around}"')
        self.stack.append(tag)
        if len(self.stack) > DEPTH:
            raise Refusal("Bad Request: rich message is nested too deeply")
        self.blocks += tag in _BLOCKS
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append(0)
        elif tag in {"td", "th"}:
            self.tables[-1][-1] += 1
        self.folded += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            raise Refusal(f'Bad Request: can\'t parse entities: unexpected end tag "{tag}"')
        if tag in _BLOCKS | {"td", "th", "summary"}:
            self.text += "\t" if tag in {"td", "th"} else "\n"

    def handle_data(self, data: str) -> None:
        self.text += data
        self.entities.append((self.stack[-1] if self.stack else "", data))


def check_rich(message: Any) -> tuple[Parsed, _Reader]:
    """Return what people see of a rich message, or refuse it."""
    if not isinstance(message, dict) or set(message) - {
        "html",
        "markdown",
        "skip_entity_detection",
        "is_rtl",
    }:
        raise Refusal("Bad Request: can't parse rich message JSON object")
    html = message.get("html", "")
    if ("html" in message) == ("markdown" in message) or not html.strip():
        raise Refusal("Bad Request: rich message must be non-empty", fault=bool(html))
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.stack:
        raise Refusal(f'Bad Request: can\'t parse entities: no end tag for "{reader.stack[-1]}"')
    if len(reader.text.encode("utf-16-le", "surrogatepass")) // 2 > UNITS:
        raise Refusal("Bad Request: rich message is too long")
    if reader.blocks > BLOCKS or any(max(rows, default=0) > COLUMNS for rows in reader.tables):
        raise Refusal("Bad Request: rich message has too many blocks or columns")
    if any(len(set(rows)) > 1 for rows in reader.tables):
        raise Refusal("Bad Request: rows of a table have different numbers of cells")
    found: tuple[Entity, ...] = ()
    if not message.get("skip_entity_detection"):
        found = tuple(e for e in check_text(reader.text[:4000], None).entities)
    return Parsed(reader.text.strip(), found), reader
