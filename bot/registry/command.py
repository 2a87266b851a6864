"""What a command is, before any of them is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.access import Role
from bot.arguments import Arguments


@dataclass(frozen=True)
class Command:
    """One command: how it is written, what it does in a line and in detail, and who may send it.

    `handler` names the function in `bot.handlers`; `read` turns the words after the name into values.
    """

    name: str
    usage: str
    summary: str
    detail: str
    role: Role
    handler: str
    read: Callable[[Sequence[str]], Arguments]
    aliases: tuple[str, ...] = ()
