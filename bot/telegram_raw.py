"""Calls whose answers nobody reads but for a number: by raw requests, in JSON.

The library makes objects of what a call tells and of what it is answered. That costs more than the call.
"""

from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import EndPointNotFound, InvalidToken

from bot.telegram_http import JsonBody
from bot.telegram_parameters import Keyboard, Reply

SEND = "sendMessage"
EDIT = "editMessageText"
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
    reply: Reply | None,
    markup: Keyboard | None,
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


async def edit_text(bot: Bot, chat: int, message: int | None, html: str, markup: Keyboard | None) -> None:
    """Replace what a text shows; raises what the library raises."""
    wanted = _shown(html, markup) | {"chat_id": chat, "message_id": message}
    await requested(bot, EDIT, wanted)


async def requested(bot: Bot, method: str, wanted: dict[str, Any]) -> Any:
    """Make a request and return its result; what is None is left out.

    Raises:
        InvalidToken: Telegram refused the token.
        EndPointNotFound: the server has no such method, where it is one that not every server has.
        TelegramError: whatever else the library raises.
    """
    told = {name: value for name, value in wanted.items() if value is not None}
    try:
        return await bot.request.post(f"{bot.base_url}/{method}", JsonBody.data(told))
    except InvalidToken as error:
        # An unknown method and a malformed token are both answered with 404.
        if method in {SEND, EDIT} or _UNAUTHORIZED in str(error).lower():
            raise
        raise EndPointNotFound(f"{method} not found in Bot API") from None


def _shown(html: str, markup: Keyboard | None) -> dict[str, object]:
    return {
        "text": html,
        "parse_mode": ParseMode.HTML,
        "link_preview_options": _NO_PREVIEW,
        "reply_markup": markup,
    }
