"""The methods of the Bot API that the loopback server knows. Each gets the server and the parameters."""

from typing import TYPE_CHECKING, Any

from tests.loopback import telegram_menu
from tests.loopback.telegram_chats import CHAT_METHODS, check_standing, find_chat
from tests.loopback.telegram_inline import answer_inline_query
from tests.loopback.telegram_rules import (
    CAPTION_UNITS,
    FILE_BYTES,
    PHOTO_BYTES,
    Parsed,
    Refusal,
    check_keyboard,
    check_photo,
    check_text,
    check_toast,
)
from tests.loopback.telegram_webhooks import WEBHOOK_METHODS
from tests.loopback.telegram_world import BOT_ID, QUERY_S, Answer, Chat, Shown, User

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

Params = dict[str, Any]
ME = User(BOT_ID, "Conclave", is_bot=True)
CHAT_ACTIONS = {"typing", "upload_photo", "upload_document", "choose_sticker", "find_location"}


def _chat(server: "TelegramServer", params: Params) -> Chat:
    """The chat that a call is for; refuses as Telegram does when it is closed, gone or flooded."""
    chat = find_chat(server, params)
    if chat.moved_to is not None:
        raise Refusal(
            "Bad Request: group chat was upgraded to a supergroup chat",
            parameters={"migrate_to_chat_id": chat.moved_to},
            fault=False,
        )
    if refusal := chat.refusal:
        if chat.refuse_once:
            chat.refusal, chat.refuse_once = None, False
        raise refusal
    check_standing(chat)
    thread = params.get("message_thread_id")
    if thread is not None and int(thread) not in chat.topics:
        raise Refusal("Bad Request: message thread not found", fault=False)
    if (int(thread) if thread is not None else None) in chat.closed_topics:
        raise Refusal("Bad Request: TOPIC_CLOSED", fault=False)
    if server.flood:
        try:
            server.flood.take(chat.id)
        except Refusal:
            server.floods.append(chat.id)
            raise
    return chat


def _shown(server: "TelegramServer", chat: Chat, params: Params, parsed: Parsed) -> Shown:
    """Post a message in a chat."""
    reply = params.get("reply_parameters") or {}
    reply_to = reply.get("message_id")
    if reply_to is not None and (chat.id, reply_to) not in server.shown:
        if not reply.get("allow_sending_without_reply"):
            raise Refusal("Bad Request: message to be replied not found", fault=False)
        reply_to = None
    thread = params.get("message_thread_id")
    shown = Shown(
        next(server.message_ids),
        chat.id,
        parsed.text,
        parsed.entities,
        check_keyboard(params.get("reply_markup")),
        thread=int(thread) if thread is not None else None,
        reply_to=reply_to,
        silent_preview=bool((params.get("link_preview_options") or {}).get("is_disabled")),
    )
    server.shown[(chat.id, shown.id)] = shown
    return shown


def send_message(server: "TelegramServer", params: Params) -> Params:
    parsed = check_text(params.get("text", ""), params.get("parse_mode"))
    check_keyboard(params.get("reply_markup"))
    return server.message_json(_shown(server, _chat(server, params), params, parsed), ME)


def edit_message_text(server: "TelegramServer", params: Params) -> Params:
    parsed = check_text(params.get("text", ""), params.get("parse_mode"))
    buttons = check_keyboard(params.get("reply_markup"))
    chat = _chat(server, params)
    shown = server.shown.get((chat.id, int(params.get("message_id", 0))))
    if shown is None:
        raise Refusal("Bad Request: message to edit not found", fault=False)
    if not shown.by_bot or shown.file:
        raise Refusal("Bad Request: message can't be edited", fault=False)
    if (shown.text, shown.entities, shown.buttons) == (parsed.text, parsed.entities, buttons):
        raise Refusal(
            "Bad Request: message is not modified: specified new message content and reply markup are exactly"
            " the same as a current content and reply markup of the message",
            fault=False,
        )
    shown.text, shown.entities, shown.buttons = parsed.text, parsed.entities, buttons
    shown.silent_preview = bool((params.get("link_preview_options") or {}).get("is_disabled"))
    shown.edits += 1
    return server.message_json(shown, ME)


def _send_file(server: "TelegramServer", params: Params, kind: str, most: int) -> Params:
    name, content = next(value for value in params.values() if isinstance(value, tuple))
    if not content:
        raise Refusal("Bad Request: file must be non-empty")
    if len(content) > most:
        raise Refusal("Bad Request: file is too big")
    parsed = check_text(params.get("caption", ""), params.get("parse_mode"), CAPTION_UNITS)
    width, height = check_photo(content) if kind == "photo" else (0, 0)
    shown = _shown(server, _chat(server, params), params, parsed)
    shown.file = (name, content)
    told = server.message_json(shown, ME)
    told.pop("text")
    file = {"file_id": f"F{shown.id}", "file_unique_id": f"U{shown.id}", "file_size": len(content)}
    picture = [{**file, "width": width, "height": height}]
    told[kind] = picture if kind == "photo" else {**file, "file_name": name}
    return told


def send_document(server: "TelegramServer", params: Params) -> Params:
    return _send_file(server, params, "document", FILE_BYTES)


def send_photo(server: "TelegramServer", params: Params) -> Params:
    return _send_file(server, params, "photo", PHOTO_BYTES)


def answer_callback_query(server: "TelegramServer", params: Params) -> bool:
    check_toast(params.get("text", ""))
    query = params.get("callback_query_id", "")
    if query not in server.queries or server.clock.monotonic() - server.asked[query] > QUERY_S:
        raise Refusal(
            "Bad Request: query is too old and response timeout expired or query ID is invalid", fault=False
        )
    server.queries.discard(query)
    server.answers.append(Answer(query, params.get("text", ""), params.get("show_alert") in {True, "true"}))
    return True


def send_chat_action(server: "TelegramServer", params: Params) -> bool:
    if params.get("action") not in CHAT_ACTIONS:
        raise Refusal("Bad Request: wrong parameter action in request")
    _chat(server, params)
    return True

    return True


def get_me(server: "TelegramServer", params: Params) -> Params:
    return {
        **ME.json(),
        "username": server.username,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": server.inline,
    }


METHODS = {
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "sendDocument": send_document,
    "sendPhoto": send_photo,
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "answerInlineQuery": answer_inline_query,
    **telegram_menu.METHODS,
    "getMe": get_me,
    **CHAT_METHODS,
    **WEBHOOK_METHODS,
}
