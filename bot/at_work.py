"""Showing in a chat that an answer is being worked on: seldom, and only where nobody needs the room."""

import asyncio
import logging

from bot.door import DeliveryFailed, Door, Flooded
from bot.pacer import Pacers
from bot.request import Address
from core.clock import Clock

FIRST_S = 2.0
"""What is answered sooner needs no sign."""
LATER_S = 4.0
"""When to look again whether there is room."""
CALL_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


async def show_at_work(door: Door, address: Address, pacers: Pacers, clock: Clock) -> None:
    """Show it until cancelled, as often as the door wants it; ends where it cannot be shown.

    It goes only when nothing else waits, so it never delays a message, and floods end it.
    """
    wait_s = FIRST_S
    while True:
        await clock.sleep(wait_s)
        chat = pacers.at(door, address)
        turn = chat.spare()
        if turn is None:
            wait_s = LATER_S
            continue
        try:
            with turn:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    again = await door.working(address)
        except Flooded as flood:
            chat.close_for(flood.retry_after_s)
            return
        except (DeliveryFailed, TimeoutError) as error:
            _log.debug("%s is not shown that we work: %s", address.chat_id, error)
            return
        if again is None:
            return
        wait_s = again
