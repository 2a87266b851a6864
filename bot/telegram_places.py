"""Chats in Telegram that a person names from elsewhere: found, and the right to post there checked."""

from telegram import Bot, ChatMember
from telegram.error import BadRequest, Forbidden

from bot.request import Address, Person
from core.domain.errors import NotAllowed, NotFound

_RUNS_IT = {ChatMember.OWNER, ChatMember.ADMINISTRATOR}


async def chat_for(bot: Bot, name: str, person: Person) -> Address:
    """Return the channel or group called `name`: `@name`, `telegram:-100123` or `-100123`.

    Raises:
        NotFound: there is none, or the bot is not in it.
        NotAllowed: the bot may not post there, or `person` does not administer it.
        telegram.error.TelegramError: Telegram could not be asked.
    """
    wanted = name.removeprefix("telegram:")
    try:
        found = await bot.get_chat(wanted)
        mine = await bot.get_chat_member(found.id, bot.id)
        theirs = await bot.get_chat_member(found.id, int(person.id.partition(":")[2]))
    except (BadRequest, Forbidden):
        raise NotFound(
            f"I am in no chat {name}. Add me there first: to a channel as an administrator who may post."
        ) from None
    if found.type not in {"channel", "group", "supergroup"}:
        raise NotFound(f"{name} is neither a channel nor a group.")
    if not _may_post(found.type, mine):
        raise NotAllowed(f"I may not post in {name}. Make me an administrator there who may post messages.")
    if theirs.status not in _RUNS_IT:
        raise NotAllowed(f"You do not administer {name}, so you cannot decide what is posted there.")
    return Address("telegram", str(found.id))


def _may_post(kind: str, me: ChatMember) -> bool:
    if kind == "channel":
        return me.status == ChatMember.OWNER or bool(
            me.status == ChatMember.ADMINISTRATOR and getattr(me, "can_post_messages", False)
        )
    if me.status == ChatMember.RESTRICTED:
        return bool(getattr(me, "can_send_messages", False))
    return me.status in {ChatMember.MEMBER, *_RUNS_IT}
