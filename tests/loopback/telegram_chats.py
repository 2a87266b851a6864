"""How the bot stands in the chats of the loopback server, and what it may ask and post there."""

from typing import TYPE_CHECKING, Any

from tests.loopback.telegram_rules import Refusal
from tests.loopback.telegram_world import BOT_ID, Chat, User

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

Params = dict[str, Any]
BOT = User(BOT_ID, "Conclave", is_bot=True)
ANONYMOUS = User(1087968824, "Group", is_bot=True)
"""Who an anonymous administrator seems to be."""
_NAMES = {"group": "group chat", "supergroup": "supergroup chat", "channel": "channel chat"}
STATUSES = {"creator", "administrator", "member", "restricted", "left", "kicked"}


def find_chat(server: "TelegramServer", params: Params) -> Chat:
    """The chat that a call names, by number or, where it has one, by @name."""
    wanted = str(params.get("chat_id", ""))
    for chat in server.chats.values():
        if wanted in {str(chat.id), f"@{chat.username}"} and wanted != "@":
            return chat
    raise Refusal("Bad Request: chat not found", fault=False)


def check_standing(chat: Chat) -> None:
    """Refuse a message to a chat in which the bot may not post."""
    status = chat.members.get(BOT_ID, "member")
    if chat.kind == "private":
        if status == "kicked":
            raise Refusal("Forbidden: bot was blocked by the user", code=403, fault=False)
        return
    if status == "kicked":
        raise Refusal(f"Forbidden: bot was kicked from the {_NAMES[chat.kind]}", code=403, fault=False)
    if status == "left":
        raise Refusal(f"Forbidden: bot is not a member of the {_NAMES[chat.kind]}", code=403, fault=False)
    if status == "restricted" and not chat.rights.get("can_send_messages"):
        raise Refusal(
            "Bad Request: not enough rights to send text messages to the chat", code=400, fault=False
        )
    if chat.kind == "channel" and not (status == "administrator" and chat.rights.get("can_post_messages")):
        raise Refusal("Bad Request: need administrator rights in the channel chat", code=400, fault=False)


def member_json(chat: Chat, user: User, status: str) -> Params:
    """A member of a chat as the API tells it."""
    told: Params = {"user": user.json(), "status": status}
    if status == "administrator":
        names = (
            *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages"),
            *("can_manage_video_chats", "can_restrict_members", "can_promote_members", "can_change_info"),
            *("can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories"),
        )
        told |= dict.fromkeys(names, False)
        told |= {"can_post_messages": bool(chat.rights.get("can_post_messages"))}
    if status == "restricted":
        names = (
            *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos"),
            *("can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls"),
            *("can_send_other_messages", "can_add_web_page_previews", "can_change_info"),
            *("can_invite_users", "can_pin_messages", "can_manage_topics"),
        )
        told |= {name: bool(chat.rights.get(name)) for name in names}
        told |= {"is_member": chat.rights.get("is_member", True), "until_date": 0}
    if status == "creator":
        told |= {"is_anonymous": False}
    if status == "kicked":
        told |= {"until_date": 0}
    return told


def bot_becomes(server: "TelegramServer", chat: Chat, status: str, by: User, **rights: bool) -> int:
    """Change what the bot is in a chat, and tell it; returns the id of the update."""
    assert status in STATUSES
    before = member_json(chat, BOT, chat.members.get(BOT_ID, "left"))
    chat.members[BOT_ID], chat.rights = status, rights
    return server.put(
        "my_chat_member",
        {
            "chat": chat.json(),
            "from": by.json(),
            "date": 1_760_000_000,
            "old_chat_member": before,
            "new_chat_member": member_json(chat, BOT, status),
        },
    )


def migrate(server: "TelegramServer", old: Chat, new: Chat, by: User, *, told: bool = True) -> None:
    """Let a group become a supergroup; with `told` both chats say so."""
    old.moved_to = new.id
    if told:
        server.say(old, by, "", migrate_to_chat_id=new.id)
        server.say(new, by, "", migrate_from_chat_id=old.id)


def get_chat(server: "TelegramServer", params: Params) -> Params:
    chat = find_chat(server, params)
    if chat.kind != "private" and chat.members.get(BOT_ID, "member") in {"kicked", "left"}:
        raise Refusal("Bad Request: chat not found", fault=False)
    return {**chat.json(), "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}


def get_chat_member(server: "TelegramServer", params: Params) -> Params:
    chat, user = find_chat(server, params), int(params["user_id"])
    mine = chat.members.get(BOT_ID, "member")
    if mine in {"kicked", "left"} or (chat.kind == "channel" and mine != "administrator"):
        raise Refusal("Bad Request: member list is inaccessible", fault=False)
    who = BOT if user == BOT_ID else User(user)
    return member_json(chat, who, chat.members.get(user, "member" if user == BOT_ID else "left"))


_GIFTS = dict.fromkeys(
    (
        *("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"),
        "gifts_from_channels",
    ),
    False,
)

CHAT_METHODS = {"getChat": get_chat, "getChatMember": get_chat_member}
