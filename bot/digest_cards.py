"""The cards that tell what a time has brought: a day, a week, and how the service is."""

from core.domain.ballot import Action
from core.domain.values import Frozen


class CallLine(Frozen):
    """A verdict or a ballot, and what has become of it.

    `earned` is what it has earned in its direction, "+1.20 %", empty where that is not known; `good` says
    whether that is a gain, None where it is neither gain nor loss.
    """

    subject: str
    action: Action
    detail: str
    earned: str = ""
    good: bool | None = None


class Lines(Frozen):
    """Lines under a title; `more` says how many were left out of them."""

    title: str
    lines: tuple[str, ...]
    more: int = 0


class DigestCard(Frozen):
    """What a day brought. `story` is a paragraph to read, all else is for looking things up.

    `note` is a line on top about the post itself, such as that it comes late.
    """

    title: str
    subtitle: str
    story: str
    verdicts: tuple[CallLine, ...] = ()
    verdicts_more: int = 0
    sections: tuple[Lines, ...] = ()
    footer: str
    caveat: str | None = None
    note: str | None = None


class JudgeLine(Frozen):
    """How far one member is to be trusted: `verdict` in a few words, then the figures behind it."""

    member: str
    verdict: str
    figures: tuple[str, ...]


class ReviewCard(Frozen):
    """What a week has told. `calls` are groups of settled ballots under their titles, `note` as above.

    `legend` explains the figures of the `judges`.
    """

    title: str
    subtitle: str
    story: str
    judges: tuple[JudgeLine, ...] = ()
    legend: str = ""
    calls: tuple[tuple[str, tuple[CallLine, ...]], ...] = ()
    sections: tuple[Lines, ...] = ()
    footer: str
    caveat: str | None = None
    note: str | None = None


class HealthCard(Frozen):
    """How the service is: its parts, what is due next, and what came of the last."""

    title: str
    subtitle: str
    sections: tuple[Lines, ...]
    footer: str
