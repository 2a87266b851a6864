"""A chat before a desk on a real arena: what people type and press, and what they are told."""

import itertools

from bot.cards import Card, DialogueCard, Notice
from bot.desk import Desk
from bot.request import Address, Person
from tests.door_double import DoorDouble, press, request
from tests.market_days import Days

ALICE, BOB = Person("telegram:1001", "Alice"), Person("telegram:1002", "Bob")
CHAT = Address("telegram", "-100123")
_COUNT = itertools.count()


class Chat:
    """A chat before a desk on a real arena."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._door = DoorDouble()

    async def say(self, text: str, person: Person = ALICE) -> Card:
        await Desk(self._days.app).handle(request(text, person, CHAT, f"d{next(_COUNT)}"), self._door)
        return self._door.last.now

    async def click(self, card: Card, label: str, person: Person = ALICE) -> Card | None:
        assert isinstance(card, DialogueCard), card
        data = next(one.data for one in card.buttons if one.label == label)
        return await Desk(self._days.app).press(press(data, person, CHAT, f"p{next(_COUNT)}"), self._door)


def told(card: Card | None) -> str:
    assert isinstance(card, Notice), card
    return card.text
