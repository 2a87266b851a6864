"""Who differs from the verdict, each with its strongest reason in one line."""

import re
from collections.abc import Iterable

from core.domain.ballot import Action, Ballot
from core.domain.verdict import Dissent

LONGEST_REASON = 160
"""Signs that a reason may have."""

# A stop ends a sentence unless a capital stands before it ("U.S. bonds") or a small letter follows it
# ("vs. peers"): a sentence too long is better than half a word.
_SENTENCE_END = re.compile(r"(?<![A-Z])[.!?](?=\s+[^\sa-z]|$)|[。！？]")
_ELLIPSIS = "…"
_NO_REASON = "no reason given"


def dissent(ballots: Iterable[Ballot], decision: Action | None) -> tuple[Dissent, ...]:
    """Return the ballots that are for something else than `decision`, in their order; none without one."""
    return tuple(
        Dissent(member=ballot.member, action=ballot.action, reason=strongest_reason(ballot))
        for ballot in ballots
        if decision is not None and ballot.action is not decision
    )


def strongest_reason(ballot: Ballot) -> str:
    """Return the first key point that is not empty, else the first sentence of the reasoning, as one line.

    A line that is too long is cut between two words, with an ellipsis that counts as one of its signs.
    """
    points = (_one_line(point) for point in ballot.key_points)
    reason = next(filter(None, points), "") or _first_sentence(_one_line(ballot.reasoning))
    return _cut(reason) or _NO_REASON


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(text: str) -> str:
    end = _SENTENCE_END.search(text)
    return text[: end.end()] if end else text


def _cut(line: str) -> str:
    if len(line) <= LONGEST_REASON:
        return line
    room = line[:LONGEST_REASON]
    # A language without spaces, or a word that fills the line, is cut where the room ends.
    whole_words = room.rpartition(" ")[0] or room[:-1]
    return whole_words.rstrip(" ,;:") + _ELLIPSIS
