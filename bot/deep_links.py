"""What stands behind `start=` in a link to the bot: which page it opens in the private chat.

* `why-<run>-<member number>[-<stage>]` opens a member's reasoning where it decided, or from a stage on
* `run-<run>` opens a verdict
* `leaderboard` opens the leaderboard

A payload has 1 to 64 of the signs `A-Za-z0-9_-`. Whoever sends `/start` may have written it by hand, so what
is none of these is simply no link, and opens the first screen.
"""

import re
from dataclasses import dataclass

from core.domain.stage import Stage

LONGEST = 64
BOARD = "leaderboard"
JOIN = "join"
"""The payload of the button for strangers: it opens nothing, for they have no role."""
_RUN = "([0-9a-z]{1,24})"
_WHY = re.compile(rf"why-{_RUN}-([1-9][0-9]{{0,8}})(?:-([a-z_]{{1,24}}))?", re.ASCII)
_VERDICT = re.compile(rf"run-{_RUN}", re.ASCII)
_STAGES = {stage.value: stage for stage in Stage}


@dataclass(frozen=True)
class LinkToReasoning:
    """Opens a member's reasoning in a run, where it decided or at a stage."""

    run_id: str
    member: int
    stage: Stage | None = None


@dataclass(frozen=True)
class LinkToVerdict:
    """Opens the verdict of a run."""

    run_id: str


@dataclass(frozen=True)
class LinkToBoard:
    """Opens the leaderboard."""


Link = LinkToReasoning | LinkToVerdict | LinkToBoard


def encode(link: Link) -> str:
    """Return the payload that opens `link`.

    Raises:
        ValueError: its ids have another shape than ours, so that it could not be read back.
    """
    match link:
        case LinkToReasoning():
            payload = f"why-{link.run_id}-{link.member}" + (f"-{link.stage.value}" if link.stage else "")
        case LinkToVerdict():
            payload = f"run-{link.run_id}"
        case LinkToBoard():
            payload = BOARD
    if decode(payload) != link:
        raise ValueError(f"no link can carry {payload!r}")
    return payload


def decode(payload: str) -> Link | None:
    """Return what a payload opens, or None where it is none of ours."""
    if len(payload) > LONGEST:
        return None
    if payload == BOARD:
        return LinkToBoard()
    if match := _VERDICT.fullmatch(payload):
        return LinkToVerdict(match[1])
    if match := _WHY.fullmatch(payload):
        if match[3] is None:
            return LinkToReasoning(match[1], int(match[2]))
        if stage := _STAGES.get(match[3]):
            return LinkToReasoning(match[1], int(match[2]), stage)
    return None
