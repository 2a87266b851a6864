"""The card of two runs on the same evidence; the terminal alone shows it."""

from core.domain.ballot import Action
from core.domain.values import Frozen


class RerunCell(Frozen):
    """What one run came to. `action` stands before `text`, which may have several lines."""

    text: str
    action: Action | None = None


class RerunLine(Frozen):
    """The same of both runs: the verdict, the cost, or one member's ballot."""

    label: str
    then: RerunCell
    now: RerunCell


class RerunCard(Frozen):
    """A run beside the one that it repeats.

    `lines` are of the runs as a whole, `members` of each member; `facts` are sentences on what has changed.
    """

    title: str
    subtitle: str
    lines: tuple[RerunLine, ...]
    members: tuple[RerunLine, ...]
    facts: tuple[str, ...]
    footer: str
    caveat: str | None = None
