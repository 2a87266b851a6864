"""What Telegram tells of chats themselves, as our news: pure, and suspicious of every field.

| update                                            | becomes                                    |
|---------------------------------------------------|--------------------------------------------|
| `my_chat_member`: member, administrator           | the chat is open                           |
| ... of a channel, without the right to post       | restricted                                 |
| ... restricted, without the right to send         | restricted                                 |
| ... left, kicked, restricted and not in the group | closed; in a private chat we were blocked  |
| a message `migrate_to_chat_id`, in the old group  | the group has moved                        |
| a message `migrate_from_chat_id`, in the new one  | the same, told by the other side           |
| a message `new_chat_title`                        | the chat's title                           |
| anything else                                     | nothing                                    |
"""

from typing import Any

from bot.chat_news import ChatNews
from bot.request import Address
from bot.telegram_text import cut, typed
from core.domain.chat import ChatState

TITLE_UNITS = 64
_KINDS = {"private", "group", "supergroup", "channel"}
_INSIDE = {"creator", "administrator", "member"}
_OUTSIDE = {"left", "kicked"}

Payload = dict[str, Any]


def read_news(update: Payload, bot_id: int) -> ChatNews | None:
    """Return what an update tells of a chat, or None where it tells nothing that we keep."""
    try:
        delivery = f"{bot_id}:{int(update['update_id'])}"
        if member := update.get("my_chat_member"):
            return _membership(member, delivery, bot_id)
        if message := update.get("message"):
            return _service(message, delivery)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return None


def _membership(told: Payload, delivery: str, bot_id: int) -> ChatNews | None:
    chat, before, now = told["chat"], told["old_chat_member"], told["new_chat_member"]
    if int(now["user"]["id"]) != bot_id or chat["type"] not in _KINDS:
        return None
    state, reason = _state(chat["type"], now)
    if state is None:
        return None
    return ChatNews(
        address=_address(chat["id"]),
        delivery=delivery,
        kind=chat["type"],
        title=_title(chat),
        state=state,
        reason=reason,
        entered=not _is_inside(before) and _is_inside(now),
    )


def _state(kind: str, now: Payload) -> tuple[ChatState | None, str]:
    """Return whether we may post, and if not, why in one sentence."""
    status = now["status"]
    if not _is_inside(now):
        if status not in _OUTSIDE | {"restricted"}:
            return None, ""
        if kind == "private":
            return ChatState.CLOSED, "The person has blocked the bot."
        return ChatState.CLOSED, f"The bot is no longer in the {'channel' if kind == 'channel' else 'group'}."
    if status == "restricted" and now.get("can_send_messages") is not True:
        return ChatState.RESTRICTED, "The bot may not send messages in the group."
    if kind == "channel" and status == "administrator" and now.get("can_post_messages") is not True:
        return ChatState.RESTRICTED, "The bot may not post in the channel."
    return ChatState.OPEN, ""


def _is_inside(member: Payload) -> bool:
    return member["status"] in _INSIDE or (
        member["status"] == "restricted" and member.get("is_member") is True
    )


def _service(message: Payload, delivery: str) -> ChatNews | None:
    chat = message["chat"]
    here = _address(chat["id"])
    if (new := message.get("migrate_to_chat_id")) is not None:
        return ChatNews(here, delivery, moved_to=_address(new))
    if (old := message.get("migrate_from_chat_id")) is not None:
        return ChatNews(_address(old), delivery, moved_to=here)
    if isinstance(message.get("new_chat_title"), str) and chat["type"] in _KINDS:
        return ChatNews(here, delivery, kind=chat["type"], title=_title(chat))
    return None


def _address(chat: Any) -> Address:
    return Address("telegram", str(int(chat)))


def _title(chat: Payload) -> str:
    names = (chat.get("title"), chat.get("first_name"), chat.get("last_name"))
    return cut(typed(" ".join(str(name) for name in names if name)), TITLE_UNITS)
