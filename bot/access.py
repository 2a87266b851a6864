"""Who may do what, decided in one place for commands and buttons alike.

The rules:

* Nobody has a role unless `[access]` gives one: deny by default.
* `admins` and `people` give a person a role everywhere, in chats that are not listed too.
* `chats` gives everybody in a chat a role there, and nowhere else. A group that got another id keeps it.
* Where both apply, the greater role counts: viewer < runner < admin.
* Whoever sits at the terminal is admin: that person can read the database and the configuration anyway.
* A stranger, that is a person without a role in the place where they ask, hears once per place which ids
  to have added, and after that nothing, whatever they type or press.
"""

from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, cast, get_args

from bot.request import Address, Person, Platform
from core.config.settings import Access

if TYPE_CHECKING:
    from core.app.app import App


class Role(IntEnum):
    """What a person may do; each role includes those before it."""

    VIEWER = 1
    RUNNER = 2
    ADMIN = 3

    @property
    def title(self) -> str:
        """The role as `[access]` spells it."""
        return self.name.lower()


def role_of(access: Access, address: Address, person: Person, earlier: Collection[str] = ()) -> Role | None:
    """Return the role of `person` at `address`, or None for a stranger.

    `earlier` are the ids that the chat had before it became this one.
    """
    if address.platform == "terminal":
        return Role.ADMIN
    if person.id in access.admins:
        return Role.ADMIN
    granted = [entry.role for entry in access.people if entry.id == person.id]
    granted += [chat.role for chat in access.chats if chat.id in {address.chat_id, *earlier}]
    return max((Role[name.upper()] for name in granted), default=None)


async def role_at(app: "App", address: Address, person: Person) -> Role | None:
    """Return the role of `person` at `address` as of now, or None for a stranger."""
    earlier = await app.known_chats.earlier(address.chat_id)
    return role_of(app.settings.access, address, person, earlier)


def place_of(address: Address, person: Person) -> str:
    """Name the pair of person and chat, under which a stranger is greeted once."""
    return f"{person.id} {address.chat_id}"


def admins_of(access: Access, but: str = "") -> Iterator[Address]:
    """Yield where the admins of `[access]` can be told something in private, save the chat id `but`."""
    for admin in access.admins:
        platform, _, person = admin.partition(":")
        if admin != but and platform in get_args(Platform) and not person.startswith("-"):
            yield Address(cast("Platform", platform), person)
