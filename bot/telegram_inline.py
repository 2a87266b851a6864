"""Inline mode: what Telegram offers a person who writes the bot's name and a few words in any chat."""

import asyncio
import logging
from typing import Protocol

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode

from bot.deep_links import JOIN, encode
from bot.inline import Found, Offered
from bot.present.inline import LATE, nothing_offered
from bot.request import Person
from bot.telegram_payload import Inquiry
from bot.telegram_render import PAGE_SIZE, render
from bot.telegram_text import ELLIPSIS, clean, cut

CACHE_S = 10
ANSWER_WITHIN_S = 5.0
MOST_AT_ONCE = 64
TITLE_UNITS = 64
LINE_UNITS = 160
TO_STRANGERS = InlineQueryResultsButton("A private committee: how to be let in", start_parameter=JOIN)

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """Who knows what there is to offer; the real one is `bot.desk`."""

    async def inquire(self, person: Person, text: str, offset: int, page_size: int) -> Found | None:
        """Return what a person is offered, or None for one who may not look; never raises."""
        ...


class Inquiries:
    """Answers what people ask while they write, each within five seconds.

    A person asks anew with every letter, so the newest question of each ends the one before. Of more than 64
    people at once the others are not answered, and ask again with their next letter.
    """

    def __init__(self, bot: Bot, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk
        self._newest: dict[str, asyncio.Task[None]] = {}

    async def handle(self, inquiry: Inquiry) -> None:
        """Answer one question, unless a newer one of the same person comes before. Raises nothing."""
        person = inquiry.person.id
        if earlier := self._newest.get(person):
            earlier.cancel()
        elif len(self._newest) >= MOST_AT_ONCE:
            _log.debug("Too many people ask inline; one stays without an answer.")
            return
        work = asyncio.create_task(self._answer(inquiry))
        self._newest[person] = work
        try:
            await asyncio.wait({work})
        finally:
            work.cancel()
            if self._newest.get(person) is work:
                del self._newest[person]

    async def _answer(self, inquiry: Inquiry) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                found = await self._desk.inquire(inquiry.person, inquiry.text, inquiry.offset, PAGE_SIZE)
        except TimeoutError:
            found = nothing_offered(LATE)
        try:
            await self._bot.answer_inline_query(
                inquiry.query,
                [self._article(one) for one in found.offered] if found else [],
                cache_time=CACHE_S,
                is_personal=True,
                next_offset=str(found.following) if found and found.following else "",
                button=None if found else TO_STRANGERS,
            )
        except Exception as error:  # noqa: BLE001 - the boundary: Telegram is away, or the person wrote on
            _log.debug("An inline question could not be answered: %s", type(error).__name__)

    def _article(self, offered: Offered) -> InlineQueryResultArticle:
        """Return the card as what is put into a chat, with only links below it: the chat is not known."""
        markup = None
        if offered.link is not None:
            url = f"https://t.me/{self._bot.username}?start={encode(offered.link)}"
            markup = InlineKeyboardMarkup([[InlineKeyboardButton(offered.more, url=url)]])
        return InlineQueryResultArticle(
            offered.id,
            _short(offered.title, TITLE_UNITS),
            InputTextMessageContent(
                render(offered.card).text_html,
                parse_mode=ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            ),
            reply_markup=markup,
            description=_short(offered.line, LINE_UNITS),
        )


def _short(text: str, limit: int) -> str:
    return cut(" ".join(clean(text[: 4 * limit]).split()), limit) or ELLIPSIS
