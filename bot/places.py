"""Chats as people name them in a line: `in @channel`, `in telegram:-100123`."""

import re
from collections.abc import Sequence

_PLACE = re.compile(r"@[A-Za-z][A-Za-z0-9_]{3,31}|(?:telegram:)?-[0-9]{1,19}", re.ASCII)


def split_place(words: Sequence[str]) -> tuple[Sequence[str], str | None]:
    """Return a line without `in @channel` or `in telegram:-100123` at its end, and what stood there."""
    match words:
        case [*line, "in" | "In", place] if _PLACE.fullmatch(place):
            return line, place
    return words, None
