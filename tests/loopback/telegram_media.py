"""Editing pictures on the loopback Telegram: another picture, or another caption under the same one."""

import json
from typing import TYPE_CHECKING, Any

from tests.loopback.telegram_rules import (
    CAPTION_UNITS,
    PHOTO_BYTES,
    Parsed,
    Refusal,
    check_keyboard,
    check_photo,
    check_text,
)
from tests.loopback.telegram_world import Chat, Shown

if TYPE_CHECKING:
    from tests.loopback.telegram_server import TelegramServer

Params = dict[str, Any]
UNCHANGED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly"
    " the same as a current content and reply markup of the message"
)


def to_edit(server: "TelegramServer", chat: Chat, params: Params) -> Shown:
    """The message of ours that an edit is about, or a refusal."""
    shown = server.shown.get((chat.id, int(params.get("message_id", 0))))
    if shown is None:
        raise Refusal("Bad Request: message to edit not found", fault=False)
    if not shown.by_bot:
        raise Refusal("Bad Request: message can't be edited", fault=False)
    return shown


def edit_message_media(server: "TelegramServer", params: Params, chat: Chat) -> Shown:
    """Replace picture, caption and buttons at once."""
    media = params.get("media")
    media = json.loads(media) if isinstance(media, str) else media or {}
    if media.get("type") != "photo":
        raise Refusal("Bad Request: this loopback server edits photos alone")
    name, content = params[str(media.get("media", "")).removeprefix("attach://")]
    if not content or len(content) > PHOTO_BYTES:
        raise Refusal("Bad Request: file must be non-empty and at most 10 MB")
    check_photo(content)
    parsed = check_text(media.get("caption", ""), media.get("parse_mode"), CAPTION_UNITS)
    buttons = check_keyboard(params.get("reply_markup"))
    shown = to_edit(server, chat, params)
    if shown.file is None:
        raise Refusal("Bad Request: there is no media in the message to edit", fault=False)
    if (shown.file[1], shown.text, shown.entities, shown.buttons) == (content, *_of(parsed), buttons):
        raise Refusal(UNCHANGED, fault=False)
    shown.file = (name, content)
    return _changed(shown, parsed, buttons)


def edit_message_caption(server: "TelegramServer", params: Params, chat: Chat) -> Shown:
    """Replace caption and buttons, and leave the picture."""
    parsed = check_text(params.get("caption", ""), params.get("parse_mode"), CAPTION_UNITS)
    buttons = check_keyboard(params.get("reply_markup"))
    shown = to_edit(server, chat, params)
    if shown.file is None:
        raise Refusal("Bad Request: there is no caption in the message to edit", fault=False)
    if (shown.text, shown.entities, shown.buttons) == (*_of(parsed), buttons):
        raise Refusal(UNCHANGED, fault=False)
    return _changed(shown, parsed, buttons)


def _of(parsed: Parsed) -> tuple[Any, Any]:
    return parsed.text, parsed.entities


def _changed(shown: Shown, parsed: Parsed, buttons: list[list[dict[str, Any]]]) -> Shown:
    shown.text, shown.entities, shown.buttons = parsed.text, parsed.entities, buttons
    shown.edits += 1
    return shown
