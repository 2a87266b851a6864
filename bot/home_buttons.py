"""What the buttons of a person's own page and of its windows send.

* `a.l` shows the leaderboard, `a.h` the commands.
* `a.t.<run>.<member number>.<stage ordinal>.<page>` posts a page of reasoning into the thread of the verdict;
  the numbers are those of `bot.buttons`.

Whoever presses may have written the data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass

from bot.buttons import TurnTo
from core.domain.errors import Refused

PREFIX = "a."
_NUMBER = "([1-9][0-9]{0,8})"
_POST = re.compile(rf"a\.t\.([0-9a-z]{{1,24}})\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}", re.ASCII)


@dataclass(frozen=True)
class ShowBoard:
    """Show the leaderboard."""


@dataclass(frozen=True)
class ShowHelp:
    """Show the commands that the person may send."""


@dataclass(frozen=True)
class PostPage:
    """Post one page of a member's reasoning into the thread of the verdict."""

    page: TurnTo


HomeWish = ShowBoard | ShowHelp | PostPage


def encode(wish: HomeWish) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: the ids have another shape than ours, so the data could not be read back.
    """
    match wish:
        case ShowBoard():
            return "a.l"
        case ShowHelp():
            return "a.h"
        case PostPage():
            page = wish.page
            data = f"a.t.{page.run_id}.{page.member}.{page.stage}.{page.page}"
    if not _POST.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> HomeWish:
    """Return what a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if data == "a.l":
        return ShowBoard()
    if data == "a.h":
        return ShowHelp()
    if match := _POST.fullmatch(data):
        return PostPage(TurnTo(match[1], int(match[2]), int(match[3]), int(match[4])))
    raise Refused("This button is too old. Open the page again, or send /help.")


def posts(data: str) -> bool:
    """Say whether a button posts a page into a thread."""
    return _POST.fullmatch(data) is not None
