"""What Telegram is shown where it does not take a card as it was drawn: the same in words alone."""

import re
from html import escape, unescape

from bot.telegram_render import TelegramMessage
from bot.telegram_text import cut, inert

NOTE = "\n\n(Telegram did not take the whole card, so here it is in words.)"
SHORT = 1_000
"""UTF-16 units that are kept: far below any limit that Telegram ever had."""
_TAG = re.compile(r"<[^<>]*>")


def in_words(message: TelegramMessage) -> TelegramMessage:
    """Return the beginning of a refused message, without markup and without buttons."""
    # Inert as a whole: what stood in code needed no care before.
    words = inert(cut(unescape(_TAG.sub("", message.text_html)), SHORT))
    return TelegramMessage(escape(words + NOTE, quote=False))
