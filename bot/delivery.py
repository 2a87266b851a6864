"""One message of ours on a door: drawn now and then, and in the end delivered for good.

What may go wrong, and what then happens:

* `Flooded`: nothing is drawn until the platform's time is over.
* `MessageGone`: silence until the end, which is sent as a fresh message.
* `ChatGone`: nothing more is drawn; at the end one line in the log.
* anything else: a drawing in between is dropped, the end is tried again, later and later.
* the end cannot be delivered in `TRIES` tries or `PATIENCE_S`: one line in the log.
"""

import asyncio
import logging
from typing import Literal

from bot.cards import Card
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef
from bot.request import Address
from core.clock import Clock

TRIES = 10
PATIENCE_S = 900.0
CALL_TIMEOUT_S = 30.0
_LONGEST_BACKOFF_S = 60.0

_log = logging.getLogger(__name__)

Delivery = Literal["delivered", "chat gone", "not delivered"]


class LiveMessage:
    """A message that is sent when first drawn, and edited after that.

    `silent` says that drawing makes no sense before the end. `ref` is where the message is, once it is.
    """

    def __init__(self, door: Door, address: Address, clock: Clock, ref: MessageRef | None = None) -> None:
        self.ref = ref
        self.silent = False
        self._door = door
        self._address = address
        self._clock = clock
        self._not_before = 0.0

    async def pause(self) -> None:
        """Wait until the chat takes the next edit."""
        if (wait := self._wait_s()) > 0:
            await self._clock.sleep(wait)

    async def draw(self, card: Card) -> None:
        """Show `card` if the chat takes it now; a failure is no matter, because more is to come."""
        try:
            await self._put(card)
        except (MessageGone, ChatGone):
            self.silent = True
        except DeliveryFailed as error:
            _log.debug("%s did not take an edit: %s", self._address.chat_id, error)

    async def deliver(self, card: Card) -> Delivery:
        """Show `card` for good: through floods and failures, but not for ever."""
        patience = PATIENCE_S
        for attempt in range(TRIES):
            patience -= max(self._wait_s(), 0.0)
            if patience < 0:
                break
            await self.pause()
            try:
                await self._put(card)
            except ChatGone as error:
                _log.warning(
                    "%s is closed to us; its message stays unfinished: %s", self._address.chat_id, error
                )
                return "chat gone"
            except MessageGone:
                self.ref = None
            except Flooded:
                continue
            except DeliveryFailed:
                self._hold(min(2.0**attempt, _LONGEST_BACKOFF_S))
            else:
                return "delivered"
        _log.warning("%s did not take the end of a message; giving up for now", self._address.chat_id)
        return "not delivered"

    def _wait_s(self) -> float:
        return self._not_before - self._clock.monotonic()

    def _hold(self, seconds: float) -> None:
        self._not_before = self._clock.monotonic() + seconds

    async def _put(self, card: Card) -> None:
        """Send or edit within a time limit; whatever goes wrong is a `DeliveryFailed`."""
        pace = self._door.pace(self._address)
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                if self.ref is None:
                    self.ref = await self._door.send(self._address, card)
                else:
                    await self._door.edit(self.ref, card)
        except Flooded as flood:
            pace = max(pace, flood.retry_after_s)
            raise
        except DeliveryFailed:
            raise
        except TimeoutError as error:
            raise DeliveryFailed(f"no answer in {CALL_TIMEOUT_S:g} s") from error
        except Exception as error:
            # A renderer's bug must not cost the run its end; the next try may draw another state.
            _log.exception("%s could not draw a card", self._address.chat_id)
            raise DeliveryFailed("the card could not be drawn") from error
        finally:
            self._hold(pace)
