"""What Conclave needs of a chat platform: send, edit, send a file. Everything else is native."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.cards import Card
from bot.request import Address, Person, Platform
from core.domain.errors import ConclaveError


@dataclass(frozen=True)
class MessageRef:
    """A message of ours on a platform."""

    address: Address
    message: str


class DeliveryFailed(ConclaveError):
    """The platform did not take the message; asking again may help."""


class Flooded(DeliveryFailed):
    """The platform asks us to wait."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"the platform asks to wait {retry_after_s:g} s")
        self.retry_after_s = retry_after_s


class EditsScarce(Flooded):
    """The platform's edits run short: edits of what goes on must wait, answers and ends need not."""


class MessageGone(DeliveryFailed):
    """The message to edit no longer exists or can no longer be edited; send a fresh one."""


class Unsure(DeliveryFailed):
    """Nobody can know whether the platform took the message; asking again may post it twice."""


class ChatGone(DeliveryFailed):
    """The chat is closed to us; asking again will not help."""


class ThreadGone(ChatGone):
    """The thread (on Telegram a topic) is closed to us, and the rest of the chat is not."""


class Door(Protocol):
    """One platform. All methods raise a `DeliveryFailed`; none raises for content that a card holds.

    A card always fits, because the renderer clamps what cannot be paged. An edit that changes nothing
    is no failure.
    """

    platform: Platform
    page_size: int
    """How many characters of running text one reasoning card may hold here."""

    def pace(self, address: Address) -> float:
        """Return the seconds that must lie between two edits in this chat."""
        ...

    def per_minute(self, address: Address) -> int | None:
        """Return how many messages and edits together this chat takes in a minute, where that is limited."""
        ...

    def per_second(self) -> float | None:
        """Return how many messages and edits the whole bot may send in a second, where that is limited."""
        return None

    async def working(self, address: Address) -> float | None:
        """Show in a chat that an answer is being worked on, where the platform can.

        Returns after how many seconds that should be said again, or None where once is enough.
        """
        return None

    async def send(self, address: Address, card: Card, *, only_for: Person | None = None) -> MessageRef:
        """Post a card; `only_for` asks that just this person sees it, where the platform can."""
        ...

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Replace what a message of ours shows."""
        ...

    async def send_file(self, address: Address, name: str, content: bytes, caption: str) -> MessageRef:
        """Post a file with a caption."""
        ...


@runtime_checkable
class FindsChats(Protocol):
    """A door that leads to chats by their names."""

    async def chat_for(self, name: str, person: Person) -> Address:
        """Return the chat of this name, in which we may post and which `person` administers.

        Raises:
            Refused: one of these is not so.
            DeliveryFailed: the platform could not be asked.
        """
        ...
