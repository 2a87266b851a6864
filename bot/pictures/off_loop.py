"""Drawing off the event loop, one picture at a time, with a time limit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from core.domain.errors import ConclaveError

DRAW_LIMIT_S = 30.0
# One thread: matplotlib is not safe in two, and a picture that hangs must not use up the loop's own threads.
_PAINTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")


class PictureFailed(ConclaveError):
    """A picture could not be drawn in time."""


async def drawn(work: Callable[[], bytes], limit_s: float = DRAW_LIMIT_S) -> bytes:
    """Return the picture that `work` draws, for instance `lambda: equity_curves(report)`.

    Pictures wait for one another. A thread cannot be stopped: after `limit_s` seconds, waiting included, its
    picture is no longer waited for; one that has not begun by then is never drawn.

    Raises:
        PictureFailed: no picture within `limit_s` seconds.
    """
    try:
        async with asyncio.timeout(limit_s):
            return await asyncio.get_running_loop().run_in_executor(_PAINTER, work)
    except TimeoutError:
        raise PictureFailed(f"The picture was not ready within {limit_s:g} seconds.") from None
