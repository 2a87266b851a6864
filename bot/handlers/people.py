"""`/people` and `/audit`, and their buttons: for admins alone, whatever a button's data say."""

from typing import get_args

from bot.access import Role, is_private, lacks_whole_chat, role_at
from bot.cards import Card
from bot.facts import zone_of
from bot.handlers.call import Call, PressCall
from bot.people_arguments import EVERYBODY, AuditArguments, PeopleArguments
from bot.people_buttons import Decide, ShowAudit, ShowPeople, decode
from bot.present.audit import A_PAGE, audit_card, pages_of
from bot.present.notices import not_allowed_notice, place_needed_notice, whole_chat_notice
from bot.present.people import changed_words, decided_card, people_card, removed_words
from bot.request import Address, Platform
from core.app.app import App
from core.app.deeds import LAST
from core.app.people import configured_role
from core.domain.errors import Refused


async def people(call: Call, arguments: PeopleArguments) -> Card:
    """List who has which role, or change the role of one person.

    Raises:
        Refused: there is no such place, or only the configuration can change it.
    """
    app, address, by = call.app, call.request.address, call.request.person
    anywhere = address.platform == "terminal" or await app.people.is_admin_everywhere(by.id)
    if arguments.person is None:
        return await _listed(app, address, everywhere=anywhere and call.request.private)
    if arguments.where is None and not anywhere:
        return place_needed_notice()
    if arguments.where == "here" and await lacks_whole_chat(app, address, by, Role.ADMIN):
        return whole_chat_notice(Role.ADMIN.title)
    chat = "" if arguments.where is None else address.chat_id
    thread = _thread(address) if arguments.where == "topic" else ""
    person = _id_of(arguments.person, address)
    if arguments.role is None:
        count = await app.people.remove(person, by=by.id, chat=chat, thread=thread)
        done = removed_words(person, chat, count, thread)
    else:
        given = await app.people.grant(person, arguments.role, by=by.id, chat=chat, thread=thread)
        configured = configured_role(app.settings.access, person, chat, thread)
        greater = configured is not None and configured > Role[arguments.role.upper()]
        done = changed_words(given, configured.title if greater and configured else None)
    return await _listed(app, address, everywhere=anywhere and call.request.private, done=done)


async def audit(call: Call, arguments: AuditArguments) -> Card:
    """Show the last deeds: of all chats to an admin of all in a private chat, and else of this chat."""
    app, person = call.app, call.request.person
    anywhere = call.request.private and (
        call.request.address.platform == "terminal" or await app.people.is_admin_everywhere(person.id)
    )
    return await _deeds(app, call.request.address, ShowAudit(arguments.count or LAST, 1, anywhere))


async def people_pressed(call: PressCall) -> Card:
    """Decide whether to let somebody in, or turn a page of the list.

    Raises:
        NotFound: the request is not known any more.
        Refused: the data were not made here.
    """
    app, press, wish = call.app, call.press, decode(call.press.data)
    if isinstance(wish, Decide):
        return await _decided(call, wish)
    if call.role < Role.ADMIN:
        return not_allowed_notice(call.role.title, Role.ADMIN.title, "people")
    if not isinstance(wish, ShowPeople):
        raise Refused("This button is too old. Send /people again.")
    everywhere = is_private(press.address, press.person) and await _is_admin_everywhere(call)
    return await _listed(app, press.address, everywhere=everywhere, page=wish.page)


async def audit_pressed(call: PressCall) -> Card:
    """Turn a page of the audit trail.

    Raises:
        Refused: the data were not made here.
    """
    wish = decode(call.press.data)
    if not isinstance(wish, ShowAudit):
        raise Refused("This button is too old. Send /audit again.")
    private = is_private(call.press.address, call.press.person)
    if call.role < Role.ADMIN or (wish.everywhere and not (private and await _is_admin_everywhere(call))):
        return not_allowed_notice(call.role.title, Role.ADMIN.title, "audit")
    return await _deeds(call.app, call.press.address, wish)


async def _decided(call: PressCall, wish: Decide) -> Card:
    app, press = call.app, call.press
    asked = await app.people.invitation(wish.invitation)
    # The role counts where the person wants to be let in, which is all of that chat, not where the button is.
    platform, _, chat = asked.chat.partition(":")
    known: dict[str, Platform] = {name: name for name in get_args(Platform)}
    role = await role_at(app, Address(known[platform], chat), press.person) if platform in known else None
    at_terminal = press.address.platform == "terminal"
    if not at_terminal and (role is None or role < Role.ADMIN):
        return not_allowed_notice(call.role.title, Role.ADMIN.title, "people")
    decision = await app.people.decide(wish.invitation, wish.role, by=press.person.id)
    invitation = decision.invitation
    if decision.decided:
        what = f"approve {invitation.person} as {wish.role}" if wish.role else f"deny {invitation.person}"
        thread = invitation.thread or None
        await app.people.deeds.note(press.person.id, invitation.chat, thread, what, "done")
        if call.reception is not None:
            call.reception.attend(invitation)
    return decided_card(invitation, zone_of(app))


async def _listed(app: App, address: Address, *, everywhere: bool, page: int = 1, done: str = "") -> Card:
    chat = None if everywhere else address.chat_id
    return people_card(
        app.settings.access,
        await app.people.listing(chat),
        await app.people.waiting(chat),
        chat=chat,
        page=page,
        done=done,
        somebody="@bob" if address.platform == "slack" else "telegram:1002",
    )


async def _deeds(app: App, address: Address, wish: ShowAudit) -> Card:
    chat = None if wish.everywhere else address.chat_id
    kept = await app.people.deeds.count(chat)
    page = min(wish.page, pages_of(min(kept, wish.count)))
    shown = ShowAudit(wish.count, page, wish.everywhere)
    skip = (page - 1) * A_PAGE
    deeds = await app.people.deeds.last(min(A_PAGE, wish.count - skip), chat=chat, skip=skip)
    return audit_card(deeds, zone_of(app), shown=shown, kept=kept)


async def _is_admin_everywhere(call: PressCall) -> bool:
    press = call.press
    return press.address.platform == "terminal" or await call.app.people.is_admin_everywhere(press.person.id)


def _id_of(person: str, address: Address) -> str:
    """Return the id as `[access]` names it; empty for everybody, and a bare one is of this platform."""
    if person == EVERYBODY:
        return ""
    if ":" in person:
        return person
    if address.platform == "terminal":
        raise Refused(f"Which platform? Write telegram:{person} or slack:{person}.")
    fits = person.isdecimal() == (address.platform == "telegram")
    if not fits:
        raise Refused(f"{person} is no id of {address.platform.capitalize()}. /whoami shows one's own.")
    return f"{address.platform}:{person}"


def _thread(address: Address) -> str:
    if address.thread is None:
        raise Refused("This is no topic or thread. Write here for the whole chat, or ask in the topic.")
    return address.thread
