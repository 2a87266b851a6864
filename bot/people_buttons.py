"""What the buttons about people and the audit trail send: short numbers, never names.

* `g.<invitation>.<v|r|d>` lets somebody in as viewer or runner, or denies it
* `g.l.<page>` turns to a page of the list of people
* `au.<a|h>.<count>.<page>` turns to a page of the last `count` deeds, of all chats or of the one here

Whoever presses may have written the data by hand, so the role is looked at where the press is answered.
"""

import re
from dataclasses import dataclass
from typing import Literal

from core.domain.errors import Refused

_NUMBER = "([1-9][0-9]{0,8})"
_DECIDE = re.compile(rf"g\.{_NUMBER}\.([vrd])", re.ASCII)
_LIST = re.compile(rf"g\.l\.{_NUMBER}", re.ASCII)
_AUDIT = re.compile(r"au\.([ah])\.([1-9][0-9]{0,2})\.([1-9][0-9]{0,2})", re.ASCII)
_LETTER_OF = {"viewer": "v", "runner": "r", None: "d"}


@dataclass(frozen=True)
class Decide:
    """Let the person of an invitation in with a role, or with None deny it."""

    invitation: int
    role: Literal["viewer", "runner"] | None


@dataclass(frozen=True)
class ShowPeople:
    """Show a page of the list of people, counted from 1."""

    page: int


@dataclass(frozen=True)
class ShowAudit:
    """Show a page of the last `count` deeds, of this chat or of all."""

    count: int
    page: int
    everywhere: bool


def encode(wish: Decide | ShowPeople | ShowAudit) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: it could not be read back.
    """
    match wish:
        case Decide():
            data = f"g.{wish.invitation}.{_LETTER_OF[wish.role]}"
        case ShowPeople():
            data = f"g.l.{wish.page}"
        case ShowAudit():
            data = f"au.{'a' if wish.everywhere else 'h'}.{wish.count}.{wish.page}"
    if not any(form.fullmatch(data) for form in (_DECIDE, _LIST, _AUDIT)):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> Decide | ShowPeople | ShowAudit:
    """Return what a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _DECIDE.fullmatch(data):
        if match[2] == "d":
            return Decide(int(match[1]), None)
        return Decide(int(match[1]), "viewer" if match[2] == "v" else "runner")
    if match := _LIST.fullmatch(data):
        return ShowPeople(int(match[1]))
    if match := _AUDIT.fullmatch(data):
        return ShowAudit(int(match[2]), int(match[3]), everywhere=match[1] == "a")
    raise Refused("This button is too old. Send /people or /audit again.")
