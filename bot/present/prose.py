"""Means to write sentences by rules: lists, small numbers as words, and a wording that changes by the day."""

import hashlib
from collections.abc import Sequence

from bot.present import numbers

_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_ENDS = (".", "!", "?", "…", ".”", "!”", "?”", "…”")
REASON_SIGNS = 160
"""Signs of a model's reason that a sentence quotes at most."""


class Voice:
    """Chooses between wordings: always the same one for the same seed, another one on another day."""

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def pick(self, place: str, *wordings: str) -> str:
        """Return the wording of today for one place of a text."""
        digest = hashlib.sha256(f"{self._seed}/{place}".encode()).digest()
        return wordings[digest[0] % len(wordings)]


def in_words(count: int) -> str:
    """Write a small number as a word, a larger one in figures: `three`, `1,204`."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else numbers.whole(count)


def counted(count: int, noun: str) -> str:
    """Write a count with its noun: `one trade`, `no trades`, `14 trades`."""
    return f"{in_words(count)} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Write names in a row: `a`, `a and b`, `a, b and c`; of more than `most`, the rest as a number."""
    shown = (
        list(names)
        if len(names) <= most
        else [*names[: most - 1], f"{in_words(len(names) - most + 1)} others"]
    )
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def verb(count: int, one: str, many: str) -> str:
    """Return the form of a verb that goes with a count."""
    return one if count == 1 else many


def quoted(reason: str) -> str:
    """Quote what a model wrote as one line, cut where it is long; empty where it wrote nothing."""
    line = " ".join(reason.split()).strip('“”"').rstrip(" .")
    if len(line) > REASON_SIGNS:
        line = line[: REASON_SIGNS - 1].rstrip() + "…"
    return f"“{line}”" if line else ""


def sentence(text: str) -> str:
    """Return text as a sentence: one space between words, a capital where it begins, an end."""
    line = " ".join(text.split())
    line = line[:1].upper() + line[1:]
    return line if line.endswith(_ENDS) else f"{line}."


def paragraph(sentences: Sequence[str]) -> str:
    """Put the sentences that there are behind each other."""
    return " ".join(sentence(one) for one in sentences if one.strip())
