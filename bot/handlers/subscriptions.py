"""`/subscribe`, `/subscriptions` and `/unsubscribe`: what a chat receives by itself.

Everybody with a role may look. Runners subscribe, change, pause and resume, for what comes by itself may cost
money and speaks to the whole chat; in a topic, those of that topic. Who made a subscription may delete it
whatever their role has become, and so may every runner of the place where it posts.
"""

from dataclasses import replace

from bot.access import Role, lacks_whole_chat, role_at, rules_arena
from bot.arguments import SubscribeArguments, SubscriptionsArguments, UnsubscribeArguments
from bot.cards import Card, Notice
from bot.confirming import Deed, asked
from bot.dialogue_buttons import mark_of
from bot.handlers.call import Call, PressCall
from bot.handlers.elsewhere import address_of
from bot.present.dialogue import ask_topic
from bot.present.notices import not_allowed_notice, whole_chat_notice
from bot.present.numbers import counted
from bot.present.subscriptions import (
    delete_all_card,
    deleted_card,
    elsewhere_card,
    everywhere_card,
    list_card,
    subscribed_card,
)
from bot.request import Address, Person
from core.app.app import App
from core.domain.errors import NotAllowed
from core.domain.subscription import Topic


async def subscribe(call: Call, arguments: SubscribeArguments) -> Card:
    """Subscribe the chat, or change what it has; without a wish, begin the dialogue."""
    if arguments.wanted is None:
        return ask_topic(mark_of(call.request.address))
    address, use = await address_of(call, arguments.place), call.app.subscriptions
    await may_receive(call.app, call.request.address, call.request.person, arguments.wanted.topic)
    if arguments.number is not None:
        if arguments.place is None:
            await may_change(call.app, address, call.request.person, arguments.number)
        made = await use.resubscribe(address.platform, address.chat, arguments.number, arguments.wanted)
    else:
        made = await use.subscribe(
            address.platform,
            address.chat,
            address.thread,
            person=call.request.person.id,
            wanted=arguments.wanted,
        )
    changed = arguments.number is not None
    mark = None if arguments.place else mark_of(address)
    return subscribed_card(made, call.app.clock.now(), chat=mark, changed=changed)


async def subscriptions(call: Call, arguments: SubscriptionsArguments) -> Card:
    """List what the chat receives, or for an admin in private what all chats do."""
    if arguments.place is not None:
        there = await address_of(call, arguments.place)
        found = await call.app.subscriptions.of_chat(there.platform, there.chat)
        return elsewhere_card(found, call.app.clock.now(), arguments.place)
    if not arguments.everywhere:
        return await listed(call.app, call.request.address)
    if call.role < Role.ADMIN:
        return not_allowed_notice(call.role.title, Role.ADMIN.title, "subscriptions all")
    if not call.request.private:
        return Notice(
            text="/subscriptions all names other chats, so ask it in a private chat with me.", tone="warning"
        )
    return everywhere_card(await call.app.subscriptions.everywhere(), call.app.clock.now())


async def unsubscribe(call: Call, arguments: UnsubscribeArguments) -> Card:
    """Delete one subscription; ask once more before all go; without a number, offer those that there are."""
    address, person = await address_of(call, arguments.place), call.request.person
    if arguments.number is not None:
        if arguments.place is None:
            await may_change(call.app, address, person, arguments.number, deletes=True)
        ended = await call.app.subscriptions.unsubscribe(address.platform, address.chat, arguments.number)
        return deleted_card(ended)
    if not arguments.everything:
        return await listed(call.app, address, only_delete=True)
    if call.role < Role.RUNNER:
        return not_allowed_notice(call.role.title, Role.RUNNER.title, "unsubscribe all")
    if arguments.place is None and await lacks_whole_chat(call.app, address, person, Role.RUNNER):
        return whole_chat_notice(Role.RUNNER.title)
    count = len(await call.app.subscriptions.of_chat(address.platform, address.chat))
    if not count:
        return await listed(call.app, address)
    yes = asked(Deed.UNSUBSCRIBE_ALL, "", address, person, call.app.clock.now())
    return delete_all_card(count, person.name, yes)


async def unsubscribe_all_confirmed(call: PressCall, target: str) -> Card:
    """Delete all that the chat is subscribed to, after a second word."""
    del target
    address = call.press.address
    if await lacks_whole_chat(call.app, address, call.press.person, Role.RUNNER):
        return whole_chat_notice(Role.RUNNER.title)
    count = await call.app.subscriptions.unsubscribe_all(address.platform, address.chat)
    return await listed(call.app, address, done=f"{counted(count, 'subscription')} deleted.")


async def listed(
    app: App, address: Address, *, page: int = 1, done: str | None = None, only_delete: bool = False
) -> Card:
    """Return a page of what a chat receives."""
    found = await app.subscriptions.of_chat(address.platform, address.chat)
    return list_card(
        found, app.clock.now(), chat=mark_of(address), page=page, done=done, only_delete=only_delete
    )


async def may_receive(app: App, address: Address, person: Person, topic: Topic) -> None:
    """Let pass who may subscribe a chat to a topic: costs are those of all chats.

    Raises:
        NotAllowed: the person is no admin of the whole arena.
    """
    if topic is Topic.COSTS and not await rules_arena(app, address, person):
        raise NotAllowed("Only an admin of all chats can have costs posted, for they are those of all chats.")


async def may_change(
    app: App, address: Address, person: Person, number: int, *, deletes: bool = False
) -> None:
    """Let pass who may change a subscription of this chat, or with `deletes` end it.

    A role counts where the subscription posts, for whoever is runner in one topic decides for no other.

    Raises:
        NotFound: the chat has none with this number.
        NotAllowed: the person is no runner there, and did not make it where that would do.
    """
    found = await app.subscriptions.origin(address.platform, address.chat, number)
    if deletes and found.created_by == person.id:
        return
    role = await role_at(app, replace(address, thread=found.thread), person)
    if role is not None and role >= Role.RUNNER:
        return
    who, what = ("who made it or a runner", "delete") if deletes else ("a runner", "change")
    if found.thread == address.thread:
        raise NotAllowed(f"Subscription {number} is somebody else's; {who} of this chat may {what} it.")
    where = "all of this chat" if found.thread is None else "another topic of this chat"
    raise NotAllowed(f"Subscription {number} belongs to {where}; {who} there may {what} it.")
