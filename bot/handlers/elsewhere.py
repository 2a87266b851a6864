"""Subscriptions of another chat, managed by an admin in private: `... in @channel`.

Who posts in a channel posts as the channel, so nobody there can be told apart and no command is heard. What
a channel receives is therefore said elsewhere.
"""

from bot.access import Role
from bot.door import DeliveryFailed, FindsChats
from bot.handlers.call import Call
from bot.request import Address
from core.domain.errors import NotAllowed, Refused


async def address_of(call: Call, place: str | None) -> Address:
    """Return where a line is to take effect: here, or at a place that an admin names in private.

    Raises:
        Refused: the place is not to be found, or not this person's to decide about.
    """
    request = call.request
    if place is None:
        return request.address
    if call.role < Role.ADMIN:
        raise NotAllowed(
            f"Only an admin of this committee decides for another chat; you are {call.role.title}."
        )
    if not request.private:
        raise Refused(f"Write “in {place}” in a private chat with me, because others read along here.")
    if not isinstance(call.door, FindsChats):
        raise Refused("Other chats can be named only in Telegram. Write the line in the chat itself.")
    try:
        return await call.door.chat_for(place, request.person)
    except DeliveryFailed as error:
        raise Refused(f"I could not look at {place}: {error} Try again in a moment.") from None
