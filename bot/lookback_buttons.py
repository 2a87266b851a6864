"""What the buttons of looking back send, with short ids and no names.

* `h.<page>[.<ticker>]` turns to a page of the history, of one ticker or of all
* `k.<run>.<one>.<other>.<page>` turns to a page of a comparison of two members, by their numbers
* `o.<member>.<h|t|y>.<page>` turns to a page of a member's holdings, trades or history; `o.<member>` is the
  beginning of its portfolio
* `e.<run>` posts a run as files

Pages count from 1. Whoever presses a button may have written its data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass
from typing import Literal

from core.domain.errors import Refused

LIMIT_BYTES = 64
_NUMBER = "([1-9][0-9]{0,8})"
_RUN = "([0-9a-z]{1,24})"
_HISTORY = re.compile(rf"h\.{_NUMBER}(?:\.([A-Z0-9^][A-Z0-9.=^-]{{0,15}}))?", re.ASCII)
_COMPARE = re.compile(rf"k\.{_RUN}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)
_BOOKS = re.compile(rf"o\.{_NUMBER}(?:\.([hty])\.{_NUMBER})?", re.ASCII)
_EXPORT = re.compile(rf"e\.{_RUN}", re.ASCII)
Part = Literal["holdings", "trades", "history"]
_LETTERS: dict[Part, str] = {"holdings": "h", "trades": "t", "history": "y"}
_PARTS: dict[str, Part] = {letter: part for part, letter in _LETTERS.items()}


@dataclass(frozen=True)
class TurnHistory:
    """Show a page of the runs of a ticker, or of all."""

    page: int
    ticker: str | None = None


@dataclass(frozen=True)
class TurnCompared:
    """Show a page of a comparison; members are named by their numbers."""

    run_id: str
    one: int
    other: int
    page: int


@dataclass(frozen=True)
class TurnBooks:
    """Show a page of one part of a member's books, or without a part their beginning."""

    member: int
    part: Part | None = None
    page: int = 1


@dataclass(frozen=True)
class ExportRun:
    """Post a run as files."""

    run_id: str


LookbackWish = TurnHistory | TurnCompared | TurnBooks | ExportRun


def encode(wish: LookbackWish) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: it could not be read back.
    """
    match wish:
        case TurnHistory():
            data = f"h.{wish.page}" + (f".{wish.ticker}" if wish.ticker else "")
        case TurnCompared():
            data = f"k.{wish.run_id}.{wish.one}.{wish.other}.{wish.page}"
        case TurnBooks():
            data = f"o.{wish.member}" + (f".{_LETTERS[wish.part]}.{wish.page}" if wish.part else "")
        case ExportRun():
            data = f"e.{wish.run_id}"
    if not any(form.fullmatch(data) for form in (_HISTORY, _COMPARE, _BOOKS, _EXPORT)):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> LookbackWish:
    """Return what a button of looking back asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _HISTORY.fullmatch(data):
        return TurnHistory(int(match[1]), match[2])
    if match := _COMPARE.fullmatch(data):
        return TurnCompared(match[1], int(match[2]), int(match[3]), int(match[4]))
    if match := _BOOKS.fullmatch(data):
        part = _PARTS[match[2]] if match[2] else None
        return TurnBooks(int(match[1]), part, int(match[3]) if match[3] else 1)
    if match := _EXPORT.fullmatch(data):
        return ExportRun(match[1])
    raise Refused("This button is too old. Send /history, /compare, /portfolio or /export again.")
