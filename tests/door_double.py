"""A chat platform in memory that remembers what was shown, and fails when a test says so."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.cards import Card
from bot.door import Door, MessageRef
from bot.request import Address, Person, Platform, Press, Request

ALICE = Person("telegram:1001", "Alice")
CHAT = Address("telegram", "-100123")


@dataclass
class Shown:
    """One message as the chat sees it now, and everything it has shown before."""

    address: Address
    cards: list[Card] = field(default_factory=list)
    only_for: Person | None = None

    @property
    def now(self) -> Card:
        return self.cards[-1]


class DoorDouble(Door):
    """`trouble(kind, number of the call)` may return what to raise or an event to wait for."""

    def __init__(self, platform: Platform = "telegram", pace_s: float = 3.0, page_size: int = 500) -> None:
        self.platform = platform
        self.page_size = page_size
        self.pace_s = pace_s
        self.a_minute: int | None = None
        self.a_second: float | None = None
        self.again_s: float | None = None
        self.worked: list[Address] = []
        self.messages: dict[str, Shown] = {}
        self.files: dict[str, tuple[str, bytes, str]] = {}
        self.calls: list[str] = []
        self.trouble: Callable[[str, int], Exception | asyncio.Event | None] = lambda kind, number: None

    def pace(self, address: Address) -> float:
        return self.pace_s

    def per_minute(self, address: Address) -> int | None:
        return self.a_minute

    def per_second(self) -> float | None:
        return self.a_second

    async def working(self, address: Address) -> float | None:
        self.worked.append(address)
        return self.again_s

    async def _meet(self, kind: str) -> None:
        self.calls.append(kind)
        met = self.trouble(kind, len(self.calls))
        if isinstance(met, Exception):
            raise met
        if met is not None:
            await met.wait()

    async def send(self, address: Address, card: Card, *, only_for: Person | None = None) -> MessageRef:
        await self._meet("send")
        message = str(len(self.messages) + 1)
        self.messages[message] = Shown(address, [card], only_for)
        return MessageRef(address, message)

    async def edit(self, ref: MessageRef, card: Card) -> None:
        await self._meet("edit")
        self.messages.setdefault(ref.message, Shown(ref.address)).cards.append(card)

    async def send_file(self, address: Address, name: str, content: bytes, caption: str) -> MessageRef:
        await self._meet("send_file")
        message = str(len(self.messages) + 1)
        self.messages[message] = Shown(address)
        self.files[message] = (name, content, caption)
        return MessageRef(address, message)

    @property
    def last(self) -> Shown:
        return list(self.messages.values())[-1]


def request(text: str, person: Person = ALICE, address: Address = CHAT, delivery: str = "1") -> Request:
    return Request(text=text, address=address, person=person, delivery=delivery)


def press(data: str, person: Person = ALICE, address: Address = CHAT, delivery: str = "p1") -> Press:
    return Press(data=data, address=address, person=person, delivery=delivery)
