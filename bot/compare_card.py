"""The card of two members of one run, beside each other."""

from bot.button import Button
from core.domain.values import Frozen


class ComparedLine(Frozen):
    """What both said about the same: its label, and in words what the one and the other said."""

    label: str
    one: str
    other: str


class CompareCard(Frozen):
    """One page of a comparison: the ballots, or one stage.

    `names` are the two members. `position` is "page 1 of 13". `lines` have what is short, `points` what each
    said in its own words, the one's first; an empty list means that it said nothing here. `facts` are
    sentences on what they agree and differ in. `open_buttons` open the whole of what each said, and
    `page_buttons` go back and forth.
    """

    title: str
    subtitle: str
    stage: str
    position: str
    names: tuple[str, str]
    lines: tuple[ComparedLine, ...]
    points: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    facts: tuple[str, ...] = ()
    footer: str
    caveat: str | None = None
    open_buttons: tuple[Button, ...] = ()
    page_buttons: tuple[Button, ...] = ()
