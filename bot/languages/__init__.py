"""What the menu of commands and the descriptions of the bot say in other languages than English.

One file a language, named by its two letters. Only these texts are translated: what the bot answers is
English.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Language:
    """The texts in one language. `code` is ISO 639-1; `summaries` are by a command's name."""

    code: str
    description: str
    short_description: str
    summaries: Mapping[str, str]


@cache
def languages() -> tuple[Language, ...]:
    """Return every language that there is a file for, by its code."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        bot = tree["bot"]
        found.append(Language(path.stem, bot["description"], bot["short_description"], tree["commands"]))
    return tuple(found)
