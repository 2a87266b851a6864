"""Prompts without their repetitions: what a run says in every prompt stands in its report once.

All stages of all members read the same evidence, so whole prompts would make most of the file.
"""

import hashlib
import re
from typing import NamedTuple

_OPENING = re.compile(r"^\[\[([\w ]{1,60}) ([0-9a-f]{12})\]\]$", re.MULTILINE)
_WORTH_IT = 300


class Part(NamedTuple):
    """A piece of a prompt.

    `name` is empty for what stands only here. A passage with a name has an `anchor`; with `said` it stands
    at that anchor already, and `text` is not to be shown again.
    """

    text: str
    name: str = ""
    anchor: str = ""
    said: bool = False


class Passages:
    """The fenced passages that one run's prompts have held so far. `prefix` begins their anchors."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._anchors: dict[bytes, str] = {}

    def parts(self, prompt: str) -> list[Part]:
        """Return the prompt in pieces; put together, their texts are the prompt."""
        parts: list[Part] = []
        done = 0
        for opening in _OPENING.finditer(prompt):
            if opening.start() < done:
                continue
            name, key = opening.groups()
            closing = f"\n[[/{name} {key}]]"
            end = prompt.find(closing, opening.end())
            if end < 0 or end - opening.start() < _WORTH_IT:
                continue
            end += len(closing)
            if before := prompt[done : opening.start()]:
                parts.append(Part(before))
            parts.append(self._passage(name, prompt[opening.start() : end]))
            done = end
        if rest := prompt[done:]:
            parts.append(Part(rest))
        return parts

    def _passage(self, name: str, text: str) -> Part:
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        said = key in self._anchors
        anchor = self._anchors.setdefault(key, f"{self._prefix}-{len(self._anchors) + 1}")
        return Part(text, name, anchor, said)
