"""People with roles before a desk, and what the desk answers them."""

from bot.desk import Desk
from bot.request import Person
from core.config import Settings
from tests.arena_double import ArenaDouble
from tests.door_double import DoorDouble, request

BOB = Person("telegram:1002", "Bob")
MALLORY = Person("telegram:6666", "Mallory")
ACCESS = {
    "admins": ["telegram:1001"],
    "people": [{"id": "telegram:1002", "role": "viewer"}],
}


def arena(**more: object) -> ArenaDouble:
    """An arena in which Alice is an admin and Bob a viewer; Mallory has no role. `more` is configured."""
    return ArenaDouble(Settings.model_validate({"access": ACCESS, **more}))


async def answered(app: ArenaDouble, door: DoorDouble, text: str, **more: object) -> object:
    """Send a command and return the card that its answer shows in the end."""
    await Desk(app).handle(request(text, **more), door)
    return door.last.now
