"""The menu of commands and the descriptions of the bot on the loopback server, by scope and language."""

import json
from typing import TYPE_CHECKING, Any

from tests.loopback.telegram_chats import check_standing
from tests.loopback.telegram_rules import Refusal, check_commands
from tests.loopback.telegram_world import BOT_ID

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

Params = dict[str, Any]
PLAIN_SCOPES = {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
CHAT_SCOPES = {"chat", "chat_administrators"}
DESCRIPTION_SIGNS = 512
SHORT_SIGNS = 120


def scope_of(server: "TelegramServer", params: Params) -> str:
    """The scope as a short word: `default`, `chat 1001`; refuses one of a chat that the bot does not know."""
    scope = params.get("scope") or {"type": "default"}
    scope = json.loads(scope) if isinstance(scope, str) else scope
    kind = scope.get("type") if isinstance(scope, dict) else None
    if kind in PLAIN_SCOPES:
        return str(kind)
    if kind not in CHAT_SCOPES:
        raise Refusal("Bad Request: can't parse BotCommandScope: Unsupported type specified")
    chat = server.chats.get(int(scope.get("chat_id", 0)))
    if chat is None:
        raise Refusal("Bad Request: chat not found", fault=False)
    if chat.members.get(BOT_ID) in {"kicked", "left"}:
        check_standing(chat)
    if kind == "chat_administrators" and chat.kind == "private":
        raise Refusal("Bad Request: can't use specified chat in BotCommandScopeChatAdministrators")
    return f"{kind} {chat.id}"


def language_of(params: Params) -> str:
    language = str(params.get("language_code", ""))
    if language and not (len(language) == 2 and language.isascii() and language.islower()):
        raise Refusal("Bad Request: invalid language code specified")
    return language


def set_my_commands(server: "TelegramServer", params: Params) -> bool:
    menu = check_commands(params.get("commands"))
    if len({name for name, _ in menu}) < len(menu):
        raise Refusal("Bad Request: BOT_COMMAND_DUPLICATE")
    server.menus[scope_of(server, params), language_of(params)] = menu
    return True


def get_my_commands(server: "TelegramServer", params: Params) -> list[Params]:
    menu = server.menus.get((scope_of(server, params), language_of(params)), [])
    return [{"command": name, "description": description} for name, description in menu]


def _set_text(server: "TelegramServer", params: Params, field: str, limit: int) -> bool:
    text = str(params.get(field, ""))
    if len(text) > limit:
        raise Refusal(f"Bad Request: {field} is too long")
    server.texts[field, language_of(params)] = text
    return True


def set_my_description(server: "TelegramServer", params: Params) -> bool:
    return _set_text(server, params, "description", DESCRIPTION_SIGNS)


def set_my_short_description(server: "TelegramServer", params: Params) -> bool:
    return _set_text(server, params, "short_description", SHORT_SIGNS)


def get_my_description(server: "TelegramServer", params: Params) -> Params:
    return {"description": server.texts.get(("description", language_of(params)), "")}


def get_my_short_description(server: "TelegramServer", params: Params) -> Params:
    return {"short_description": server.texts.get(("short_description", language_of(params)), "")}


METHODS = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "setMyDescription": set_my_description,
    "getMyDescription": get_my_description,
    "setMyShortDescription": set_my_short_description,
    "getMyShortDescription": get_my_short_description,
}
