"""What the buttons below a watchlist send.

* `t.<chat>` shows the watchlist of the chat
* `t.<chat>.<ticker>` removes a ticker from it
"""

import re
from dataclasses import dataclass

from core.domain.errors import Refused

_FORM = re.compile(r"t\.([0-9a-f]{8})(?:\.([A-Z0-9^][A-Z0-9.=^-]{0,15}))?", re.ASCII)


@dataclass(frozen=True)
class Unwatch:
    """Remove a ticker from the watchlist of the chat with this mark, or without one show the list."""

    chat: str
    ticker: str | None = None


def encode(wish: Unwatch) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: it could not be read back.
    """
    data = f"t.{wish.chat}" + (f".{wish.ticker}" if wish.ticker else "")
    if not _FORM.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> Unwatch:
    """Return what a button below a watchlist asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _FORM.fullmatch(data):
        return Unwatch(match[1], match[2])
    raise Refused("This button is too old. Send /watch again.")
