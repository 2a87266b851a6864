"""Messages as the loopback Telegram received them, drawn as a phone shows a chat: our own look, no logos."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tests.gallery.page import page, picture, tag
from tests.loopback.telegram_inline import Article
from tests.loopback.telegram_rules import CAPTION_UNITS, check_text
from tests.loopback.telegram_server import TelegramServer
from tests.loopback.telegram_world import Shown

WIDTH = 360
STYLE = """
body { background: #cfdbe4; width: 360px; font-size: 14px; line-height: 1.32; color: #17212b; }
header { background: #ffffff; padding: 9px 14px; border-bottom: 1px solid #d5dde3; display: flex; gap: 10px; }
header i { width: 34px; height: 34px; border-radius: 50%; background: #3a6ea5; color: white; font-style: normal;
  display: flex; align-items: center; justify-content: center; font-weight: bold; }
header b { display: block; font-size: 14.5px; } header span { color: #7d8b97; font-size: 12.5px; }
main { padding: 10px 8px 12px; display: flex; flex-direction: column; gap: 7px; }
.me { align-self: flex-end; background: #e3f6cf; border-radius: 13px 13px 4px 13px; padding: 6px 11px; }
.bot { width: 100%; } .bubble { background: white; border-radius: 13px; overflow: hidden;
  box-shadow: 0 1px 1px rgba(0,0,0,.08); }
.text { padding: 7px 11px 9px; white-space: pre-wrap; overflow-wrap: anywhere; }
.via { padding: 7px 11px 0; color: #2c6fae; font-size: 13px; }
.reply { margin: 8px 11px 0; border-left: 3px solid #3a8bd0; background: #eef5fb; border-radius: 4px;
  padding: 3px 8px; font-size: 12.5px; } .reply b { color: #2c6fae; display: block; }
.reply span { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
blockquote { display: block; border-left: 3px solid #3a8bd0; background: #eef5fb; border-radius: 4px;
  padding: 4px 9px; margin: 2px 0; }
blockquote .folded { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }
blockquote .more { color: #3a8bd0; text-align: right; line-height: 0.7; margin-bottom: 3px; }
pre { background: #f2f5f7; border-radius: 6px; padding: 6px 8px; font-size: 11.5px; line-height: 1.4;
  white-space: pre; overflow: hidden; margin: 2px 0; }
code { color: #2c6fae; font-size: 12.5px; } pre code { color: inherit; }
.keys { display: flex; flex-direction: column; gap: 4px; margin-top: 4px; } .keys div { display: flex; gap: 4px; }
.keys span { flex: 1; background: #7b93a5; color: white; text-align: center; border-radius: 9px; padding: 7px 4px;
  font-size: 13px; font-weight: 500; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.toast { align-self: center; background: rgba(30,45,60,.82); color: white; border-radius: 12px; padding: 5px 12px;
  font-size: 12.5px; }
.offers { background: white; border-top: 1px solid #d5dde3; } .offers div { padding: 7px 14px;
  border-bottom: 1px solid #eceff2; } .offers b { display: block; font-size: 13.5px; }
.offers span { color: #6c7a86; font-size: 12.5px; display: block; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.typed { background: white; border-top: 1px solid #d5dde3; padding: 10px 14px; }
.typed em { border-left: 2px solid #2c6fae; margin-left: 1px; }
.rich { padding: 9px 11px 10px; } .rich > * + * { margin-top: 7px; } .rich h3 { font-size: 16px; }
.rich table { border-collapse: collapse; width: 100%; font-size: 12.5px; }
.rich td, .rich th { border: 1px solid #d9e0e5; padding: 4px 6px; text-align: left; vertical-align: top; }
.rich th { background: #f2f5f7; } .rich [align=right] { text-align: right; }
.rich tr:nth-child(even) td { background: #f8fafb; } .rich ul { padding-left: 18px; }
.rich details { background: #f2f5f7; border-radius: 6px; padding: 5px 9px; } .rich summary { font-weight: 600; }
.rich footer { color: #7d8b97; font-size: 12px; }
"""


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
        if call.status != 200 or not raw:  # noqa: PLR2004 - HTTP's own
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
