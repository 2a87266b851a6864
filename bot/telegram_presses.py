"""Pressed buttons: answered within seconds, then what they open is shown."""

import asyncio
import logging
from typing import Protocol

from telegram import Bot

from bot.cards import Card, Notice
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef
from bot.request import Press, Request
from bot.telegram_adapter import TelegramDoor
from bot.telegram_payload import Pressed
from bot.telegram_render import fits_toast, toast
from core.clock import Clock

ANSWER_WITHIN_S = 4.0
SHOW_TRIES = 3
LONGEST_WAIT_S = 60.0

_PAGE = "p."

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """Where requests go; the real one is `bot.desk`."""

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        ...

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens."""
        ...


class Presses:
    """Handles one pressed button at a time for each task that calls it."""

    def __init__(self, bot: Bot, door: TelegramDoor, desk: Desk, clock: Clock) -> None:
        self._bot = bot
        self._door = door
        self._desk = desk
        self._clock = clock

    async def handle(self, pressed: Pressed) -> None:
        """Answer the query in time, with a notice as its text, and show any other card in the chat.

        A notice that an answer cannot hold, or that did not arrive as one, is shown in the chat as well.
        Raises nothing but cancellation.
        """
        if pressed.press is None:
            await self._answer(pressed.query, None)
            return
        opening = asyncio.create_task(self._open(pressed.press))
        try:
            await asyncio.wait({opening}, timeout=ANSWER_WITHIN_S)
            notice = None
            if opening.done() and isinstance(card := opening.result(), Notice):
                notice = card
            answered = await self._answer(pressed.query, notice)
            card = await opening
        finally:
            opening.cancel()
        told = notice is not None and answered and fits_toast(notice)
        if card is not None and not told:
            await self._show(pressed.press, pressed.message, card)

    async def _open(self, press: Press) -> Card | None:
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
        """Turn the page in its own message, or post what a button opens as a reply to the card."""
        turn = press.data.startswith(_PAGE) and not isinstance(card, Notice)
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
