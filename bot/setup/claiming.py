"""The last step of the setup: whoever typed the secrets shows in the chat who they are."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.desk import Desk
from bot.setup.asking import Asking
from core.app.app import App
from core.app.claims import GOOD_FOR
from core.domain.errors import ConclaveError, Refused

NOTHING = "   Nothing was typed. Paste it here and press Enter; it is not shown."
LOOK_EVERY_S = 1.0
LET_ANSWER_GO_S = 2.0
"""The person who typed the code is still being answered."""


class Listener(Protocol):
    """A platform, which is listened to until cancelled."""

    async def run(self) -> None:
        """Listen."""
        ...


Listen = Callable[[App, Desk], Listener]


async def claim_admin(app: App, asking: Asking, listen: Listen | None, how: Callable[[str], str]) -> bool:
    """Show a one-time code, listen until somebody has typed it in a chat, and say whether that came about.

    `how` says what to do with the code. Without `listen`, and where another process listens already, that
    process hears it.
    """
    claim = await app.claims.open()
    minutes = int(GOOD_FOR.total_seconds() // 60)
    asking.say(f"\n{how(claim.code)}\nThe code is good once, for {minutes} minutes. Waiting for it …")
    listening = asyncio.ensure_future(listen(app, Desk(app)).run() if listen else _elsewhere())
    try:
        until = app.clock.monotonic() + GOOD_FOR.total_seconds()
        while app.clock.monotonic() < until:
            if person := await app.claims.claimed_by(claim):
                asking.say(f"{person} is admin now.")
                await app.clock.sleep(LET_ANSWER_GO_S)
                return True
            if not await app.claims.waits() and not await app.claims.claimed_by(claim):
                asking.say("The code is worth nothing now: its time is over, or wrong ones came too often.")
                break
            if listening.done():
                break
            await app.clock.sleep(LOOK_EVERY_S)
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConclaveError):
            await listening
    asking.say("Nobody has typed the right code. Start the setup again for another one.")
    return False


async def _elsewhere() -> None:
    """Listen to nothing: another process does."""
    await asyncio.Event().wait()


async def asked_until_good(
    asking: Asking, question: str, wrong: Callable[[str], Awaitable[str | None]], tries: int = 3
) -> str:
    """Ask for a secret until `wrong` finds nothing wrong with it, and return it.

    Raises:
        Refused: it was wrong too often.
    """
    for _ in range(tries):
        given = await asking.secret(question)
        sentence = await wrong(given)
        if sentence is None:
            return given
        asking.say(sentence)
    raise Refused("That did not work three times. Look at the steps above, then start the setup again.")
