"""What is kept of keys and routes beyond this process: the port, and an implementation that forgets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from core.domain.provider_health import DialectState, KeyState, RouteState

KeyPlace = tuple[str, str, str]
"""A provider, a key of it, and a model or ""."""

DialectPlace = tuple[str, str, str]
"""A provider, its address, and a model."""


class KeyStates(Protocol):
    """Where the states of keys and routes are kept, shared by all processes that use the same place.

    Every method may raise StoreError; whoever asks goes on with what it knows.
    """

    async def read(self) -> tuple[tuple[KeyState, ...], tuple[RouteState, ...]]:
        """Return the newest note on each key and each route."""
        ...

    async def keep_key(self, state: KeyState) -> None:
        """Keep a note on a key, unless a newer one is there."""
        ...

    async def keep_route(self, state: RouteState) -> None:
        """Keep a note on a route, unless a newer one is there."""
        ...

    async def dialects(self) -> tuple[DialectState, ...]:
        """Return how each model wants to be asked at each address."""
        ...

    async def keep_dialect(self, state: DialectState) -> None:
        """Keep how a model wants to be asked, unless something newer is there."""
        ...

    async def used(self, since: datetime) -> Mapping[tuple[str, str], int]:
        """Return how many calls each key of each provider has served since a moment, by all processes."""
        ...


class KeptInMemory:
    """Keeps the notes in memory: for tests, and where no store is at hand."""

    def __init__(self) -> None:
        self._keys: dict[KeyPlace, KeyState] = {}
        self._routes: dict[tuple[str, str], RouteState] = {}
        self._dialects: dict[DialectPlace, DialectState] = {}

    async def read(self) -> tuple[tuple[KeyState, ...], tuple[RouteState, ...]]:
        """Return the newest note on each key and each route."""
        return tuple(self._keys.values()), tuple(self._routes.values())

    async def keep_key(self, state: KeyState) -> None:
        """Keep a note on a key, unless a newer one is there."""
        place = (state.provider, state.key, state.model)
        known = self._keys.get(place)
        if known is None or known.at <= state.at:
            self._keys[place] = state

    async def keep_route(self, state: RouteState) -> None:
        """Keep a note on a route, unless a newer one is there."""
        place = (state.provider, state.model)
        known = self._routes.get(place)
        if known is None or known.at <= state.at:
            self._routes[place] = state

    async def dialects(self) -> tuple[DialectState, ...]:
        """Return how each model wants to be asked at each address."""
        return tuple(self._dialects.values())

    async def keep_dialect(self, state: DialectState) -> None:
        """Keep how a model wants to be asked, unless something newer is there."""
        place = (state.provider, state.base_url, state.model)
        known = self._dialects.get(place)
        if known is None or known.at <= state.at:
            self._dialects[place] = state

    async def used(self, since: datetime) -> Mapping[tuple[str, str], int]:
        """Return nothing: no call is kept here."""
        return {}
