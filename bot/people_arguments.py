"""What may stand after `/people` and `/audit`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.arguments import shown
from core.domain.errors import Refused

EVERYBODY = "everybody"
MOST_DEEDS = 500
_EXAMPLE = "/people telegram:1002 runner, with here for this chat alone, or /people remove telegram:1002"
_PERSON = re.compile(r"telegram:[1-9][0-9]{0,18}|slack:[UW][A-Z0-9]{1,30}", re.ASCII)
_BARE = re.compile(r"[1-9][0-9]{0,18}|<?@?([UW][A-Z0-9]{1,30})(?:\|[^>]*)?>?", re.ASCII)
_ROLES: dict[str, Literal["viewer", "runner", "admin"]] = {
    "viewer": "viewer",
    "runner": "runner",
    "admin": "admin",
}
_SCOPES: dict[str, Literal["here", "topic"]] = {"here": "here", "topic": "topic", "thread": "topic"}


@dataclass(frozen=True)
class PeopleArguments:
    """Whose role to change, and to what; without `person` the list is wanted, without `role` it is taken.

    `person` is an id as in `[access]`, an id without its platform, or `everybody`. `where` None means
    everywhere.
    """

    person: str | None = None
    role: Literal["viewer", "runner", "admin"] | None = None
    where: Literal["here", "topic"] | None = None


@dataclass(frozen=True)
class AuditArguments:
    """How many of the last deeds to show; None means the usual number."""

    count: int | None = None


def people(words: Sequence[str]) -> PeopleArguments:
    """Read nothing, a person with a role, or `remove` and a person, each with a place.

    Raises:
        Refused: it is none of these.
    """
    if not words:
        return PeopleArguments()
    rest = [word.lower() for word in words[1:]]
    if words[0].lower() == "remove":
        if not rest:
            raise Refused(f"Whom? Write {_EXAMPLE}.")
        return PeopleArguments(_person(words[1]), None, _where(words[2:]))
    person = _person(words[0])
    role = _ROLES.get(rest[0]) if rest else None
    if role is None:
        said = f"“{shown(words[1])}” is no role. " if rest else ""
        raise Refused(f"{said}A role is viewer, runner or admin. Write {_EXAMPLE}.")
    return PeopleArguments(person, role, _where(words[2:]))


def audit(words: Sequence[str]) -> AuditArguments:
    """Read how many, from 1 to 500.

    Raises:
        Refused: it is no such number.
    """
    if not words:
        return AuditArguments()
    word = words[0]
    if len(words) > 1 or not re.fullmatch("[0-9]{1,4}", word, re.ASCII) or not 1 <= int(word) <= MOST_DEEDS:
        raise Refused(f"Write /audit, or how many of the last to show, from 1 to {MOST_DEEDS}: /audit 100.")
    return AuditArguments(int(word))


def _person(word: str) -> str:
    if word.lower() in {EVERYBODY, "everyone", "all"}:
        return EVERYBODY
    if _PERSON.fullmatch(word):
        return word
    if bare := _BARE.fullmatch(word):
        return bare[1] or word
    raise Refused(
        f"“{shown(word)}” is no id of a person, such as telegram:1002 or slack:U0BOB. "
        "/whoami shows one's own."
    )


def _where(words: Sequence[str]) -> Literal["here", "topic"] | None:
    if not words:
        return None
    where = _SCOPES.get(words[0].lower())
    if where is None or len(words) > 1:
        raise Refused(
            f"“{shown(' '.join(words))}” is no place. Write here for this chat, topic for this topic of it, "
            "or nothing for everywhere."
        )
    return where
