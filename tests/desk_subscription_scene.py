"""A chat before a desk, in which people subscribe by lines and by buttons."""

from bot.cards import Button, Card, DialogueCard, Notice, SubscriptionsCard
from bot.desk import Desk
from bot.request import Address, Person
from tests.arena_double import ArenaDouble
from tests.desk_scene import arena
from tests.door_double import CHAT, DoorDouble, press, request

CAROL = Person("telegram:1003", "Carol")
TOPIC, ELSEWHERE = Address("telegram", "-100123", "7"), Address("telegram", "-100999")
RIGHTS = {
    "admins": ["telegram:1001"],
    "people": [{"id": "telegram:1002", "role": "viewer"}, {"id": "telegram:1003", "role": "runner"}],
}


class Scene:
    """A chat before a desk. Alice is admin, Carol runner, Bob viewer, and Mallory nobody."""

    def __init__(self, **more: object) -> None:
        self.app: ArenaDouble = arena(access=RIGHTS, **more)
        self.door = DoorDouble()
        self.desk = Desk(self.app)
        self._deliveries = 0

    async def say(self, text: str, person: Person = CAROL, address: Address = CHAT) -> Card:
        self._deliveries += 1
        shown = len(self.door.messages)
        await self.desk.handle(request(text, person, address, f"d{self._deliveries}"), self.door)
        assert len(self.door.messages) == shown + 1
        return self.door.last.now

    async def press(self, data: str, person: Person = CAROL, address: Address = CHAT) -> Card | None:
        self._deliveries += 1
        return await self.desk.press(press(data, person, address, f"p{self._deliveries}"), self.door)

    async def click(self, card: Card | None, label: str, person: Person = CAROL) -> Card | None:
        return await self.press(button(card, label), person)


def buttons_on(card: Card | None) -> tuple[Button, ...]:
    if isinstance(card, SubscriptionsCard):
        return tuple(one for line in card.lines for one in line.buttons) + card.page_buttons
    assert isinstance(card, DialogueCard), card
    return card.buttons


def button(card: Card | None, label: str) -> str:
    return next(one.data for one in buttons_on(card) if one.label == label)


def facts(card: Card | None) -> dict[str, str]:
    assert isinstance(card, DialogueCard), card
    return dict(card.facts)


def told(card: Card | None) -> str:
    assert isinstance(card, Notice), card
    return card.text
