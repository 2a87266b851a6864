"""Blocks as the loopback Slack received them, drawn as a workspace shows them: our own look, no logos."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tests.gallery.page import page, picture, tag

Json = dict[str, Any]
WIDTH = 720
STYLE = Path(__file__).with_name("slack.css").read_text(encoding="utf-8")


class Look:
    """Draws blocks. `files` has the pictures by id, `names` the channels by id."""

    def __init__(self, files: Mapping[str, bytes], names: Mapping[str, str]) -> None:
        self._files = files
        self._names = names

    def blocks(self, blocks: Sequence[Json]) -> str:
        """Draw blocks one below the other."""
        return tag("div", "".join(self._block(block) for block in blocks), "blocks")

    def message(self, blocks: Sequence[Json]) -> str:
        """Draw a message of the app."""
        who = "<div class='who'>Conclave<em>APP</em></div>"
        return f"<div class='row'><i>C</i><div>{who}{self.blocks(blocks)}</div></div>"

    def person(self, name: str, text: str) -> str:
        """Draw what somebody wrote."""
        return (
            f"<div class='row'><i class='person'>{name[0]}</i><div><div class='who'>{escape(name)}</div>"
            f"{escape(text)}</div></div>"
        )

    def channel(self, title: str, *parts: str) -> str:
        """Draw a conversation."""
        return page(STYLE, f"<div class='bar'>{escape(title)}</div>{''.join(parts)}")

    def home(self, view: Json) -> str:
        """Draw the app's own page."""
        tabs = "<div class='tabs'><span>Home</span><span>Messages</span><span>About</span></div>"
        body = f"<div class='bar'>Conclave</div>{tabs}<div class='home'>{self.blocks(view['blocks'])}</div>"
        return page(STYLE, body)

    def modal(self, view: Json) -> str:
        """Draw a window."""
        close = view.get("close", {}).get("text", "Close")
        keys = [f"<span class='key'>{escape(close)}</span>"]
        if "submit" in view:
            keys.append(f"<span class='key primary'>{escape(view['submit']['text'])}</span>")
        top = f"<div class='top'>{escape(view['title']['text'])}<span>✕</span></div>"
        body = f"<div class='in'>{self.blocks(view['blocks'])}</div><div class='end'>{''.join(keys)}</div>"
        return page(STYLE, f"<div class='shade'><div class='modal'>{top}{body}</div></div>")

    def _block(self, block: Json) -> str:
        match block["type"]:
            case "header":
                return tag("h3", escape(block["text"]["text"]))
            case "divider":
                return "<hr>"
            case "section":
                return self._section(block)
            case "context":
                return tag("div", "<br>".join(map(_text, block["elements"])), "context")
            case "actions":
                return tag("div", "".join(map(_element, block["elements"])), "actions")
            case "rich_text":
                return "".join(map(self._rich, block["elements"]))
            case "image":
                return tag("div", picture(self._files[block["slack_file"]["id"]], block["alt_text"]), "image")
            case "input":
                return _input(block)
        raise AssertionError(f"no look for {block['type']}")

    def _section(self, block: Json) -> str:
        parts = []
        if "text" in block:
            parts.append(tag("div", _text(block["text"])))
        if "fields" in block:
            parts.append(tag("div", "".join(tag("div", _text(one)) for one in block["fields"]), "fields"))
        if "accessory" in block:
            parts.append(_element(block["accessory"]))
        return tag("div", "".join(parts), "section")

    def _rich(self, element: Json) -> str:
        inside = "".join(map(self._run, element["elements"]))
        kinds = {"rich_text_preformatted": "pre", "rich_text_quote": "blockquote", "rich_text_list": "ul"}
        return tag(kinds.get(element["type"], "div"), inside, "rich")

    def _run(self, element: Json) -> str:
        if element["type"] == "rich_text_section":
            return tag("li", "".join(map(self._run, element["elements"])))
        if element["type"] == "channel":
            return f"<span class='channel'>#{escape(self._names[element['channel_id']])}</span>"
        text = escape(element["text"])
        for style, name in (("bold", "b"), ("italic", "i"), ("strike", "s"), ("code", "code")):
            if element.get("style", {}).get(style):
                text = tag(name, text)
        return tag("a", text) if element["type"] == "link" else text


def _text(text: Json) -> str:
    """Return a text object as HTML; mrkdwn comes escaped, and of it our app uses bold and code alone."""
    if text["type"] != "mrkdwn":
        return escape(text["text"])
    shown = text["text"].replace("\u2060", "")
    shown = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", shown)
    return re.sub(r"(?<!\w)\*([^*\n]+)\*(?!\w)", r"<b>\1</b>", shown)


def _element(element: Json) -> str:
    if element["type"] == "button":
        return f"<span class='key {element.get('style', '')}'>{escape(element['text']['text'])}</span>"
    if element["type"] == "overflow":
        return "<span class='key'>…</span>"
    chosen = element.get("initial_option", {}).get("text") or element.get("placeholder") or {"text": ""}
    return f"<span class='menu'>{escape(chosen['text'])}</span>"


def _input(block: Json) -> str:
    element = block["element"]
    value = element.get("initial_value") or element.get("initial_date") or element.get("initial_time")
    if "initial_option" in element:
        value = element["initial_option"]["text"]["text"]
    empty = element.get("placeholder", {}).get("text", "")
    shown = escape(value) if value else f"<span class='empty'>{escape(empty)}</span>"
    mark = "" if element["type"] == "plain_text_input" else "<span>▾</span>"
    optional = " <em>(optional)</em>" if block.get("optional") else ""
    hint = tag("div", escape(block["hint"]["text"]), "hint") if "hint" in block else ""
    label = tag("label", escape(block["label"]["text"]) + optional)
    return f"<div class='input'>{label}<div class='box'>{shown}{mark}</div>{hint}</div>"
