"""What a handler gets to know of the command that it carries out."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.access import Role
from bot.door import Door
from bot.request import Request
from core.app.app import App
from core.domain.member import Member


@dataclass(frozen=True)
class Call:
    """One command under way: the arena, where the answer goes, who asks and in which role."""

    app: App
    door: Door
    request: Request
    role: Role


def zone_of(app: App) -> ZoneInfo:
    """Return the time zone in which the arena shows times."""
    return ZoneInfo(app.settings.arena.timezone)


async def members_by_name(app: App) -> Mapping[str, Member]:
    """Return all members of the arena under their names."""
    return {member.name: member for member in await app.members()}
