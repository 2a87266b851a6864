"""Text on pictures: cleaned, measured, and cut to fit. Nothing in it is ever interpreted."""

import unicodedata
from collections.abc import Sequence
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
    return " ".join("".join(kept).split())


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


def joined(parts: Sequence[str], size: float, room: float) -> list[str]:
    """Return the parts with a dot between them, on as many lines as they need; no part is broken."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {plain(part)}" if lines else plain(part)
        if lines and width_of(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(fitted(part, size, room))
    return lines


def wrapped(text: str, size: float, room: float, lines: int) -> list[str]:
    """Return the text on at most `lines` lines of at most `room` pixels, of about the same length.

    What is left over is cut.
    """
    line = plain(text)
    broken = _broken(line, size, room, lines)
    if not 1 < len(broken) <= lines or broken[-1].endswith(_ELLIPSIS):
        return broken
    low, high = room / 2, room
    while high - low > 1:
        middle = (low + high) / 2
        narrow = _broken(line, size, middle, lines + 1)
        fits = len(narrow) == len(broken) and not any(part.endswith(_ELLIPSIS) for part in narrow)
        low, high = (low, middle) if fits else (middle, high)
    return _broken(line, size, high, lines)


def _broken(line: str, size: float, room: float, lines: int) -> list[str]:
    """Fill one line after the other; the last takes all the rest and is cut."""
    done: list[str] = []
    left = line.split(" ")
    while left and len(done) < lines - 1:
        taken = 1
        while taken < len(left) and width_of(" ".join(left[: taken + 1]), size) <= room:
            taken += 1
        done.append(fitted(" ".join(left[:taken]), size, room))
        left = left[taken:]
    if left:
        done.append(fitted(" ".join(left), size, room))
    return done
