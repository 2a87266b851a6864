"""What we say of chats, messages and buttons, as the Telegram library wants to hear it."""

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import KeyboardButtonStyle

from bot.door import ChatGone
from bot.presses import is_dangerous
from bot.request import Address
from bot.telegram_render import TelegramMessage


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


def reply_parameters(message: str | None) -> ReplyParameters | None:
    """Return what makes a message a reply to another, as long as that is there."""
    if message is None:
        return None
    return ReplyParameters(int(message), allow_sending_without_reply=True)


def keyboard(message: TelegramMessage) -> InlineKeyboardMarkup | None:
    """Return the buttons below a message, if it has any."""
    if not message.keyboard:
        return None
    return InlineKeyboardMarkup([[_button(label, data) for label, data in row] for row in message.keyboard])


def _button(label: str, data: str) -> InlineKeyboardButton:
    style = KeyboardButtonStyle.DANGER if is_dangerous(data) else None
    return InlineKeyboardButton(label, callback_data=data, style=style)
