"""`conclave serve` in this process, and what its messages have below them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.serve import serve
from bot.telegram_intake import Intake
from core.app.app import App
from tests.loopback.slack_state import Message

READY_S = 30


@asynccontextmanager
async def served(app: App) -> AsyncIterator[App]:
    """The whole service once it is ready, told to stop in the end as an operator would tell it."""
    said: list[str] = []
    service = asyncio.create_task(serve(app, said.append))
    try:
        async with asyncio.timeout(READY_S):
            while not any("ready" in line for line in said):
                assert not service.done(), service.exception()
                await asyncio.sleep(0.01)
        yield app
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(service, 30)
        await app.close()


def actions(message: Message) -> list[str]:
    """The ids of all buttons below a message in Slack."""
    blocks = [block for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for block in blocks for element in block["elements"]]


def worked_on() -> list[str]:
    """Return what updates of Telegram are worked on at the moment."""
    coroutines = [task.get_coro() for task in asyncio.all_tasks() if not task.done()]
    return [name for one in coroutines if (name := one.__qualname__) == Intake._work.__qualname__]
