"""What a platform tells of a chat itself, and what is said because of it: little, and once.

* we were added to a group: one greeting, with the group's id where it has no role yet;
* we were removed, blocked or muted: what it subscribed to rests, and the admins hear it if there was any;
* we may post again: one sentence that says what goes on by itself;
* a group got another id: everything goes on there, without a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.access import reachable_admins, role_at
from bot.cards import Notice
from bot.present.notices import back_notice, closed_notice, welcome_notice
from bot.request import Address, Person
from core.app.app import App
from core.domain.at_place import AtPlace
from core.domain.chat import ChatState

Post = tuple[Address, Notice]


@dataclass(frozen=True)
class ChatNews:
    """What is new in a chat. `kind` and `title` are empty, and `state` None, where they were not told.

    `reason` says why the chat is shut, in one sentence. `entered` says that we have just become a member.
    `moved_to` is the chat that it has become. `delivery` is the platform's id of this update.
    """

    address: Address
    delivery: str
    kind: str = ""
    title: str = ""
    state: ChatState | None = None
    reason: str = ""
    entered: bool = False
    moved_to: Address | None = None


async def posts_about(app: App, news: ChatNews) -> Sequence[Post]:
    """Keep what is new of a chat, and return what is to be said about it, and where.

    The same news may be told again: what is kept stays the same, and nothing is said twice.
    """
    chat, known = news.address.chat_id, app.known_chats
    if news.moved_to is not None:
        await known.was_moved(chat, news.moved_to.chat_id)
        return ()
    await known.described(chat, news.kind, news.title)
    if news.state is None:
        return ()
    if news.state.shut:
        shut = await known.was_shut(chat, news.state, news.reason)
        notice = closed_notice(chat, shut.paused, news.reason)
        admins = await reachable_admins(app, but=chat)
        return [(admin, notice) for admin in admins] if shut.paused else ()
    return await _opened(app, news)


async def _opened(app: App, news: ChatNews) -> Sequence[Post]:
    opened = await app.known_chats.was_opened(news.address.chat_id)
    if opened.resumed:
        return [(news.address, back_notice(opened.resumed))]
    if not news.entered or news.kind not in {"group", "supergroup"}:
        return ()
    itself = Person(news.address.chat_id, news.title)
    if await app.known_chats.earlier(itself.id) or not await app.greet_once(f"us {itself.id}"):
        return ()
    role = await role_at(app, news.address, itself)
    return [(news.address, welcome_notice(itself.id, role.title if role else None))]


async def posts_when_reached(app: App, address: Address) -> Sequence[Post]:
    """Note that a chat took an answer, and return what is to be said if it counted as closed until now."""
    known = await app.known_chats.get(address.chat_id)
    if known is None or known.state is not ChatState.CLOSED:
        return ()
    opened = await app.known_chats.was_opened(address.chat_id)
    return [(address, back_notice(opened.resumed))] if opened.resumed else ()


async def answered_at(app: App, address: Address, person: Person) -> tuple[Address, AtPlace] | None:
    """Return where what a person sends from `address` is answered: there, or in the chat that it has become.

    With it comes what is stored of them there. None where we are in the chat and may not post: nobody could
    read an answer.
    """
    stored = await app.places.at(person.id, address.chat_id)
    if stored.moved_to is not None:
        address = replace(address, chat=stored.moved_to.partition(":")[2])
        return address, await app.places.at(person.id, address.chat_id)
    return None if stored.state is ChatState.RESTRICTED else (address, stored)
