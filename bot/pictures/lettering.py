"""Text on pictures: cleaned, measured, and cut to fit. Nothing in it is ever interpreted."""

import unicodedata
from functools import cache, lru_cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

FAMILY = "DejaVu Sans"
_LONGEST = 300
_MARKS_ON_A_LETTER = 2
_UNKNOWN = "□"
_ELLIPSIS = "…"


def plain(text: str, *, bold: bool = False) -> str:
    """Return text that can be drawn on one line.

    White space is one space, control and direction signs are left out, marks do not pile up on a letter, and
    what the font cannot draw is a box.
    """
    kept: list[str] = []
    marks = 0
    for sign in unicodedata.normalize("NFC", " ".join(text[:_LONGEST].split())):
        category = unicodedata.category(sign)
        if category.startswith("C"):
            continue
        marks = marks + 1 if category.startswith("M") else 0
        if marks > _MARKS_ON_A_LETTER:
            continue
        drawn = sign if ord(sign) in _drawable(bold) else _UNKNOWN
        if drawn != _UNKNOWN or kept[-1:] != [_UNKNOWN]:
            kept.append(drawn)
    return "".join(kept)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """Return the font, which comes with matplotlib, so that pictures look the same everywhere."""
    return FontProperties(family=FAMILY, weight="bold" if bold else "normal", size=size)


@cache
def _drawable(bold: bool) -> frozenset[int]:
    return frozenset(get_font(findfont(font(10, bold=bold))).get_charmap())


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line of `size` pixels is, in pixels."""
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)
    return float(width)


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Return the text on one line, cut with … where it is wider than `room` pixels."""
    line = plain(text, bold=bold)
    if width_of(line, size, bold=bold) <= room:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        cut = line[:middle].rstrip() + _ELLIPSIS
        low, high = (middle, high) if width_of(cut, size, bold=bold) <= room else (low, middle - 1)
    return line[:low].rstrip() + _ELLIPSIS


def wrapped(text: str, size: float, room: float, lines: int) -> list[str]:
    """Return the text on at most `lines` lines of at most `room` pixels; what is left over is cut."""
    done: list[str] = []
    words = plain(text).split(" ")
    while words and len(done) < lines - 1:
        taken = 1
        while taken < len(words) and width_of(" ".join(words[: taken + 1]), size) <= room:
            taken += 1
        done.append(fitted(" ".join(words[:taken]), size, room))
        words = words[taken:]
    if words:
        done.append(fitted(" ".join(words), size, room))
    return done
