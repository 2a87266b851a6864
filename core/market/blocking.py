"""Blocking work off the event loop, with a time limit."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from core.domain.errors import VendorTimeout

T = TypeVar("T")


async def off_loop(vendor: str, limit_s: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, run in a thread.

    A thread cannot be stopped: after `limit_s` seconds its answer is no longer waited for, so `work` should
    have a limit of its own.

    Raises:
        VendorTimeout: no answer within `limit_s` seconds.
    """
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.to_thread(work)
    except TimeoutError:
        raise VendorTimeout(vendor, f"no answer within {limit_s:g} seconds") from None
