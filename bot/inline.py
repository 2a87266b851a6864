"""What is offered while a person writes the bot's name and a few words in any chat."""

from dataclasses import dataclass

from bot.cards import Card
from bot.deep_links import Link


@dataclass(frozen=True)
class Offered:
    """One card to put into the chat. `id` tells it from the others of one answer, in at most 64 bytes.

    `title` and `line` are shown for choosing. `link` opens more in the private chat, by a button that says
    `more`; None where there is no more.
    """

    id: str
    title: str
    line: str
    card: Card
    link: Link | None = None
    more: str = ""


@dataclass(frozen=True)
class Found:
    """A page of what is offered; `following` is the place at which the next one begins, if there is one."""

    offered: tuple[Offered, ...]
    following: int | None = None
