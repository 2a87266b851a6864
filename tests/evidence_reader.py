"""Reads the text of evidence back into its sections, as a strict reader who trusts nothing but the marks."""

import re
from dataclasses import dataclass, field

_MARK = re.compile(r"\[\[(/?)(\w+) (\w+)\]\]")
_HEAD = re.compile(
    r"(instrument|identity|indicators|last|news|fundamentals|ratios of the moment|sentiment|macro)\b.*"
)
FENCE_OF = {
    "instrument": "identity",
    "news": "news_items",
    "fundamentals": "filings",
    "ratios of the moment": "ratios",
    "sentiment": "moods",
    "macro": "readings",
}


@dataclass
class Read:
    """One section: its first line, the lines of ours, and the lines inside its fence (None without one)."""

    head: str
    own: list[str] = field(default_factory=list)
    fenced: list[str] | None = None


def read(text: str, key: str) -> dict[str, Read]:
    """Return the sections of an evidence text in order; fails on any mark that is out of place."""
    sections: dict[str, Read] = {}
    name, inside = "", ""
    for line in text.split("\n"):
        mark = _MARK.fullmatch(line)
        if inside:
            if mark and mark[1]:
                assert (mark[2], mark[3]) == (inside, key)
                inside = ""
                continue
            assert "[[" not in line
            assert "]]" not in line
            fenced = sections[name].fenced
            assert fenced is not None
            fenced.append(line)
        elif mark:
            assert not mark[1]
            assert (mark[2], mark[3]) == (FENCE_OF[name], key)
            assert sections[name].fenced is None
            inside, sections[name].fenced = mark[2], []
        elif (head := _HEAD.fullmatch(line)) and not line.startswith(("last price", "identity")):
            name = head[1]
            assert name not in sections, f"{name} comes twice"
            sections[name] = Read(line)
        else:
            sections[name].own.append(line)
    assert not inside
    return sections
