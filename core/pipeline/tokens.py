"""How many tokens a text takes, by a stated rule.

No tokenizer is asked: each family of models has another one, their tables would have to be downloaded, and
the same evidence must be cut in the same way on every machine, whatever is installed there.

The rule: a word of Latin letters is a token for each six letters begun, a number one for each three digits
begun and one for the space before it, a run of line ends one, any other sign one; a sign beyond ASCII one for
each byte of its UTF-8 but one. Measured against two tokenizers in common use (o200k and cl100k): bars of
prices exact; a whole evidence text 11 % too many; prose in English 9 to 24 % too many; German 10 % too many
for the newer and 21 % too few for the older of the two; other scripts and emoji 9 to 250 % too many.
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
