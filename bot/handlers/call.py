"""What a handler gets to know of the command that it carries out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.access import Role
from bot.door import Door
from bot.live_message import LiveMessages
from bot.request import Press, Request
from bot.studio import Studio
from core.app.app import App


@dataclass(frozen=True)
class Call:
    """One command under way: the arena, the messages of runs, where the answer goes, who asks as what.

    `platforms` says of each platform that is served how it is, `studio` draws pictures.
    """

    app: App
    live: LiveMessages
    door: Door
    request: Request
    role: Role
    platforms: Mapping[str, str] = field(default_factory=dict)
    studio: Studio = field(default_factory=Studio)


@dataclass(frozen=True)
class PressCall:
    """One pressed button under way: as `Call`, but what is opened is returned, and the door shows it."""

    app: App
    live: LiveMessages
    door: Door
    press: Press
    role: Role
    studio: Studio = field(default_factory=Studio)
