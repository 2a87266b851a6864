"""What the buttons of a single question send: short ids, no names.

* `q.<question>` opens all that was written
* `qp.<question>.<page>` turns to a page of it; pages count from 1
"""

import re
from typing import NamedTuple

from core.domain.errors import Refused

_QUESTION = re.compile(r"q\.([0-9a-z]{1,24})|qp\.([0-9a-z]{1,24})\.([1-9][0-9]{0,3})", re.ASCII)


class OpenAnswer(NamedTuple):
    """Open what was written to a question, at a page."""

    question: str
    page: int = 1


def encode(wish: OpenAnswer, *, turn: bool = False) -> str:
    """Return the data of a button; one that turns a page changes the card that it is on.

    Raises:
        ValueError: they could not be read back.
    """
    data = f"qp.{wish.question}.{wish.page}" if turn else f"q.{wish.question}"
    if not _QUESTION.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> OpenAnswer:
    """Return what a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    match = _QUESTION.fullmatch(data)
    if match is None:
        raise Refused("This button is too old. Send /ask with your ticker, for instance /ask NVDA.")
    return OpenAnswer(match[1]) if match[1] else OpenAnswer(match[2], int(match[3]))
