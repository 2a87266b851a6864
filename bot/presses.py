"""The kinds of buttons, once: how their data begin, and where what they open is shown.

What a button sends begins with a short word and a dot. The word says who answers it (`bot.handlers.PRESSED`)
and where the answer goes.
"""

from collections.abc import Mapping
from enum import StrEnum

from bot.cards import Card, Notice


class Shown(StrEnum):
    """Where the card goes that a button opens. A notice is told to the presser alone, where the door can."""

    OPENED = "opened"
    """Something long to read: a modal on Slack, a message of its own elsewhere."""
    BESIDE = "beside"
    """A message of its own, for the presser alone where the door can."""
    IN_PLACE = "in place"
    """In the place of the card that has the button."""
    POSTED = "posted"
    """A message of its own for everybody: on Slack in the thread of the card that has the button."""


SHOWN: Mapping[str, Shown] = {
    "w": Shown.OPENED,
    "p": Shown.IN_PLACE,
    "r": Shown.BESIDE,
    "v": Shown.BESIDE,
    "s": Shown.IN_PLACE,
    "t": Shown.IN_PLACE,
    "h": Shown.IN_PLACE,
    "k": Shown.IN_PLACE,
    "o": Shown.IN_PLACE,
    "e": Shown.BESIDE,
    "f": Shown.IN_PLACE,
    "c": Shown.IN_PLACE,
    "a": Shown.OPENED,
    "i": Shown.OPENED,
    "it": Shown.IN_PLACE,
    "g": Shown.IN_PLACE,
    "au": Shown.IN_PLACE,
    "m": Shown.IN_PLACE,
    "mn": Shown.BESIDE,
    "x": Shown.BESIDE,
    "q": Shown.OPENED,
    "qp": Shown.IN_PLACE,
    "y": Shown.IN_PLACE,
}

_DANGEROUS = "c.y."


PICTURES = "f"
"""The kind of the buttons around pictures."""
POSTED_PICTURE = "f.n."
"""How the data begin of those buttons around pictures whose card takes a message of its own."""
AT_ONCE = frozenset({"f"})
"""The kinds whose work may take a while, so that the press itself is answered before it."""


def told_aside(card: Card) -> bool:
    """Say whether a card is a sentence that changes no message: a notice that offers nothing to press."""
    return isinstance(card, Notice) and not card.buttons


def kind_of(data: str) -> str:
    """Return the word that a button's data begin with, or "" where there is no such kind."""
    kind, dot, _ = data.partition(".")
    return kind if dot and kind in SHOWN else ""


def shown_of(data: str) -> Shown:
    """Return where the card goes that a button opens."""
    if data.startswith(POSTED_PICTURE):
        return Shown.POSTED
    return SHOWN.get(kind_of(data), Shown.BESIDE)


def is_dangerous(data: str) -> bool:
    """Say whether a button does what cannot be undone, so that platforms which can show it in red."""
    return data.startswith(_DANGEROUS)
