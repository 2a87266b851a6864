"""The button that stops a run: `x.<run>`, or before the run has an id `x.<ticket>` of its live message.

Whoever presses may have written the data by hand, so `decode` trusts nothing.
"""

import re

from bot.cards import Button
from core.domain.errors import Refused

PREFIX = "x."
_STOP = re.compile(r"x\.([0-9a-z]{1,24})", re.ASCII)


def stop_button(run: str) -> Button:
    """Return the button for a run's id or a ticket.

    Raises:
        ValueError: it has another shape than ours, so the data could not be read back.
    """
    data = f"{PREFIX}{run}"
    if not _STOP.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return Button(label="Stop", data=data)


def decode(data: str) -> str:
    """Return the run's id, or the ticket, that a button is about.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _STOP.fullmatch(data):
        return match[1]
    raise Refused("This button is too old. Send /stop with the ticker, for instance /stop NVDA.")
