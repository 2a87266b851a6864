"""Who may do what, decided in one place for commands and buttons alike.

The rules:

* Nobody has a role unless `[access]` gives one, or a grant that an admin gave in a chat: deny by default.
* Of all that apply at a place the greatest role counts: viewer < runner < admin. `core.app.people` says how
  the two go together, and that no grant takes away what `[access]` gives.
* A role may hold everywhere, in one chat, or in one topic of it. What is about the whole chat, such as its
  settings, needs a role in all of it. A group that got another id keeps its roles.
* Where a chat's settings say that only admins start runs, its runners are viewers there.
* Whoever sits at the terminal is admin: that person can read the database and the configuration anyway.
* A stranger, that is a person without a role in the place where they ask, hears once that the admins are
  asked, or which ids to have added, and after that nothing, whatever they type or press.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from bot.request import Address, Person, Platform
from core.app.people import configured_role
from core.config.access import Access
from core.domain.at_place import AtPlace
from core.domain.errors import StoreError
from core.domain.people import Role
from core.domain.subscription import ChatTerms

if TYPE_CHECKING:
    from core.app.app import App

__all__ = ["Role", "Standing", "is_private", "place_of", "role_at", "role_of", "standing_at"]


class Standing(NamedTuple):
    """The role of a person in a place, and the one that they would have without the chat's own settings.

    `terms` are the chat's, where they were read with it and are not damaged.
    """

    role: Role | None
    held: Role | None
    terms: ChatTerms | None = None

    @property
    def held_back(self) -> bool:
        """Say whether the chat's settings let a runner only look."""
        return self.role is not self.held


def role_of(access: Access, address: Address, person: Person) -> Role | None:
    """Return the role that `[access]` alone gives `person` at `address`, or None for a stranger."""
    if address.platform == "terminal":
        return Role.ADMIN
    return configured_role(access, person.id, address.chat_id, address.thread or "")


async def standing_at(
    app: "App", address: Address, person: Person, stored: AtPlace | None = None
) -> Standing:
    """Return the role of `person` at `address` as of now, and whether the chat's settings hold it back.

    `stored` is what is stored of them there, where that was asked for already.
    """
    if address.platform == "terminal":
        return Standing(Role.ADMIN, Role.ADMIN)
    stored = stored or await app.places.at(person.id, address.chat_id)
    terms = stored.terms
    held = await app.people.role(
        person.id, address.chat_id, address.thread, earlier=stored.earlier, grants=stored.grants
    )
    if held is Role.RUNNER:
        if terms is None:  # damaged, and this says so
            terms = (await app.subscriptions.terms(address.platform, address.chat)).terms
        if terms.runs_by == "admin":
            return Standing(Role.VIEWER, held, terms)
    return Standing(held, held, terms)


async def role_at(app: "App", address: Address, person: Person) -> Role | None:
    """Return the role of `person` at `address` as of now, or None for a stranger."""
    return (await standing_at(app, address, person)).role


async def lacks_whole_chat(app: "App", address: Address, person: Person, needed: Role) -> bool:
    """Say whether a person who has the role `needed` in a topic has it there alone."""
    if address.thread is None:
        return False
    role = await role_at(app, replace(address, thread=None), person)
    return role is None or role < needed


async def rules_arena(app: "App", address: Address, person: Person) -> bool:
    """Say whether a person is admin of the whole arena, and not of one chat alone."""
    return address.platform == "terminal" or await app.people.is_admin_everywhere(person.id)


def place_of(address: Address, person: Person) -> str:
    """Name the pair of person and chat, under which a stranger is greeted once."""
    return f"{person.id} {address.chat_id}"


def is_private(address: Address, person: Person) -> bool:
    """Say whether a chat of ours can only be the one with this person, by its id.

    Not for what came by a slash command of Slack: that may be used in the direct messages of two others.
    """
    match address.platform:
        case "telegram":
            return address.chat_id == person.id
        case "slack":
            return address.chat.startswith("D")
        case "terminal":
            return True


async def reachable_admins(app: "App", but: str = "") -> tuple[Address, ...]:
    """Return where all admins can be told something in private, save the chat id `but`."""
    try:
        admins = await app.people.admins()
    except StoreError:
        admins = app.settings.access.admins
    private = [admin.partition(":") for admin in admins if admin != but]
    return tuple(
        Address(cast("Platform", platform), person)
        for platform, _, person in private
        if platform in get_args(Platform) and not person.startswith("-")
    )
