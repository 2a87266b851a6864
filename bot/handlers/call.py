"""What a handler gets to know of the command that it carries out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bot.access import Role
from bot.cards import Card
from bot.connections import Connections
from bot.door import Door
from bot.live_message import LiveMessages
from bot.reception import Reception
from bot.request import Press, Request
from core.app.app import App


@dataclass(frozen=True)
class Call:
    """One command under way: the arena, the messages of runs, where the answer goes, who asks as what.

    `platforms` says of each platform that is served how it is, and `connections` how each connection is.
    `held_back` says that the chat's settings let somebody who is runner only look.
    """

    app: App
    live: LiveMessages
    door: Door
    request: Request
    role: Role
    platforms: Mapping[str, str] = field(default_factory=dict)
    connections: Connections = field(default_factory=dict)
    held_back: bool = False


@dataclass(frozen=True)
class PressCall:
    """One pressed button under way: as `Call`, but what is opened is returned, and the door shows it.

    `obey` carries out a command as if whoever pressed had typed it there. `reception` tells people of
    decisions that are theirs to hear.
    """

    app: App
    live: LiveMessages
    door: Door
    press: Press
    role: Role
    obey: Callable[[str], Awaitable[Card | None]]
    reception: Reception | None = None


async def release_once(app: App, request: Request) -> None:
    """Let the message of a command of which nothing came be mended by editing it."""
    if request.once is not None:
        await app.release_delivery(request.address.platform, request.once)
