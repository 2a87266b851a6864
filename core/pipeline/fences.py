"""Fences: marks between which text from outside stands, and which no text inside can write.

A fence is `[[name key]]` … `[[/name key]]`. Its key comes from the hash of the evidence, which covers every
text in it, so no news item can know it; and whatever could end a fence, or a turn of the conversation, is
spaced out inside, so that not even a text that has seen the key, a model's own, can.
"""

import re
import unicodedata

_BRACKET_BEFORE_ANOTHER = re.compile(r"(\[(?=\[)|\](?=\]))")
_TURN_MARK = re.compile(
    r"<(?=[|\uff5c])|[|\uff5c](?=>)"
    r"|<(?=/?(?:s|bos|eos|pad|unk|think|tool_call|tool_response)>|(?:start|end)_of_turn>|/?sys>>)"
    r"|\[(?=/?(?:inst|system_prompt|available_tools|tool_calls|tool_results|tool_content|think)\])",
    re.IGNORECASE,
)
"""Servers of open models read these as signs that end a turn, wherever they stand."""
_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,20})?://\S[^\s<>()\[\]]*|\bmailto:\S+|\bwww\.[^\s<>()\[\]]+"
    r"|\b(?:[\w-]{1,63}\.){1,4}[a-z]{2,24}/[^\s<>()\[\]]*",
    re.IGNORECASE,
)

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
"""Controls, formats such as those of no width or that turn the direction, surrogates, private use."""


def key_of(sha256: str) -> str:
    """Return the key of all fences of the evidence with this hash."""
    return sha256[:12]


def spaced(text: str) -> str:
    """Return the text without any pair of signs that a fence or a mark of a turn begins or ends with."""
    text = _BRACKET_BEFORE_ANOTHER.sub(r"\g<0> ", text)
    return _TURN_MARK.sub(r"\g<0> ", text)


def without_links(text: str) -> str:
    """Return the text with `(link)` for every address: a member cannot open it, and it may be a trap."""
    lower = text.lower()
    if "/" not in lower and "mailto:" not in lower and "www." not in lower:
        return text
    return _LINK.sub("(link)", text)


def marked(name: str, key: str, text: str) -> str:
    """Put text that is safe already between the marks of a fence."""
    return f"[[{name} {key}]]\n{text}\n[[/{name} {key}]]"


def fence(name: str, key: str, text: str) -> str:
    """Put data between marks that the data itself cannot hold, without links and signs that nobody sees."""
    seen = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _UNSEEN)
    return marked(name, key, spaced(without_links(seen)))
