"""Buttons that send a command, as if the person who presses had typed it.

`m.<command>` puts the answer in the place of the card with the button, `mn.<command>` beside it, and `m.-`
takes the card away. A command stands there as one types it, without its slash: `m.why NVDA #3 bear`, in which
`#3` is the member of that short number, for names may be too long.

Whoever presses may have written the data by hand. So they are read like anything typed, and the role is asked
for again; a button can do nothing that its presser could not type.
"""

import re

from bot.cards import Button
from core.domain.errors import Refused

LIMIT_BYTES = 64
CANCEL = Button(label="Cancel", data="m.-")
_WORD = r"[A-Za-z0-9_$^#.,=+:%-]+"
_COMMAND = re.compile(rf"(m|mn)\.(/?[A-Za-z]{_WORD}(?: {_WORD})*)", re.ASCII)


def encode(command: str, *, beside: bool = False) -> str:
    """Return the data of a button that sends `command`.

    Raises:
        ValueError: it is longer than a button can carry, or has signs that no command of ours needs.
    """
    data = f"{'mn' if beside else 'm'}.{command}"
    if len(data) > LIMIT_BYTES or not _COMMAND.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def fits(command: str) -> bool:
    """Say whether a button can carry `command`."""
    try:
        encode(command)
    except ValueError:
        return False
    return True


def command_of(data: str) -> str | None:
    """Return the command that a button sends, without its slash, or None where it only leaves.

    Raises:
        Refused: the data are not of this version's making.
    """
    if data == CANCEL.data:
        return None
    match = _COMMAND.fullmatch(data) if len(data) <= LIMIT_BYTES else None
    if match is None:
        raise Refused("This button is too old. Send /help for the list of commands.")
    return match[2].removeprefix("/")
