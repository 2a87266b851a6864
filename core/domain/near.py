"""What a person may have meant by a ticker or a name that is not known: close in spelling, nothing else.

Two words are close when few slips of a hand lie between them: a letter too many, one too few, a wrong one,
or two that changed places. One slip is forgiven in words of three to five letters, two in longer ones.
"""

import re
from collections.abc import Iterable, Sequence

MOST = 3
LONGEST = 40
_SHORTEST = 3
_SHORT = 5
_PARTS = re.compile(r"[-._:/ ]+")


def near(word: str, known: Iterable[str], most: int = MOST) -> tuple[str, ...]:
    """Return those of `known` that `word` may have meant, the closest first, at most `most`.

    A name is close as a whole or in one of its parts: `sonet` is close to `claude-sonnet-4.5`. The word
    itself is never among them, whatever its case.
    """
    wanted = word.strip().casefold()
    if not _SHORTEST <= len(wanted) <= LONGEST:
        return ()
    forgiven = 1 if len(wanted) <= _SHORT else 2
    found: dict[str, int] = {}
    for name in known:
        whole = name.casefold()
        if whole == wanted:
            continue
        slips = min(_slips(wanted, part) for part in {whole, *_PARTS.split(whole)})
        if slips <= forgiven:
            found.setdefault(name, slips)
    return tuple(sorted(found, key=lambda name: found[name]))[:most]


def did_you_mean(names: Sequence[str]) -> str:
    """Return the question whether one of `names` was meant: `Did you mean AAPL or AAL?`."""
    *others, last = names
    return f"Did you mean {', '.join(others)} or {last}?" if others else f"Did you mean {last}?"


def _slips(one: str, other: str) -> int:
    """Return how many slips lie between two words; a letter that moved twice counts twice."""
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004 - more than is ever forgiven
        return abs(len(one) - len(other))
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, sign in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != sign))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == sign:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
