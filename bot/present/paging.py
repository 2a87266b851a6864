"""Long text in pages: cut at the best border that fits, and never a visible sign lost."""

import re
import unicodedata

# Borders from the best to the least good; a page ends behind the last one that fits.
_BORDERS = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…])[ \t]"), re.compile(r"\s"))
_JOINER = "\N{ZERO WIDTH JOINER}"
# A border in the first part of a page would leave it nearly empty.
_FILLED = 0.5


def split(text: str, size: int, *, first: int | None = None) -> tuple[str, ...]:
    """Cut `text` into pages of at most `size` signs, the first of at most `first`.

    Borders are tried in the order paragraph, line, sentence, word; within a word only where it is longer
    than a page. Pages hold every visible sign in order; white space around a cut is dropped. There is
    always one page, which is empty for an empty text.
    """
    if size < 1 or (first is not None and first < 1):
        raise ValueError("a page holds at least one sign")
    rest = text.strip()
    pages = []
    room = first or size
    while len(rest) > room:
        end = _cut(rest, room)
        pages.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
        room = size
    return (*pages, rest)


def _cut(text: str, room: int) -> int:
    """Return where the page ends, at least 1 and at most `room`."""
    window = text[: room + 1]
    for border in _BORDERS:
        ends = [match.start() for match in border.finditer(window) if match.start() <= room]
        if ends and ends[-1] >= room * _FILLED:
            return ends[-1]
    end = room
    while end > 1 and _belongs_to_previous(text, end):
        end -= 1
    return end if end > 1 else room


def _belongs_to_previous(text: str, at: int) -> bool:
    """Say whether the sign at `at` is drawn together with the one before it, as accents are."""
    return (
        unicodedata.combining(text[at]) > 0
        or unicodedata.category(text[at]) in {"Mn", "Me"}
        or _JOINER in (text[at], text[at - 1])
        or "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= text[at] <= "\N{EMOJI MODIFIER FITZPATRICK TYPE-6}"
    )
