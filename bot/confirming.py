"""What cannot be undone is asked about once more: what the two buttons of such a question send.

`c.<y|n>.<deed>.<until>.<nonce>.<person>.<chat>.<target>` says yes or no. The deed is a letter; `until` is
the second of Unix time up to which the question stands, in base 36; the nonce tells it from others of that
second; person and chat are marks (`mark_of`) of who asked and where; the target is short and says of what: a
member's number, a season. Nothing is kept between question and answer, and whoever presses may have written
the data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.dialogue_buttons import mark_of
from bot.request import Address, Person
from core.domain.errors import Refused
from core.domain.ids import new_id

CONFIRM_WITHIN = timedelta(seconds=60)
LIMIT_BYTES = 64
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MARK = "([0-9a-f]{8})"
_FORM = re.compile(
    rf"c\.([yn])\.([a-z])\.([1-9a-z][0-9a-z]{{0,7}})\.([0-9a-z]{{3}})\.{_MARK}\.{_MARK}\.([a-z0-9~-]*)",
    re.ASCII,
)


class Deed(StrEnum):
    """What is asked about. Buttons outlive versions: a letter keeps its meaning for ever."""

    END_SEASON = "e"
    REMOVE = "m"
    RESET = "r"
    START_SEASON = "s"
    UNSUBSCRIBE_ALL = "u"


@dataclass(frozen=True)
class Confirmation:
    """An answer to a question: whether to do the deed to the target. `person` and `chat` are marks."""

    deed: Deed
    target: str
    person: str
    chat: str
    until: int
    nonce: str
    yes: bool = True

    @property
    def key(self) -> str:
        """What the question is known by, whatever the answer: only the first answer counts."""
        return encode(replace(self, yes=True))


def asked(deed: Deed, target: str, address: Address, person: Person, now: datetime) -> Confirmation:
    """Return the yes to a question that `person` is asked at `address`, and that stands for a minute."""
    until = int((now + CONFIRM_WITHIN).timestamp())
    return Confirmation(deed, target, mark_of(person), mark_of(address), until, new_id(3))


def encode(answer: Confirmation) -> str:
    """Return the data of a button for an answer.

    Raises:
        ValueError: it would be longer than 64 bytes, or could not be read back.
    """
    sign = "y" if answer.yes else "n"
    asked = f"{_in_base_36(answer.until)}.{answer.nonce}.{answer.person}.{answer.chat}"
    data = f"c.{sign}.{answer.deed}.{asked}.{answer.target}"
    if len(data.encode()) > LIMIT_BYTES or not _FORM.fullmatch(data):
        raise ValueError(f"no button can carry {data!r}")
    return data


def decode(data: str) -> Confirmation:
    """Return what a button answers.

    Raises:
        Refused: the data are not of this version's making.
    """
    match = _FORM.fullmatch(data)
    if match is None or len(data) > LIMIT_BYTES or match[2] not in set(Deed):
        raise Refused("This button is too old, and nothing was done. Send the command again.")
    sign, deed, until, nonce, person, chat, target = match.groups()
    return Confirmation(Deed(deed), target, person, chat, int(until, 36), nonce, yes=sign == "y")


def fits(answer: Confirmation) -> bool:
    """Say whether a button can carry an answer."""
    try:
        encode(answer)
    except ValueError:
        return False
    return True


def deed_in_words(data: str) -> tuple[str, bool]:
    """Return what a button does, in words for an audit trail, and whether that changes anything."""
    try:
        answer = decode(data)
    except Refused:
        return "button: unknown", False
    told = answer.deed.name.lower().replace("_", " ")
    return f"button: {'yes' if answer.yes else 'no'} to {told} {answer.target}".rstrip(), answer.yes


def _in_base_36(number: int) -> str:
    digits = ""
    while number > 0:
        number, last = divmod(number, 36)
        digits = _DIGITS[last] + digits
    return digits
