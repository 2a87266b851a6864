"""What Telegram accepts, as pure checks: written from its published limits, stricter where it is vague."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

MESSAGE_UNITS = 4096
CAPTION_UNITS = 1024
TOAST_UNITS = 200
RAW_BYTES = 32768
ENTITIES = 100
DATA_BYTES = 64
COPY_SIGNS = 256
PHOTO_SIDES = 10_000
PHOTO_RATIO = 20
BUTTONS = 100
BUTTONS_A_ROW = 8
COMMANDS = 100
PHOTO_BYTES = 10 * 1024 * 1024
FILE_BYTES = 50 * 1024 * 1024

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
VERBATIM = {"code", "pre"}
ACTIONS = ("url", "callback_data", "web_app", "login_url", "switch_inline_query", "copy_text", "pay")

_TAG = re.compile(r"<(/?)([a-zA-Z-]*)((?:\s[^<>]*)?)>")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")
# Every dotted word with letters at its end counts as a link here; Telegram knows which endings exist.
_LINKS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"(?:tg|ton|https?|ftp)://[^\s/]", re.IGNORECASE)),
    ("url", re.compile(r"[^\s./@]\.[^\W\d_]{2,}")),
    ("url", re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")),
)


class Refusal(Exception):
    """What the platform answers instead of doing as told."""

    def __init__(
        self,
        description: str,
        *,
        code: int = 400,
        parameters: dict[str, int] | None = None,
        fault: bool = True,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters
        self.fault = fault
        """Whether the caller sent something that it should never send (else the world changed)."""


@dataclass(frozen=True)
class Entity:
    kind: str
    offset: int
    length: int
    text: str


@dataclass(frozen=True)
class Parsed:
    text: str
    entities: tuple[Entity, ...] = ()

    def of(self, *kinds: str) -> list[str]:
        """The texts of the entities of these kinds."""
        return [entity.text for entity in self.entities if entity.kind in kinds]


@dataclass
class _Open:
    tag: str
    attributes: str
    start: int
    children: list[str] = field(default_factory=list)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_text(raw: str, parse_mode: str | None, limit: int = MESSAGE_UNITS) -> Parsed:
    """Return what people see, or refuse."""
    what = "message" if limit == MESSAGE_UNITS else "message caption"
    if raw == "" and limit == MESSAGE_UNITS:
        raise Refusal("Bad Request: message text is empty")
    try:
        size = len(raw.encode())
    except UnicodeEncodeError:
        raise Refusal("Bad Request: strings must be encoded in UTF-8") from None
    if size > RAW_BYTES:
        raise Refusal("Bad Request: text is too long")
    if parse_mode not in {None, "HTML"}:
        raise Refusal("Bad Request: unsupported parse_mode")
    parsed = parse_html(raw) if parse_mode == "HTML" else Parsed(raw)
    text = as_received(parsed.text)
    if not text.strip(" \n\u200b\u200c\u200d\u200e\u200f\ufeff\u00a0\u2800\ufffc") and limit == MESSAGE_UNITS:
        raise Refusal("Bad Request: text must be non-empty")
    if units(text) > limit:
        raise Refusal(f"Bad Request: {what} is too long")
    if len(parsed.entities) > ENTITIES:
        raise Refusal(f"Bad Request: {len(parsed.entities)} entities, of which Telegram keeps {ENTITIES}")
    return Parsed(text, (*parsed.entities, *_found(parsed)))


def as_received(text: str) -> str:
    """Return the text as Telegram keeps it: control signs become spaces, some signs vanish."""
    kept = re.sub("[\r\u2028-\u202e\u0333\u033f\u030a]", "", text)
    return re.sub("[\x00-\x09\x0b-\x1f]", " ", kept).strip(" \n")


def parse_html(raw: str) -> Parsed:
    """Return text and entities, or refuse anything that is not balanced, supported HTML."""
    text = ""
    entities: list[Entity] = []
    stack: list[_Open] = []
    position = 0
    while position < len(raw):
        if raw[position] != "<":
            end = raw.find("<", position)
            end = len(raw) if end < 0 else end
            text += _decoded(raw[position:end])
            position = end
            continue
        match = _TAG.match(raw, position)
        at = len(raw[:position].encode("utf-8", "surrogatepass"))
        if not match:
            raise _unparsed(f"Unclosed start tag at byte offset {at}")
        closing, tag, attributes = match[1], match[2].lower(), match[3].strip()
        if not closing:
            _check_start(tag, attributes, stack, at)
            stack.append(_Open(tag, attributes, units(text)))
        elif not stack:
            raise _unparsed(f"Unexpected end tag at byte offset {at}")
        else:
            opened = stack.pop()
            if opened.tag != tag:
                raise _unparsed(
                    f'Unmatched end tag at byte offset {at}, expected "</{opened.tag}>", found "</{tag}>"'
                )
            inside = text.encode("utf-16-le", "surrogatepass")[2 * opened.start :].decode(
                "utf-16-le", "replace"
            )
            if inside:
                kind = "expandable_blockquote" if opened.attributes == "expandable" else TAGS[tag]
                entities.append(Entity(kind, opened.start, units(inside), inside))
        position = match.end()
    if stack:
        raise _unparsed(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return Parsed(text, tuple(sorted(entities, key=lambda entity: entity.offset)))


def _check_start(tag: str, attributes: str, stack: list[_Open], at: int) -> None:
    if tag not in TAGS:
        raise _unparsed(f'Unsupported start tag "{tag}" at byte offset {at}')
    allowed = {
        "a": r"href=\"[^\"]+\"",
        "span": r"class=\"tg-spoiler\"",
        "code": r"(class=\"language-[^\"]+\")?",
        "tg-emoji": r"emoji-id=\"\d+\"",
        "blockquote": r"(expandable)?",
    }
    if not re.fullmatch(allowed.get(tag, ""), attributes):
        raise _unparsed(f'Wrong attributes "{attributes}" in the tag "{tag}" at byte offset {at}')
    around = [opened.tag for opened in stack]
    if VERBATIM & set(around) and not (tag == "code" and around[-1] == "pre"):
        raise _unparsed(f'The tag "{tag}" at byte offset {at} is lost inside verbatim text')
    if tag in around:
        raise _unparsed(f'The tag "{tag}" at byte offset {at} is nested in itself')


def _decoded(text: str) -> str:
    if re.search(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)", text):
        raise _unparsed(f"A bare & in {text[:40]!r}")
    return _ENTITY.sub(lambda match: unescape(match[0]), text)


def _unparsed(why: str) -> Refusal:
    return Refusal(f"Bad Request: can't parse entities: {why}")


def _found(parsed: Parsed) -> list[Entity]:
    """Return what Telegram links by itself, outside of verbatim text."""
    encoded = parsed.text.encode("utf-16-le", "surrogatepass")
    for entity in parsed.entities:
        if entity.kind in VERBATIM:
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            encoded = encoded[:start] + "\n".encode("utf-16-le") * entity.length + encoded[end:]
    text = encoded.decode("utf-16-le", "replace")
    return [
        Entity(kind, units(text[: match.start()]), units(match[0]), match[0])
        for kind, pattern in _LINKS
        for match in pattern.finditer(text)
    ]


def check_keyboard(markup: Any) -> list[list[dict[str, Any]]]:
    """Return the rows of an inline keyboard, or refuse."""
    if markup is None:
        return []
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refusal("Bad Request: can't parse reply keyboard markup JSON object")
    if sum(map(len, rows)) > BUTTONS or any(len(row) > BUTTONS_A_ROW for row in rows):
        raise Refusal("Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        label = button.get("text")
        if not isinstance(label, str) or not label.strip():
            raise Refusal("Bad Request: inline keyboard button text is empty")
        used = [action for action in ACTIONS if action in button]
        if len(used) != 1:
            raise Refusal("Bad Request: text buttons are unallowed in the inline keyboard")
        if button.get("style", "primary") not in {"danger", "success", "primary"}:
            raise Refusal("Bad Request: invalid button style specified")
        _check_action(used[0], button[used[0]])
        _utf8(label + str(button[used[0]]))
    return rows


def _check_action(action: str, value: Any) -> None:
    if action == "callback_data":
        if not 1 <= len(str(value).encode("utf-8", "surrogatepass")) <= DATA_BYTES:
            raise Refusal("Bad Request: BUTTON_DATA_INVALID")
    elif action == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= COPY_SIGNS:
            raise Refusal("Bad Request: BUTTON_COPY_TEXT_INVALID")
    elif action == "url":
        if not re.match(r"(?:https?|tg)://\S+$", str(value)):
            raise Refusal("Bad Request: BUTTON_URL_INVALID")
        if link := re.match(r"https?://t\.me/[^?]*\?(?:.*&)?start(?:group)?=([^&]*)", str(value)):
            check_start_payload(link[1])


def check_start_payload(payload: str) -> None:
    """Refuse what cannot stand behind `start=` in a link to a bot."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload):
        raise Refusal("Bad Request: START_PARAM_INVALID")


def photo_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG or a JPEG, or None where it is neither."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR" and len(content) >= 24:
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    place = 2 if content[:2] == b"\xff\xd8" else len(content)
    while place + 9 <= len(content) and content[place] == 0xFF:
        marker, size = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            return int.from_bytes(width), int.from_bytes(height)
        place += 2 + size
    return None


def check_photo(content: bytes) -> tuple[int, int]:
    """Return width and height of a picture, or refuse: a caller cannot know every rule, so it is no fault."""
    size = photo_size(content)
    if size is None or 0 in size:
        raise Refusal("Bad Request: IMAGE_PROCESS_FAILED", fault=False)
    if sum(size) > PHOTO_SIDES or max(size) > PHOTO_RATIO * min(size):
        raise Refusal("Bad Request: PHOTO_INVALID_DIMENSIONS", fault=False)
    return size


def check_toast(text: str) -> None:
    """Refuse the text of a callback answer that is too long."""
    _utf8(text)
    if units(text) > TOAST_UNITS:
        raise Refusal("Bad Request: MESSAGE_TOO_LONG")


def check_commands(commands: Any) -> list[tuple[str, str]]:
    """Return the menu of commands, or refuse."""
    if not isinstance(commands, list) or len(commands) > COMMANDS:
        raise Refusal("Bad Request: BOT_COMMANDS_TOO_MUCH")
    menu = [(str(entry.get("command")), str(entry.get("description"))) for entry in commands]
    for name, description in menu:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise Refusal("Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise Refusal("Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    return menu


def _utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refusal("Bad Request: strings must be encoded in UTF-8") from None
