"""Pressed buttons: answered within seconds, then what they open is shown."""

import asyncio
import logging
from collections import Counter
from typing import Protocol
from weakref import WeakValueDictionary

from telegram import Bot

from bot.cards import Card, Notice
from bot.chat_news import ChatNews
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef
from bot.inline import Found
from bot.presses import Shown, shown_of, told_aside
from bot.request import Person, Press, Request
from bot.telegram_adapter import TelegramDoor
from bot.telegram_payload import Pressed
from bot.telegram_render import fits_toast, toast
from core.clock import Clock

ANSWER_WITHIN_S = 4.0
SHOW_TRIES = 3
LONGEST_WAIT_S = 60.0
MAX_PRESSES = 128
MAX_OF_ONE_CHAT = 12
MAX_OF_ONE_PERSON = 3
MAX_TURNED_AWAY = 256
TURNED_AWAY_AT_ONCE = 16
BUSY = Notice(text="Busy, try again in a moment.")
ELSEWHERE = Notice(text="This button works only where I post myself. Open the private chat with me for more.")

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """Where requests go; the real one is `bot.desk`."""

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        ...

    async def news(self, news: ChatNews, door: Door) -> None:
        """Keep what is new of a chat, and say what is to be said about it."""
        ...

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens."""
        ...

    async def inquire(self, person: Person, text: str, offset: int, page_size: int) -> Found | None:
        """Return what a person is offered who writes in another chat, or None for a stranger."""
        ...


class Presses:
    """Handles one pressed button at a time for each task that calls it.

    Of all buttons at most 128 are open at once, of one chat's twelve, and of one person's there three, for a
    group takes 20 messages a minute, and the rest would only wait. Whoever presses more is told so on the
    button. What buttons open in one chat is shown one after the other.
    """

    def __init__(self, bot: Bot, door: TelegramDoor, desk: Desk, clock: Clock) -> None:
        self._bot = bot
        self._door = door
        self._desk = desk
        self._clock = clock
        self._open: Counter[tuple[str, str]] = Counter()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._turned_away = 0
        # Few connections, because those who get in need them as well.
        self._way_out = asyncio.Semaphore(TURNED_AWAY_AT_ONCE)

    async def handle(self, pressed: Pressed) -> None:
        """Answer the query in time, with a notice as its text, and show any other card in the chat.

        A notice that an answer cannot hold, or that did not arrive as one, is shown in the chat as well.
        Raises nothing but cancellation.
        """
        press = pressed.press
        if press is None:
            await self._turn_away(pressed.query, ELSEWHERE if pressed.elsewhere else None)
            return
        chat, person = press.address.chat_id, press.person.id
        room = {("", ""): MAX_PRESSES, (chat, ""): MAX_OF_ONE_CHAT, (chat, person): MAX_OF_ONE_PERSON}
        if any(self._open[whose] >= most for whose, most in room.items()):
            await self._turn_away(pressed.query, BUSY)
            return
        self._open.update(room.keys())
        try:
            await self._carry_out(pressed, press)
        finally:
            self._open.subtract(room.keys())
            # Forget those who have none open.
            self._open = +self._open

    async def _turn_away(self, query: str, notice: Notice | None) -> None:
        """Answer a button that opens nothing; past 256 that wait its spinner ends by itself, unanswered."""
        if self._turned_away >= MAX_TURNED_AWAY:
            _log.debug("Too many buttons are pressed; one stays without an answer.")
            return
        self._turned_away += 1
        try:
            async with self._way_out:
                await self._answer(query, notice)
        finally:
            self._turned_away -= 1

    async def _carry_out(self, pressed: Pressed, press: Press) -> None:
        opening = asyncio.create_task(self._opened(press))
        try:
            await asyncio.wait({opening}, timeout=ANSWER_WITHIN_S)
            notice = None
            if opening.done() and isinstance(card := opening.result(), Notice) and told_aside(card):
                notice = card
            answered = await self._answer(pressed.query, notice)
            card = await opening
        finally:
            opening.cancel()
        told = notice is not None and answered and fits_toast(notice)
        if card is not None and not told:
            async with self._turns.setdefault(press.address.chat_id, asyncio.Lock()):
                await self._show(press, pressed.message, card)

    async def _opened(self, press: Press) -> Card | None:
        try:
            return await self._desk.press(press, self._door)
        except Exception:  # noqa: BLE001 - the boundary: a button must be answered whatever happens
            _log.exception("The button %r in %s failed.", press.data, press.address.chat_id)
            return Notice(text="Something went wrong here; the log says what.", tone="error")

    async def _answer(self, query: str, notice: Notice | None) -> bool:
        """Answer the query, and say whether Telegram took the answer."""
        try:
            await self._bot.answer_callback_query(
                query,
                text=toast(notice) if notice else None,
                show_alert=bool(notice and notice.tone == "error"),
            )
        except Exception as error:  # noqa: BLE001 - the boundary: what the button opens is shown all the same
            # Too old, or Telegram is away: the person only sees the button's spinner a little longer.
            _log.debug("A button could not be answered: %s", type(error).__name__)
            return False
        return True

    async def _show(self, press: Press, message: str | None, card: Card) -> None:
        """Put the next page or step where the last one was, or post what a button opens as a reply to it."""
        turn = shown_of(press.data) is Shown.IN_PLACE and not told_aside(card)
        for attempt in range(SHOW_TRIES):
            try:
                if turn and message is not None:
                    await self._door.edit(MessageRef(press.address, message), card)
                else:
                    await self._door.send(press.address, card, reply_to=message)
            except MessageGone:
                turn = False
            except ChatGone as error:
                _log.info("%s is closed to us: %s", press.address.chat_id, error)
                return
            except DeliveryFailed as error:
                wait = error.retry_after_s if isinstance(error, Flooded) else 2.0**attempt
                await self._clock.sleep(min(wait, LONGEST_WAIT_S))
            else:
                return
        _log.warning("%s did not take what a button opened.", press.address.chat_id)
