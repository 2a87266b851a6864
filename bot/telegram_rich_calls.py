"""Sending and editing rich messages: by raw requests, as the library knows none of their methods.

Whether the server takes them is found out once, when the bot begins, by a request that it can only refuse:
one that knows the method says what is wrong with it, one that does not says that there is no such method.
"""

import logging
from typing import Any

from telegram import Bot
from telegram.error import BadRequest, EndPointNotFound, InvalidToken, TelegramError

from bot.cards import Card
from bot.door import DeliveryFailed
from bot.telegram_parameters import Keyboard, Reply
from bot.telegram_raw import EDIT, Sent, requested
from bot.telegram_rich import rich

_METHOD = "sendRichMessage"
_NOT_TAKEN_HERE = ("not found in bot api", "method not found", "rich message must be non-empty")
"""What a server says that knows no rich messages, or only those of another version."""

_log = logging.getLogger(__name__)


class RichMessages:
    """The rich messages of one bot; none are drawn before `detect` has found that the server takes them."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.taken = False

    async def detect(self) -> None:
        """Find out whether the server takes rich messages; raises nothing, and remembers it for good."""
        nothing = {"chat_id": 0, "rich_message": {"html": ""}}
        try:
            await requested(self._bot, _METHOD, nothing)
        except (EndPointNotFound, InvalidToken):
            self.taken = False
        except BadRequest:
            self.taken = True
        except TelegramError as error:
            _log.info("Whether Telegram takes rich messages is not known: %s", type(error).__name__)
        if not self.taken:
            _log.info("Telegram gets plain messages: this server takes no rich ones.")

    def drawn(self, card: Card) -> str | None:
        """Return a card as a rich message, or None where it is to be a plain one."""
        return rich(card) if self.taken else None

    def refused(self, error: DeliveryFailed) -> None:
        """Note that the server did not take a rich message; where it never will, send no more of them."""
        _log.warning("A rich message was not taken and is sent as a plain one: %s", error)
        if any(words in str(error).lower() for words in _NOT_TAKEN_HERE):
            self.taken = False

    async def send(
        self,
        chat: int,
        html: str,
        *,
        thread: int | None,
        reply: Reply | None,
        markup: Keyboard | None,
        silent: bool = False,
    ) -> Sent:
        """Post a rich message, without a sound if `silent`; raises what the library raises."""
        about = {
            "chat_id": chat,
            "message_thread_id": thread,
            "reply_parameters": reply,
            "disable_notification": silent or None,
        }
        sent = await requested(self._bot, _METHOD, _request(about, html, markup))
        return Sent(int(sent["message_id"]))

    async def edit(self, chat: int, message: int | None, html: str, markup: Keyboard | None) -> None:
        """Replace what a text or rich message shows; raises what the library raises."""
        about = {"chat_id": chat, "message_id": message}
        await requested(self._bot, EDIT, _request(about, html, markup))


def _request(about: dict[str, Any], html: str, markup: Keyboard | None) -> dict[str, Any]:
    return about | {"rich_message": {"html": html, "skip_entity_detection": True}, "reply_markup": markup}
