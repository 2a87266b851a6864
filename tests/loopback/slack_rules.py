"""What Slack refuses, as pure functions: Block Kit's limits, the sizes of messages and views, mentions.

Numbers are Slack's documented ones. Lengths are counted in UTF-16 units after `&`, `<` and `>` are escaped,
the strictest reading of "characters", except the size of all blocks, which is that of their JSON.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.loopback.slack_form_rules import (
    IN_FIELDS,
    IN_ROWS,
    element_errors,
    field_errors,
    plan_errors,
    surface_error,
)

Json = dict[str, Any]

MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_BLOCKS_TOTAL = 13_200
MAX_TEXT_SENT = 40_000
MAX_TEXT_UPDATED_BYTES = 4_000
MAX_VIEW_BYTES = 250_000
MAX_ID = 255

_TEXT_TYPES = {"plain_text", "mrkdwn"}
_BLOCKS = {"header", "section", "context", "divider", "actions", "rich_text", "image", "markdown", "table"}
_BLOCKS |= {"input", "plan"}
_RICH = {"rich_text_section", "rich_text_preformatted", "rich_text_list", "rich_text_quote"}
_PLAIN = {"static_select"}
_TEXTS = {"plain_text", "mrkdwn", "text", "link"}
_STYLES = {"bold", "italic", "strike", "code"}
_ALLOWED = {
    "header": {"text"},
    "section": {"text", "fields", "accessory", "expand"},
    "context": {"elements"},
    "divider": set(),
    "actions": {"elements"},
    "rich_text": {"elements"},
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "plan": {"title", "tasks"},
}
_FILE_ID = re.compile(r"F[A-Z0-9]{8,}")


def length(text: str) -> int:
    """Count as strictly as Slack may."""
    escaped = text if _is_escaped(text) else _escape(text)
    return len(escaped.encode("utf-16-le", "surrogatepass")) // 2


def _is_escaped(text: str) -> bool:
    return not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Check:
    def __init__(self) -> None:
        self.errors: list[str] = []

    def need(self, condition: bool, what: str, where: str) -> None:
        if not condition:
            self.errors.append(f"{what} [json-pointer:{where}]")

    def text(self, value: Any, limit: int, where: str, kinds: set[str] | None = None) -> None:
        if not isinstance(value, dict) or value.get("type") not in (kinds or _TEXT_TYPES):
            self.errors.append(f"must be a valid text object [json-pointer:{where}]")
            return
        known = {"type", "text", "emoji"} if value["type"] == "plain_text" else {"type", "text", "verbatim"}
        self.need(set(value) <= known, "no additional properties allowed", where)
        self.string(value.get("text"), limit, f"{where}/text")

    def string(self, value: Any, limit: int, where: str) -> None:
        if not isinstance(value, str) or not value.strip():
            self.errors.append(f"must be more than 0 characters [json-pointer:{where}]")
            return
        self.need(not re.search(r"[\ud800-\udfff\x00]", value), "must be valid UTF-8", where)
        self.need(length(value) <= limit, f"must be less than {limit + 1} characters", where)

    def element(self, value: Any, where: str, *, field: bool) -> None:
        _element(self, value, where, field=field)

    def identifier(self, value: Any, where: str) -> None:
        self.need(isinstance(value, str) and 0 < len(value) <= MAX_ID, "must be 1 to 255 characters", where)


def block_errors(blocks: Any, *, view: bool = False, at: str = "/blocks") -> list[str]:
    """Return every reason why Slack would refuse these blocks, as its `invalid_blocks` answer says it."""
    check = _Check()
    if not isinstance(blocks, list) or not blocks:
        return [f"must be a non-empty array [json-pointer:{at}]"]
    limit = MAX_VIEW_BLOCKS if view else MAX_MESSAGE_BLOCKS
    check.need(len(blocks) <= limit, f"no more than {limit} items allowed", at)
    seen_blocks: set[str] = set()
    seen_actions: set[str] = set()
    for place, block in enumerate(blocks):
        where = f"{at}/{place}"
        if not isinstance(block, dict) or block.get("type") not in _BLOCKS:
            check.errors.append(f"unsupported type [json-pointer:{where}/type]")
            continue
        if "block_id" in block:
            check.identifier(block["block_id"], f"{where}/block_id")
            check.need(block["block_id"] not in seen_blocks, "block_id already exists", where)
            seen_blocks.add(block["block_id"])
        allowed = _ALLOWED.get(block["type"])
        if allowed is None:
            check.errors.append(f"this loopback server does not know {block['type']} [json-pointer:{where}]")
            continue
        check.need(set(block) <= allowed | {"type", "block_id"}, "no additional properties allowed", where)
        _block(check, block, where, view=view)
        for element in _interactive(block):
            action = str(element.get("action_id"))
            check.need(action not in seen_actions, "action_id already exists", where)
            seen_actions.add(action)
    return check.errors


def _block(check: _Check, block: Json, where: str, *, view: bool) -> None:
    if block["type"] in {"input", "plan"}:
        (field_errors if block["type"] == "input" else plan_errors)(check, block, where, view=view)
        return
    if whole := {"section": _section, "image": _image}.get(block["type"]):
        whole(check, block, where)
        return
    match block["type"]:
        case "header":
            check.text(block.get("text"), 150, f"{where}/text", {"plain_text"})
        case "context":
            elements = _items(check, block, 10, where)
            for place, element in enumerate(elements):
                check.text(element, 3_000, f"{where}/elements/{place}")
        case "actions":
            for place, element in enumerate(_items(check, block, 25, where)):
                _element(check, element, f"{where}/elements/{place}")
        case "rich_text":
            for place, element in enumerate(_items(check, block, 1_000, where)):
                _rich(check, element, f"{where}/elements/{place}")


def _image(check: _Check, block: Json, where: str) -> None:
    check.string(block.get("alt_text"), 2_000, f"{where}/alt_text")
    if "title" in block:
        check.text(block["title"], 2_000, f"{where}/title", {"plain_text"})
    file = block.get("slack_file")
    check.need(("image_url" in block) != (file is not None), "must have image_url or slack_file", where)
    if file is not None:
        right = isinstance(file, dict) and set(file) == {"id"} and bool(_FILE_ID.fullmatch(str(file["id"])))
        check.need(right, "input must match regex pattern: ^[F][A-Z0-9]{8,}$", f"{where}/slack_file/id")


def _items(check: _Check, block: Json, limit: int, where: str) -> list[Any]:
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        check.errors.append(f"must have at least 1 item [json-pointer:{where}/elements]")
        return []
    check.need(len(elements) <= limit, f"no more than {limit} items allowed", f"{where}/elements")
    return elements


def _section(check: _Check, block: Json, where: str) -> None:
    check.need("text" in block or "fields" in block, "missing required field: text or fields", where)
    if "text" in block:
        check.text(block["text"], 3_000, f"{where}/text")
    fields = block.get("fields", [])
    check.need(
        "fields" not in block or 0 < len(fields) <= 10, "no more than 10 items allowed", f"{where}/fields"
    )
    for place, field in enumerate(fields):
        check.text(field, 2_000, f"{where}/fields/{place}")
    if "accessory" in block:
        _element(check, block["accessory"], f"{where}/accessory")


def _element(check: _Check, element: Any, where: str, *, field: bool = False) -> None:
    if isinstance(element, dict) and element.get("type") in (IN_FIELDS if field else IN_ROWS) - _PLAIN:
        element_errors(check, element, where, field=field)
        return
    if not isinstance(element, dict) or element.get("type") not in {"button", "static_select"}:
        check.errors.append(f"unsupported type [json-pointer:{where}/type]")
        return
    check.identifier(element.get("action_id"), f"{where}/action_id")
    if element["type"] == "button":
        check.text(element.get("text"), 75, f"{where}/text", {"plain_text"})
        check.string(element.get("value"), 2_000, f"{where}/value")
        known = {"type", "text", "action_id", "value", "style", "confirm", "url"}
        check.need(set(element) <= known, "no additional properties allowed", where)
        _style(check, element, where)
        if "url" in element:
            check.string(element["url"], 3_000, f"{where}/url")
        if "confirm" in element:
            _confirm(check, element["confirm"], f"{where}/confirm")
        return
    known = {"type", "action_id", "options", "placeholder", "initial_option", "confirm"}
    check.need(set(element) <= known, "no additional properties allowed", where)
    if "confirm" in element:
        _confirm(check, element["confirm"], f"{where}/confirm")
    if "placeholder" in element:
        check.text(element["placeholder"], 150, f"{where}/placeholder", {"plain_text"})
    options = element.get("options", [])
    check.need(0 < len(options) <= 100, "must have 1 to 100 items", f"{where}/options")
    for place, option in enumerate(options):
        check.text(option.get("text"), 75, f"{where}/options/{place}/text", {"plain_text"})
        check.string(option.get("value"), 150, f"{where}/options/{place}/value")
    initial = element.get("initial_option")
    check.need(initial is None or initial in options, "must be one of the options", f"{where}/initial_option")


def _style(check: _Check, thing: Json, where: str) -> None:
    known = thing.get("style", "primary") in {"primary", "danger"}
    check.need(known, 'must be "primary" or "danger"', f"{where}/style")


def _confirm(check: _Check, confirm: Any, where: str) -> None:
    if not isinstance(confirm, dict):
        check.errors.append(f"must be a valid confirm object [json-pointer:{where}]")
        return
    check.text(confirm.get("title"), 100, f"{where}/title", {"plain_text"})
    check.text(confirm.get("text"), 300, f"{where}/text")
    for name in ("confirm", "deny"):
        check.text(confirm.get(name), 30, f"{where}/{name}", {"plain_text"})
    _style(check, confirm, where)
    known = {"title", "text", "confirm", "deny", "style"}
    check.need(set(confirm) <= known, "no additional properties allowed", where)


def _rich(check: _Check, element: Any, where: str) -> None:
    if not isinstance(element, dict) or element.get("type") not in _RICH:
        check.errors.append(f"unsupported type [json-pointer:{where}/type]")
        return
    for place, part in enumerate(_items(check, element, 1_000, where)):
        at = f"{where}/elements/{place}"
        if element["type"] == "rich_text_list":
            _rich(check, part, at)
            continue
        if part.get("type") == "channel" and element["type"] == "rich_text_section":
            right = re.fullmatch(r"[CG][A-Z0-9]+", str(part.get("channel_id")), re.ASCII)
            check.need(bool(right), "must be a channel", f"{at}/channel_id")
            check.need(set(part) <= {"type", "channel_id", "style"}, "no additional properties allowed", at)
            continue
        if part.get("type") == "link" and element["type"] == "rich_text_section":
            _link(check, part, at)
            continue
        check.need(part.get("type") == "text", "unsupported type", at)
        check.need(
            isinstance(part.get("text"), str) and part["text"] != "", "must be more than 0 characters", at
        )
        check.need(not re.search(r"[\ud800-\udfff\x00]", part.get("text", "")), "must be valid UTF-8", at)
        style = part.get("style", {})
        check.need(set(style) <= _STYLES, "no additional properties allowed", f"{at}/style")
        check.need(
            element["type"] != "rich_text_preformatted" or not style, "no style allowed", f"{at}/style"
        )


def _link(check: _Check, part: Json, at: str) -> None:
    check.need(
        set(part) <= {"type", "url", "text", "unsafe", "style"}, "no additional properties allowed", at
    )
    check.string(part.get("url"), 3_000, f"{at}/url")
    check.need(
        bool(re.match(r"https?://[^\s<>]+$", str(part.get("url")))), "must be a valid URL", f"{at}/url"
    )
    if "text" in part:
        check.string(part["text"], 3_000, f"{at}/text")
    check.need(set(part.get("style", {})) <= _STYLES, "no additional properties allowed", f"{at}/style")


def blocks_size(blocks: Any) -> int:
    """Return the size that `msg_blocks_too_long` is about, as far as it is known: JSON in UTF-16 units."""
    text = json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def message_error(arguments: Json, *, update: bool = False) -> Json | None:
    """Return Slack's refusal of a message, or None where it would take it."""
    text, blocks = arguments.get("text"), arguments.get("blocks")
    if not text and not blocks:
        return {"error": "no_text"}
    if isinstance(text, str):
        escaped = text if _is_escaped(text) else _escape(text)
        if len(escaped) > MAX_TEXT_SENT or (update and len(escaped.encode()) > MAX_TEXT_UPDATED_BYTES):
            return {"error": "msg_too_long"}
    if blocks is None:
        return None
    errors = block_errors(blocks)
    if errors:
        return {"error": "invalid_blocks", "errors": errors, "response_metadata": {"messages": errors}}
    if blocks_size(blocks) > MAX_BLOCKS_TOTAL:
        return {"error": "msg_blocks_too_long"}
    return None


def view_error(view: Any, kind: str = "modal") -> Json | None:
    """Return Slack's refusal of a modal, or of a page where `kind` is `home`; None where it takes it."""
    wrong = surface_error(view, kind) if isinstance(view, dict) else "must be a view [json-pointer:/view]"
    if wrong:
        return {"error": "invalid_arguments", "errors": [wrong], "response_metadata": {"messages": [wrong]}}
    check = _Check()
    for name in ("title", "submit", "close"):
        if name in view or (name == "title" and kind == "modal"):
            check.text(view.get(name), 24, f"/view/{name}", {"plain_text"})
    check.need(len(view.get("private_metadata", "")) <= 3_000, "must be less than 3001 characters", "/view")
    check.need(
        len(view.get("callback_id", "")) <= MAX_ID, "must be less than 256 characters", "/view/callback_id"
    )
    errors = check.errors + block_errors(view.get("blocks"), view=True, at="/view/blocks")
    if errors:
        return {"error": "invalid_arguments", "errors": errors, "response_metadata": {"messages": errors}}
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        return {"error": "view_too_large"}
    return None


def _interactive(block: Json) -> Iterator[Json]:
    elements = block.get("elements", []) if block.get("type") == "actions" else []
    for element in [*elements, block.get("accessory"), block.get("element")]:
        if isinstance(element, dict) and "action_id" in element:
            yield element


def interactive(blocks: list[Json]) -> list[tuple[Json, Json]]:
    """Return each block with each of its elements that a person can press."""
    return [(block, element) for block in blocks for element in _interactive(block)]


def strings(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text that a person sees, with the kind of its object."""
    if isinstance(value, dict):
        if value.get("type") in {"plain_text", "mrkdwn", "text", "link"} and isinstance(
            value.get("text"), str
        ):
            yield value["type"], value["text"]
        elif value.get("type") in {"plan", "task_card"}:
            yield "plain_text", str(value.get("title"))
            yield from strings(value.get("tasks", []))
        else:
            for inner in value.values():
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


_NAMED = re.compile(r"<[!@#][^>]*>|@(?:channel|here|everyone|group)\b", re.IGNORECASE)
_LINKED = re.compile(r"<[a-z][a-z0-9+.-]*:[^>]*>|https?://|\bwww\.", re.IGNORECASE)


def notified(value: Any) -> list[str]:
    """Return what in a text, in blocks or in a view would call somebody or become a link."""
    texts = [value] if isinstance(value, str) else [text for _, text in strings(value)]
    return [found for text in texts for pattern in (_NAMED, _LINKED) for found in pattern.findall(text)]
