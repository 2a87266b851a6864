"""Messages as the loopback Telegram received them, drawn as a phone shows a chat: our own look, no logos."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.gallery.page import page, picture, tag
from tests.loopback.telegram_inline import Article
from tests.loopback.telegram_rules import CAPTION_UNITS, check_text
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown

WIDTH = 360
STYLE = Path(__file__).with_name("telegram.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Seen:
    """A message of the bot as it was sent: its HTML, its rows of buttons, its picture."""

    html: str
    rows: tuple[tuple[str, ...], ...]
    photo: bytes | None = None
    rich: bool = False
    reply_to: str = ""
    via: str = ""
    unfolded: bool = False


def seen(server: TelegramServer, shown: Shown, *, reply_to: str = "") -> Seen:
    """Take a message as it looks now, with the HTML in which it came."""
    rows = tuple(tuple(button["text"] for button in row) for row in shown.buttons)
    photo = shown.file[1] if shown.file else None
    if shown.rich:
        return Seen(shown.rich, rows, photo, rich=True, reply_to=reply_to)
    return Seen(_sent(server, shown), rows, photo, reply_to=reply_to)


def inserted(article: Article, html: str, *, via: str) -> Seen:
    """Take what somebody put into a chat."""
    rows = tuple(tuple(button["text"] for button in row) for row in article.buttons)
    return Seen(html, rows, via=via)


def _sent(server: TelegramServer, shown: Shown) -> str:
    """Return the HTML of the newest call that made the message look as it does."""
    for call in reversed(server.calls):
        media = call.params.get("media")
        raw = call.params.get("text") or call.params.get("caption") or ""
        raw = str(media.get("caption", "")) if isinstance(media, dict) else str(raw)
        if call.status != 200 or not raw:
            continue
        limit = {} if call.params.get("text") else {"limit": CAPTION_UNITS}
        if check_text(raw, "HTML", **limit).text == shown.text:
            return raw
    raise AssertionError(f"no call made {shown.text[:60]!r}")


def _keys(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = (tag("div", "".join(tag("span", escape(label)) for label in row)) for row in rows)
    return tag("div", "".join(lines), "keys")


def _folded(html: str) -> str:
    """Return the HTML with the quotes that can be unfolded as three lines and a sign."""
    start, end = "<blockquote expandable>", "</blockquote>"
    pieces = html.split(start)
    for place, piece in enumerate(pieces[1:], 1):
        quoted, _, rest = piece.partition(end)
        shown = tag("div", quoted, "folded") + tag("div", "⌄", "more")
        pieces[place] = f"<blockquote>{shown}{end}{rest}"
    return "".join(pieces)


def bubble(message: Seen) -> str:
    """Draw one message of the bot."""
    html = message.html if message.unfolded else _folded(message.html)
    # Telegram's own spacing: a quote or a block of code takes its line for itself.
    for end in ("</blockquote>", "</pre>"):
        html = html.replace(f"{end}\n", end)
    for start in ("<blockquote", "<pre>"):
        html = html.replace(f"\n{start}", start)
    parts = [tag("div", f"via {escape(message.via)}", "via")] if message.via else []
    if message.reply_to:
        parts.append(tag("div", f"<b>Conclave</b><span>{escape(message.reply_to)}</span>", "reply"))
    if message.photo:
        parts.append(picture(message.photo))
    parts.append(tag("div", html, "rich" if message.rich else "text"))
    return tag("div", tag("div", "".join(parts), "bubble") + _keys(message.rows), "bot")


def chat(*parts: str | Seen, title: str = "Conclave", under: str = "bot", below: str = "") -> str:
    """Draw a chat: texts are what the person wrote, the rest are the bot's messages."""
    drawn = "".join(bubble(one) if isinstance(one, Seen) else tag("div", escape(one), "me") for one in parts)
    head = f"<header><i>{title[0]}</i><div><b>{escape(title)}</b><span>{escape(under)}</span></div></header>"
    return page(STYLE, head + tag("main", drawn) + below)


def offers(articles: Sequence[Article], typed: str) -> str:
    """Draw what inline mode offers above the field in which somebody writes."""
    rows = (f"<div><b>{escape(a.title)}</b><span>{escape(a.description)}</span></div>" for a in articles)
    return tag("div", "".join(rows), "offers") + tag("div", f"{escape(typed)}<em></em>", "typed")
