"""Text from anywhere, made fit for a Telegram message: clean, inert, measured and cut as Telegram does it.

Telegram looks for mentions, commands and links in plain text whatever the parse mode says. What a model or
a person wrote must become none of these, so an invisible word joiner is put inside each of them: it reads
the same, and Telegram no longer sees one. Lengths are UTF-16 code units of the text without markup, as
Telegram counts.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

JOINER = "\u2060"
ELLIPSIS = "…"
MESSAGE_UNITS = 4096
CAPTION_UNITS = 1024
TOAST_UNITS = 200
ENTITIES = 100
TABLE_WIDTH = 34

_CONTROLS: dict[int, str | None] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " "),
    ord("\n"): "\n",
    ord("\r"): "\n",
    # Telegram removes these two, which would glue lines together.
    0x2028: "\n",
    0x2029: "\n",
    # Unclosed, these turn the text around them, ours included; Telegram drops most of them anyway.
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], None),
    # Half a surrogate pair is not text: it cannot be sent at all.
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
# Telegram drops a free-standing ring above, so "a" with one is sent as the single letter.
_RING = re.compile(".\u030a")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n(?:[^\S\n]*\n)+")
_LIVE = re.compile(
    r"@(?=\w)"  # a mention, or the middle of an e-mail address
    r"|(?<![A-Za-z0-9_/])/(?=[A-Za-z0-9_])"  # a command
    r"|:(?=//)"  # the scheme of a link, tg:// included
    r"|\.(?=[^\W\d_]{2}|[^\W\d_A-Za-z])"  # a domain; "3.14" and "BRK.B" are none
    r"|(?<=\d)\.(?=\d{1,3}\.\d{1,3}\.\d)"  # a numeric network address
)
_TORN = re.compile(r"(?<![\w/])/[A-Za-z0-9_]*$", re.ASCII)
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BLANK_SIGNS = "\u2800\ufffc"
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")


class Rank(IntEnum):
    """When a span is shortened because its message is too long: never, first, or last."""

    FIXED = 0
    FLEXIBLE = 1
    BODY = 2


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a message in one style; `tag` is an HTML tag with its attributes, or empty for plain."""

    text: str
    tag: str = ""
    rank: Rank = Rank.FLEXIBLE

    def html(self) -> str:
        """Return the span as Telegram's HTML; one without a visible sign carries no tag."""
        escaped = self.text.translate(_MARKUP)
        if not self.tag or not self.text.strip():
            return escaped
        return f"<{self.tag}>{escaped}</{self.tag.partition(' ')[0]}>"


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Return `text` without what Telegram refuses or silently drops; never longer than it was."""
    tidy = text.replace("\r\n", "\n").translate(_CONTROLS)
    return _RING.sub(lambda match: unicodedata.normalize("NFC", match[0]), tidy)


def inert(text: str) -> str:
    """Return `text` with nothing in it that Telegram would link; at most two units for each character."""
    return _LIVE.sub(lambda match: match[0] + JOINER, text)


def one_line(text: str) -> str:
    """Return hostile text as one clean, inert line."""
    return inert(" ".join(clean(text).split()))


def paragraphs(text: str) -> str:
    """Return hostile text as clean, inert lines, with at most one blank line in a row."""
    return inert(tidy(text))


def tidy(text: str) -> str:
    """Return hostile text as clean lines, with at most one blank line in a row, not yet inert."""
    return _BLANK_LINES.sub("\n\n", clean(text)).strip("\n")


def spoken(text: str, commands: Collection[str]) -> str:
    """Return a clean sentence of ours, in which a person may tap our own bare commands and nothing else.

    What it quotes is inert. Should somebody's words stand unquoted in it, they can at most offer a command
    of ours without arguments, which only ever tells something.
    """
    names = "|".join(map(re.escape, commands))
    quoted, own = "“[^”]*”?", rf"(?<![\w/<>])/(?:{names})(?![\w@/<>])"

    def mended(match: re.Match[str]) -> str:
        if match["quoted"]:
            return inert(match["quoted"])
        return match["own"] or match[0] + JOINER

    return re.sub(f"(?P<quoted>{quoted})|(?P<own>{own})|{_LIVE.pattern}", mended, text)


def typed(text: str) -> str:
    """Return what a person typed as one line, without the invisible signs that copying brings along."""
    return " ".join(_INVISIBLE.sub("", clean(text)).split())


def visible(text: str) -> bool:
    """Say whether `text` has a sign that Telegram counts as content; a message without one is refused."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in _BLANK_SIGNS for sign in text)


def cut(text: str, limit: int) -> str:
    """Return `text` with at most `limit` (1 or more) units, ending in "…" if something was left out."""
    if units(text) <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    # Half a command would be another command, which a tap sends.
    return _TORN.sub("", kept).rstrip() + ELLIPSIS


def fits(spans: Sequence[Span], limit: int) -> bool:
    """Say whether all spans together have at most `limit` units."""
    return sum(units(span.text) for span in spans) <= limit


def fit(spans: Sequence[Span], limit: int) -> list[Span]:
    """Shorten the longest flexible spans, then the body, until all together have at most `limit` units."""
    fitted = list(spans)
    for rank in (Rank.FLEXIBLE, Rank.BODY):
        over = sum(units(span.text) for span in fitted) - limit
        if over <= 0:
            break
        sizes = [units(span.text) for span in fitted if span.rank is rank]
        cap = _level(sizes, sum(sizes) - over)
        fitted = [replace(span, text=cut(span.text, cap)) if span.rank is rank else span for span in fitted]
    return fitted


def few_entities(spans: Sequence[Span]) -> list[Span]:
    """Return the spans with no more tags than a message has entities: the last bold and italic ones go first.

    What Telegram ignores of too many would otherwise be the last, and maybe text that is inert by its tag.
    """
    over = sum(bool(span.tag and span.text.strip()) for span in spans) - ENTITIES
    kept = list(spans)
    for place in range(len(kept) - 1, -1, -1):
        if over > 0 and kept[place].tag in {"b", "i"} and kept[place].text.strip():
            kept[place] = replace(kept[place], tag="")
            over -= 1
    return kept


def _level(sizes: Sequence[int], room: int) -> int:
    """Return the highest cap, at least 1, under which all sizes together need no more than `room`."""
    for index, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - index)
        if size > share:
            return max(share, 1)
        room -= size
    return max(sizes, default=1)


def width(text: str) -> int:
    """Return how many columns of a monospaced font `text` takes."""
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1


def pad(text: str, columns: int) -> str:
    """Fill `text` with spaces on the right up to `columns`."""
    return text + " " * max(columns - width(text), 0)


def sides(left: str, right: str, columns: int = TABLE_WIDTH) -> list[str]:
    """Return `left` and `right` at both ends of one table line, or below each other if they do not fit."""
    gap = columns - width(left) - width(right)
    if gap >= 1:
        return [left + " " * gap + right]
    return [*wrap(left, columns), *(f"  {line}" for line in wrap(right, columns - 2))]


def wrap(text: str, columns: int = TABLE_WIDTH) -> list[str]:
    """Break `text` at spaces, and over-long words anywhere, into lines of at most `columns`."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= columns:
            line = joined
            continue
        if line:
            lines.append(line)
        line = ""
        for sign in word:
            if line and width(line) + _columns(sign) > columns:
                lines.append(line)
                line = ""
            line += sign
    return [*lines, line] if line else lines
