"""What an error of Telegram means for a delivery."""

import re

from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.door import ChatGone, DeliveryFailed, Flooded, MessageGone, ThreadGone, Unsure
from bot.telegram_http import NotAnswered
from bot.telegram_secrecy import scrub

_MESSAGE_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    # A text cannot become a picture, nor a picture a text.
    "there is no text in the message",
    "there is no caption in the message",
    "there is no media in the message",
    "message must be a media message",
)
_THREAD_GONE = ("message thread not found", "topic_closed", "topic_deleted")
_CHAT_GONE = (
    "chat not found",
    "chat_write_forbidden",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "group chat was deactivated",
    "peer_id_invalid",
)
_NO_FILES = re.compile(
    r"not enough rights to send (?:photos|documents|media)|chat_send_(?:photos|docs|media)_forbidden"
)
_NOT_AS_DRAWN = (
    "message is too long",
    "message_too_long",
    "can't parse entities",
    "reply markup is too long",
    "button_data_invalid",
)
_BETWEEN = ("Bad Gateway", "Gateway Timeout", "Gateway Time-out")
"""What a server answers that stands in front of Telegram, and has lost sight of the request."""


class NoFiles(DeliveryFailed):
    """The chat takes messages of ours, and no files of this kind."""


class NotAsDrawn(DeliveryFailed):
    """Telegram takes messages here, and not this one as it was drawn; the same again is refused again."""


def failure_of(error: TelegramError, token: str) -> DeliveryFailed:
    """Return what an error means for a delivery, without the token of the bot in its words."""
    said = scrub(str(error), token)
    lower = said.lower()
    if isinstance(error, RetryAfter):
        return Flooded(seconds(error))
    if any(wording in lower for wording in _THREAD_GONE):
        return ThreadGone(f"Telegram has closed this topic to the bot: {said}.")
    if _NO_FILES.search(lower):
        return NoFiles(f"Telegram lets no such files into this chat: {said}.")
    if isinstance(error, Forbidden) or any(wording in lower for wording in _CHAT_GONE):
        return ChatGone(f"Telegram has closed this chat to the bot: {said}.")
    if any(wording in lower for wording in _MESSAGE_GONE):
        return MessageGone(f"The message can no longer be edited: {said}.")
    if isinstance(error, InvalidToken):
        return DeliveryFailed("Telegram refused the bot token.")
    if any(wording in lower for wording in _NOT_AS_DRAWN):
        return NotAsDrawn(f"Telegram did not take a card as it was drawn: {said}.")
    if isinstance(error, BadRequest):
        return DeliveryFailed(f"Telegram did not take the message: {said}.")
    kind = Unsure if _maybe_taken(error) else DeliveryFailed
    return kind(f"Telegram could not be reached: {said}.")


def _maybe_taken(error: TelegramError) -> bool:
    """Say whether the request may have reached Telegram though no proper answer came back."""
    if not isinstance(error, NetworkError):
        return type(error) is TelegramError  # an answer that cannot be read
    return isinstance(error, NotAnswered) or any(words in str(error) for words in _BETWEEN)


def seconds(error: RetryAfter) -> float:
    """Return how long Telegram asks us to wait."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
