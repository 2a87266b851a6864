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

_TOKEN = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}|\n+| (?=[0-9])|[^\sA-Za-z0-9]")


def tokens(text: str) -> int:
    """Return about how many tokens `text` takes."""
    found = len(_TOKEN.findall(text))
    if text.isascii():
        return found
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return found + len(text.encode("utf-8", "surrogatepass")) - len(text) - beyond


def all_tokens(texts: Iterable[str]) -> int:
    """Return about how many tokens these lines take together."""
    return sum(tokens(text) + 1 for text in texts)
