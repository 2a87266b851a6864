"""One message of ours on a door: drawn now and then, and in the end delivered for good.

What may go wrong, and what then happens:

* `Flooded`: nothing at all goes to this chat until the platform's time is over.
* `MessageGone`: silence until the end, which is sent as a fresh message.
* `ThreadGone`: silence until the end, which is sent to the chat itself, where the thread was.
* `ChatGone`: nothing more is drawn; at the end one line in the log.
* anything else: the same is tried again, later and later.
* the end cannot be delivered in `TRIES` tries, floods left out, or `PATIENCE_S`: one line in the log.
"""

import asyncio
import logging
from dataclasses import replace
from typing import Literal

from bot.bot_pacer import Rank, Turn
from bot.cards import Card
from bot.door import (
    ChatGone,
    DeliveryFailed,
    Door,
    EditsScarce,
    Flooded,
    MessageGone,
    MessageRef,
    ThreadGone,
)
from bot.pacer import Pacer, Pacers
from bot.request import Address
from core.clock import Clock

TRIES = 10
PATIENCE_S = 900.0
CALL_TIMEOUT_S = 30.0
LONGEST_REST_S = 60.0

_log = logging.getLogger(__name__)

Delivery = Literal["delivered", "chat gone", "not delivered"]


class LiveMessage:
    """A message that is sent when first drawn, and edited after that.

    `silent` says that drawing makes no sense before the end, `gone` that the chat is closed to us. `ref` is
    where the message is, once it is.
    """

    def __init__(
        self, door: Door, address: Address, clock: Clock, pacers: Pacers, ref: MessageRef | None = None
    ) -> None:
        self.ref = ref
        self.address = address
        self.silent = False
        self.gone = False
        self._door = door
        self._clock = clock
        self._pacers = pacers
        self._rest_s = 0.0
        self._turn = Turn()

    @property
    def _chat(self) -> Pacer:
        return self._pacers.at(self._door, self.address)

    async def turn(self) -> None:
        """Wait until `draw` may be called, once; the sending of the message does not wait for edits."""
        if self._rest_s > 0:
            await self._clock.sleep(self._rest_s)
        self._turn = await self._chat.turn(Rank.ANSWER if self.ref is None else Rank.LIVE) or self._turn

    async def draw(self, card: Card) -> bool:
        """Show `card`, and say whether it is shown; a failure is no matter, because more is to come."""
        try:
            await self._put(card)
        except ThreadGone:
            # Without a message nobody has seen anything, and the run need not start.
            self.silent, self.gone = True, self.ref is None
        except ChatGone:
            self.silent = self.gone = True
        except MessageGone:
            self.silent = True
        except Flooded:
            return False
        except DeliveryFailed as error:
            _log.debug("%s did not take an edit: %s", self.address.chat_id, error)
            self._rest_s = min(max(1.0, 2 * self._rest_s), LONGEST_REST_S)
        else:
            self._rest_s = 0.0
            return True
        return False

    async def deliver(self, card: Card) -> Delivery:
        """Show `card` for good: through floods and failures, but not for ever."""
        until = self._clock.monotonic() + PATIENCE_S
        attempt = 0
        while attempt < TRIES:
            turn = await self._chat.turn(within_s=until - self._clock.monotonic())
            if turn is None:
                break
            self._turn.over()  # one that was taken for an edit, which the end has overtaken
            self._turn = turn
            try:
                await self._put(card)
            except ThreadGone as error:
                if self.address.thread is None:
                    return self._given_up(error)
                self.address, self.ref = replace(self.address, thread=None), None
            except ChatGone as error:
                return self._given_up(error)
            except MessageGone:
                self.ref = None
            except Flooded:
                continue  # no failure: the platform has said when, and the time to wait is bounded
            except DeliveryFailed as error:
                _log.debug("%s did not take an end: %s", self.address.chat_id, error)
                await self._clock.sleep(min(2.0**attempt, LONGEST_REST_S))
            else:
                return "delivered"
            attempt += 1
        _log.warning("%s did not take the end of a message; giving up for now", self.address.chat_id)
        return "not delivered"

    def _given_up(self, error: ChatGone) -> Delivery:
        _log.warning("%s is closed to us; its message stays unfinished: %s", self.address.chat_id, error)
        return "chat gone"

    async def _put(self, card: Card) -> None:
        """Send or edit within a time limit; whatever goes wrong is a `DeliveryFailed`."""
        try:
            with self._turn:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await self._call(card)
        except Flooded as flood:
            self._chat.close_for(flood.retry_after_s, live_only=isinstance(flood, EditsScarce))
            raise
        except DeliveryFailed:
            raise
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer in {CALL_TIMEOUT_S:g} s") from error
        except Exception as error:
            # A renderer's bug must not cost the run its end; the next try may draw another state.
            _log.exception("%s could not draw a card", self.address.chat_id)
            raise DeliveryFailed("the card could not be drawn") from error

    async def _call(self, card: Card) -> None:
        if self.ref is None:
            self.ref = await self._door.send(self.address, card)
        else:
            await self._door.edit(self.ref, card)
