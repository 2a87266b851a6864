"""The card that says how far one member is to be trusted; a part of `bot.cards`."""

from core.domain.values import Frozen


class BinLine(Frozen):
    """One bin of a reliability diagram: the confidences in it, and what became of them, in words.

    `fraction` 0..1 is how often they were right and `mark` 0..1 what they said on average. `worth` is what
    such a confidence counts as, empty where that is not known.
    """

    said: str
    right: str
    ballots: str
    worth: str
    fraction: float
    mark: float


class CalibrationCard(Frozen):
    """How far one member is to be trusted. `legend` explains the diagram, or says why there is none."""

    title: str
    facts: tuple[tuple[str, str], ...]
    bins: tuple[BinLine, ...]
    legend: str
    footer: str
    caveat: str | None = None
