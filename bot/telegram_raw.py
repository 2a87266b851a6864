"""Texts posted and edited by raw requests, for the library makes a whole message of each answer.

That costs more than the call itself, and nobody looks at more of it than its number.
"""

from dataclasses import dataclass
from typing import Any

from telegram import Bot, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import EndPointNotFound, InvalidToken

# The Bot API does not mind in which case a method is written. The library's own methods of these names build
# their answers, and a raw request under them brings a warning.
SEND = "SendMessage"
EDIT = "EditMessageText"
_UNAUTHORIZED = "unauthorized"
_NO_PREVIEW = {"is_disabled": True}


@dataclass(frozen=True)
class Sent:
    """A message that Telegram took."""

    message_id: int


async def send_text(
    bot: Bot,
    chat: int,
    html: str,
    *,
    thread: int | None,
    reply: ReplyParameters | None,
    markup: InlineKeyboardMarkup | None,
    silent: bool,
) -> Sent:
    """Post a text without a preview of its links, and without a sound if `silent`.

    Raises what the library raises; what is None is left out.
    """
    wanted = _shown(html, markup) | {
        "chat_id": chat,
        "message_thread_id": thread,
        "reply_parameters": reply,
        "disable_notification": silent or None,
    }
    sent = await requested(bot, SEND, wanted)
    return Sent(int(sent["message_id"]))


async def edit_text(
    bot: Bot, chat: int, message: int | None, html: str, markup: InlineKeyboardMarkup | None
) -> None:
    """Replace what a text shows; raises what the library raises."""
    wanted = _shown(html, markup) | {"chat_id": chat, "message_id": message}
    await requested(bot, EDIT, wanted)


async def requested(bot: Bot, method: str, wanted: dict[str, Any]) -> Any:
    """Make a request and return its result.

    Raises:
        InvalidToken: Telegram refused the token, which the library takes for a method that is unknown.
        TelegramError: whatever else the library raises.
    """
    try:
        return await bot.do_api_request(method, api_kwargs=wanted)
    except EndPointNotFound as error:
        if method in {SEND, EDIT} or _UNAUTHORIZED in str(error.__cause__).lower():
            raise InvalidToken(_UNAUTHORIZED) from None
        raise


def _shown(html: str, markup: InlineKeyboardMarkup | None) -> dict[str, object]:
    return {
        "text": html,
        "parse_mode": ParseMode.HTML,
        "link_preview_options": _NO_PREVIEW,
        "reply_markup": markup,
    }
