"""A reader of the small part of YAML in which the manifest is written."""

import json
import re
from typing import Any


def read_back(text: str) -> Any:
    """Read the small part of YAML that the manifest is written in: maps, lists, JSON scalars, two spaces."""
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]

    def block(at: int, indent: int) -> tuple[Any, int]:
        if lines[at][1].startswith("- "):
            found: list[Any] = []
            while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- "):
                item = lines[at][1][2:]
                if re.match(r"[a-z_]+:", item):
                    lines[at] = (indent + 2, item)
                    value, at = block(at, indent + 2)
                else:
                    value, at = json.loads(item), at + 1
                found.append(value)
            return found, at
        mapping: dict[str, Any] = {}
        while at < len(lines) and lines[at][0] == indent and not lines[at][1].startswith("- "):
            key, _, rest = lines[at][1].partition(":")
            if rest.strip():
                mapping[key], at = json.loads(rest), at + 1
            else:
                mapping[key], at = block(at + 1, indent + 2)
        return mapping, at

    return block(0, 0)[0]
