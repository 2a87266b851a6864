"""What a handler gets to know of the command that it carries out."""

from dataclasses import dataclass

from bot.access import Role
from bot.door import Door
from bot.live_message import LiveMessages
from bot.request import Request
from core.app.app import App


@dataclass(frozen=True)
class Call:
    """One command under way: the arena, the messages of runs, where the answer goes, who asks as what."""

    app: App
    live: LiveMessages
    door: Door
    request: Request
    role: Role
