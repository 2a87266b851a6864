"""What comes in from a chat platform, as values that look the same whichever it came from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Platform = Literal["telegram", "slack", "terminal"]


@dataclass(frozen=True)
class Address:
    """A place to post: a chat, and within it a thread, which Telegram calls a topic."""

    platform: Platform
    chat: str
    thread: str | None = None

    @cached_property
    def chat_id(self) -> str:
        """The chat as `[access]` names it, for instance `telegram:-100123`."""
        return f"{self.platform}:{self.chat}"


@dataclass(frozen=True)
class Person:
    """Who asks. `id` is as `[access]` names it, for instance `slack:U0ALICE`."""

    id: str
    name: str


@dataclass(frozen=True)
class Request:
    """A command that somebody typed. `text` has neither slash nor mention: `run NVDA quick`.

    `delivery` is the platform's own id of this update; the same one comes again when it redelivers.
    `private` says that only this person reads the chat. `message` is the platform's id of the message that
    carries the command, where an answer can refer to it. `once` names that message whatever becomes of its
    text: of its texts one at most is carried out. `only_commands` says that nobody waits for an answer where
    the text is no valid command, as when it was edited.
    """

    text: str
    address: Address
    person: Person
    delivery: str
    private: bool = False
    message: str | None = None
    once: str | None = None
    only_commands: bool = False

    @property
    def anonymous(self) -> bool:
        """Whether a group itself speaks, so that nobody can know which of its administrators it is."""
        return self.address.chat.startswith("-") and self.person.id == self.address.chat_id


@dataclass(frozen=True)
class Press:
    """A button that somebody pressed. `data` is what `bot.buttons` wrote into it.

    `message` is the platform's id of the message below which it stands, where that is known.
    """

    data: str
    address: Address
    person: Person
    delivery: str
    message: str | None = None
