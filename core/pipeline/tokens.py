"""How many tokens a text takes, by a stated rule.

No tokenizer is asked: each family of models has another one, their tables would have to be downloaded, and
the same evidence must be cut in the same way on every machine, whatever is installed there.
"""

import re
from collections.abc import Iterable

_PIECES = re.compile(r"[A-Za-z]+|[0-9]+|\n+| (?=[0-9])|[^\sA-Za-z0-9]")
_LETTERS, _DIGITS = 6, 3


def tokens(text: str) -> int:
    """Return about how many tokens `text` takes."""
    return sum(map(_of_piece, _PIECES.findall(text)))


def _of_piece(piece: str) -> int:
    first = piece[0]
    if first >= "\x80":
        return max(1, len(first.encode("utf-8", "replace")) - 1)
    if first.isdigit():
        return -(-len(piece) // _DIGITS)
    return -(-len(piece) // _LETTERS) if first.isalpha() else 1


def all_tokens(texts: Iterable[str]) -> int:
    """Return about how many tokens these lines take together."""
    return sum(tokens(text) + 1 for text in texts)
