"""The moment from which an update is ours: whoever brought it may be told so, because it is kept.

A platform that brings updates brings one again for which it gets no answer. So it is answered only when the
update was claimed in the store, or is done: who dies before that has lost nothing.
"""

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar, copy_context
from typing import Any

_arriving: ContextVar[asyncio.Event | None] = ContextVar("arriving", default=None)


def accepted() -> None:
    """Say, within the work for an update, that it is kept; nothing where nobody waits for that."""
    if (event := _arriving.get()) is not None:
        event.set()


def start(work: Coroutine[Any, Any, None]) -> tuple[asyncio.Task[None], asyncio.Event]:
    """Start the work for an update; the event is set when it is accepted, and at its end at the latest."""
    event, context = asyncio.Event(), copy_context()
    context.run(_arriving.set, event)
    task = asyncio.create_task(work, context=context)
    task.add_done_callback(lambda _: event.set())
    return task, event
