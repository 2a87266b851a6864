"""An arena with two admins who are asked about strangers, and what is said and shown at its desk."""

from bot.desk import Desk
from bot.request import Address, Person
from tests.arena_double import ArenaDouble
from tests.desk_scene import BOB, MALLORY, arena
from tests.door_double import DoorDouble, request

ADMINS = ["telegram:1001", "telegram:1004"]
ANNE = Person("telegram:1004", "Anne")
ALICES, ANNES = Address("telegram", "1001"), Address("telegram", "1004")


def open_arena(**access: object) -> ArenaDouble:
    """An arena with two admins, who are asked about strangers."""
    people = [{"id": BOB.id, "role": "runner"}]
    return arena(access={"admins": ADMINS, "people": people} | access)


async def said(desk: Desk, door: DoorDouble, text: str, **more: object) -> object:
    """Send a command, and return the newest card in its chat."""
    await desk.handle(request(text, **more), door)
    return door.last.now


def at_work(app: ArenaDouble, door: DoorDouble) -> Desk:
    desk = Desk(app)
    desk.reception.open(door)
    return desk


def shown_in(door: DoorDouble, address: Address) -> list[object]:
    return [message.now for message in door.messages.values() if message.address == address]


async def asked(desk: Desk, door: DoorDouble) -> None:
    """Let Mallory turn up, and the admins be asked."""
    await desk.handle(request("run NVDA", person=MALLORY, delivery="m1"), door)
    await desk.reception.until_idle()
