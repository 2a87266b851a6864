"""What a command is, before any of them is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.access import Role
from bot.arguments import Arguments
from bot.people_arguments import AuditArguments, PeopleArguments

Read = Arguments | PeopleArguments | AuditArguments
"""What the words after a command's name are read into."""


def never(arguments: Any) -> bool:
    """Say that nothing of a command is written down when it is done."""
    del arguments
    return False


def always(arguments: Any) -> bool:
    """Say that a command is written down whenever it is done."""
    del arguments
    return True


@dataclass(frozen=True)
class Command:
    """One command: how it is written, what it does in a line and in detail, and who may send it.

    `handler` names the function in `bot.handlers`; `read` turns the words after the name into values.
    `noted` says of such values that what they ask for goes into the audit trail; for admins' commands it
    always does.
    """

    name: str
    usage: str
    summary: str
    detail: str
    role: Role
    handler: str
    read: Callable[[Sequence[str]], Read]
    aliases: tuple[str, ...] = ()
    noted: Callable[[Any], bool] = never
