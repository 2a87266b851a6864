"""A router of somebody's own: a Python entry point in the group `conclave.routers`, one function.

    def choose(situation, candidates):
        return "quantitative" if (situation.volatility or 0) > 0.8 else candidates[0].name

It gets a `core.domain.routing.Situation` and every `core.routing.lineup.Candidate` that may be asked, and
returns the name of one, or one that rules could use. It works in a thread of its own, with a time limit. One
that fails, takes too long or names nobody costs a line in the log, and the rules choose.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any

from core.domain.routing import Situation
from core.routing.lineup import Candidate

GROUP = "conclave.routers"

log = logging.getLogger(__name__)

Choose = Callable[[Situation, Sequence[Candidate]], Any]


def load_router(name: str) -> Choose:
    """Return the function behind an entry point.

    Raises:
        LookupError: nothing that is installed has such an entry point.
        Exception: whatever its module raises when it is imported.
    """
    found = [point for point in entry_points(group=GROUP) if point.name == name]
    if not found:
        raise LookupError(f"no installed package has the entry point {name} in the group {GROUP}")
    function: Choose = found[0].load()
    return function


class CustomRouter:
    """Asks a router, one question at a time: while it hangs, all others are left to the rules at once."""

    def __init__(self, name: str, timeout_s: float, load: Callable[[str], Choose] = load_router) -> None:
        self._name = name
        self._timeout_s = timeout_s
        self._load = load
        self._function: Choose | None = None
        self._busy = threading.Lock()

    async def choose(self, situation: Situation, candidates: Sequence[Candidate]) -> str | None:
        """Return the name that the router says, or None where it says none in time."""
        if not self._busy.acquire(blocking=False):
            log.warning("the router %s still works on an earlier question; the rules choose", self._name)
            return None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def tell(value: Any, error: BaseException | None) -> None:
            if not answer.done():
                answer.set_exception(error) if error else answer.set_result(value)

        def work() -> None:
            value: Any = None
            error: BaseException | None = None
            try:
                if self._function is None:
                    self._function = self._load(self._name)
                value = self._function(situation, tuple(candidates))
            except BaseException as failure:  # noqa: BLE001 - foreign code may raise anything
                error = RuntimeError(f"{type(failure).__name__}: {failure}")
            finally:
                self._busy.release()
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(tell, value, error)

        # Not the common pool: a thread cannot be stopped, and one that hangs must not keep the program.
        threading.Thread(target=work, name=f"router {self._name}", daemon=True).start()
        try:
            async with asyncio.timeout(self._timeout_s):
                said = await answer
        except TimeoutError:
            log.warning("the router %s took more than %g s; the rules choose", self._name, self._timeout_s)
            return None
        except RuntimeError as error:
            log.warning("the router %s failed; the rules choose: %s", self._name, error)
            return None
        if not isinstance(said, str):
            log.warning("the router %s returned no name; the rules choose", self._name)
            return None
        return said
