"""What happens by the clock in `conclave serve`. APScheduler fires; the database decides what is to be done.

So nothing is lost when a firing is missed, and nothing happens twice when several processes fire at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from bot.postman import Postman
from core.app.app import App
from core.clock import SystemClock
from core.domain.errors import ConclaveError

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

TICK_S = 5.0
LISTS_S = 3600.0
"""How often somebody looks whether a list of models is a day old."""
BOOKS_S = 300.0
INTERRUPTED_S = 20.0

_log = logging.getLogger(__name__)


class Timer:
    """The regular work of one process: what is due, the books, and, with `resume`, interrupted runs."""

    def __init__(self, app: App, postman: Postman, *, resume: bool = True) -> None:
        self._app = app
        self._postman = postman
        self._resume = resume
        self._scheduler: AsyncIOScheduler | None = None
        self._stopped = False

    async def start(self) -> None:
        """Begin to fire; the first time at once."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        await _guarded(self._app.agenda.prepare)
        if self._stopped:
            return
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a skipped firing is no news here
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        work: tuple[tuple[Callable[[], Awaitable[object]], float], ...] = (
            (self._postman.tick, TICK_S),
            (self.books, BOOKS_S),
            (self._app.reflect, BOOKS_S),
            (self._app.refresh_lists, LISTS_S),
            *([(self._app.resume_interrupted, INTERRUPTED_S)] if self._resume else []),
        )
        for number, (what, every_s) in enumerate(work):
            self._scheduler.add_job(
                _kept_going,
                "interval",
                args=(what,),
                seconds=every_s,
                next_run_time=SystemClock().now() + timedelta(milliseconds=number),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._scheduler.start()

    async def books(self) -> None:
        """Carry the books through what has opened and closed, and plan what this brings for chats.

        Each for itself: when no vendor has prices, chats still want to hear of a model that is down.
        """
        for work in (self._app.keep_books, self._app.look_out, self._app.agenda.tidy):
            await _guarded(work)

    def stop(self) -> None:
        """Fire no more; what was fired is cancelled."""
        self._stopped = True
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            # What is cancelled before it has begun is an error to the library.
            logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
            scheduler.shutdown(wait=False)


async def _kept_going(work: Callable[[], Awaitable[object]]) -> None:
    """Do something whatever becomes of it: it is done again soon."""
    try:
        await _guarded(work)
    except asyncio.CancelledError:
        return  # told to stop; the library would call that an error


async def _guarded(work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except ConclaveError as error:
        _log.warning("%s", error)
    except Exception:  # noqa: BLE001 - a bug in one firing must not stop those to come
        _log.exception("a regular task failed; it is tried again")
