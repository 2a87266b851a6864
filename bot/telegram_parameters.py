"""What we say of chats, messages and buttons, as Telegram and its library want to hear it."""

from typing import Any

from telegram import InlineKeyboardMarkup, ReplyParameters
from telegram.constants import KeyboardButtonStyle

from bot.door import ChatGone
from bot.presses import is_dangerous
from bot.request import Address
from bot.telegram_render import TelegramMessage

Keyboard = dict[str, Any]
"""The buttons below a message, as Telegram reads them."""
Reply = dict[str, Any]
"""What makes a message a reply to another, as Telegram reads it."""


def chat_number(address: Address) -> int:
    """Return the number of a chat.

    Raises:
        ChatGone: it has none, so it is not one of Telegram's.
    """
    try:
        return int(address.chat)
    except ValueError:
        raise ChatGone(f"{address.chat_id} is not a Telegram chat; chats there have numbers.") from None


def number(text: str | None) -> int | None:
    """Return the number of a message or topic, if there is one."""
    return int(text) if text is not None else None


def reply(message: str | None) -> Reply | None:
    """Return what makes a message a reply to another, as long as that is there."""
    if message is None:
        return None
    return {"message_id": int(message), "allow_sending_without_reply": True}


def reply_parameters(message: str | None) -> ReplyParameters | None:
    """Return the same for the library's own methods."""
    told = reply(message)
    return ReplyParameters(**told) if told else None


def keyboard(message: TelegramMessage) -> Keyboard | None:
    """Return the buttons below a message, if it has any."""
    if not message.keyboard:
        return None
    return {"inline_keyboard": [[_button(label, data) for label, data in row] for row in message.keyboard]}


def keyboard_markup(message: TelegramMessage) -> InlineKeyboardMarkup | None:
    """Return the same for the library's own methods."""
    told = keyboard(message)
    return InlineKeyboardMarkup.de_json(told, None) if told else None


def _button(label: str, data: str) -> dict[str, str]:
    told = {"text": label, "callback_data": data}
    if is_dangerous(data):
        told["style"] = KeyboardButtonStyle.DANGER.value
    return told
