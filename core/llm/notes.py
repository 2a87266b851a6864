"""What this process knows of keys, routes and dialects, and what others have noted.

It is read every second, of dialects every minute, and written at changes, and is never in the way of a call:
a store that fails or is slow leaves this process with what it knows itself, and is told once.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from core.clock import Clock
from core.domain.errors import StoreError
from core.domain.provider_health import DialectState, KeyState, RouteState
from core.llm.states import DialectPlace, KeyPlace, KeyStates

EVERY_S = 1.0
USE_EVERY_S = 60.0
_WITHIN_S = 2.0
_CLOSE_S = 5.0

Note = KeyState | RouteState | DialectState

_log = logging.getLogger(__name__)


class Notes:
    """The newest note on each key, route and dialect. For one event loop; `close` writes what waits."""

    def __init__(self, states: KeyStates, clock: Clock) -> None:
        self.keys: dict[KeyPlace, KeyState] = {}
        self.routes: dict[tuple[str, str], RouteState] = {}
        self.dialects: dict[DialectPlace, DialectState] = {}
        self.used: Mapping[tuple[str, str], int] = {}
        self._states = states
        self._clock = clock
        self._unwritten: dict[tuple[str, ...], Note] = {}
        self._writer: asyncio.Task[None] | None = None
        self._next = self._next_use = float("-inf")
        self._first = asyncio.Lock()
        self._told = False

    async def refresh(self) -> None:
        """Take over what others have noted, if the last look is more than a second ago."""
        if self._clock.monotonic() < self._next:
            return
        if self._next == float("-inf"):
            # Nobody asks before the first look: a key that was refused yesterday is not tried again today.
            async with self._first:
                if self._next == float("-inf"):
                    await self._read()
            return
        await self._read()

    def put_key(self, state: KeyState) -> None:
        """Note something of a key, here at once and for others soon."""
        self.keys[state.provider, state.key, state.model] = state
        self._write_later(("key", state.provider, state.key, state.model), state)

    def put_route(self, state: RouteState) -> None:
        """Note something of a route, here at once and for others soon."""
        self.routes[state.provider, state.model] = state
        self._write_later(("route", state.provider, state.model), state)

    def put_dialect(self, state: DialectState) -> None:
        """Note how a model wants to be asked, here at once and for others soon."""
        place = (state.provider, state.base_url, state.model)
        self.dialects[place] = state
        self._write_later(("dialect", *place), state)

    async def written(self) -> None:
        """Wait until all that was noted has been written, or could not be."""
        while self._writer is not None and not self._writer.done():
            await asyncio.shield(self._writer)

    async def close(self) -> None:
        """Write what waits, within five seconds."""
        self._write_more()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self.written()
        except TimeoutError:
            if self._writer is not None:
                self._writer.cancel()

    async def _read(self) -> None:
        now = self._clock.monotonic()
        first, self._next = self._next == float("-inf"), now + EVERY_S
        try:
            async with asyncio.timeout(_WITHIN_S):
                keys, routes = await self._states.read()
                if now >= self._next_use:
                    self._next_use = now + USE_EVERY_S
                    self.used = await self._states.used(_midnight(self._clock.now()))
                    self._take_over(await self._states.dialects())
        except (StoreError, TimeoutError) as error:
            self._tell(error)
            return
        except asyncio.CancelledError:
            if first:
                self._next = float("-inf")  # the next caller looks
            raise
        self._told = False
        for key in keys:
            place = (key.provider, key.key, key.model)
            if place not in self.keys or self.keys[place].at < key.at:
                self.keys[place] = key
        for route in routes:
            whole = (route.provider, route.model)
            if whole not in self.routes or self.routes[whole].at < route.at:
                self.routes[whole] = route
        self._write_more()

    def _take_over(self, dialects: Iterable[DialectState]) -> None:
        for state in dialects:
            place = (state.provider, state.base_url, state.model)
            if place not in self.dialects or self.dialects[place].at < state.at:
                self.dialects[place] = state

    def _write_later(self, place: tuple[str, ...], state: Note) -> None:
        self._unwritten[place] = state
        self._write_more()

    def _write_more(self) -> None:
        if self._unwritten and (self._writer is None or self._writer.done()):
            self._writer = asyncio.create_task(self._write(), name="notes on keys and routes")

    async def _write(self) -> None:
        """Write one note after another; one that fails is tried again after the next look."""
        while self._unwritten:
            place, state = next(iter(self._unwritten.items()))
            try:
                async with asyncio.timeout(_WITHIN_S):
                    if isinstance(state, KeyState):
                        await self._states.keep_key(state)
                    elif isinstance(state, RouteState):
                        await self._states.keep_route(state)
                    else:
                        await self._states.keep_dialect(state)
            except (StoreError, TimeoutError) as error:
                self._tell(error)
                return
            if self._unwritten.get(place) is state:
                del self._unwritten[place]

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            said = str(error) or "no answer in time"
            _log.warning("how keys and routes are is not shared with other processes for now: %s", said)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
