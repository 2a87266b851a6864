"""Where budgets are kept: in this process alone, or in what the store does for all processes."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from core.clock import Clock, SystemClock
from core.domain.budgets import Held, Limit, Reply, Standing, Wish, booked, replies_to
from core.domain.calls import Call
from core.domain.paces import WINDOW_S, Booked, Minute, Pace, Turn, really_used


class BudgetBook(Protocol):
    """What each limited scope has spent and what calls under way hold of it; and the turns of paced keys.

    For use within one event loop; any number of processes may share what is behind it. An amount is in USD,
    or in tokens in a scope of tokens.
    """

    async def hold(self, wish: Wish) -> Reply:
        """Hold what a call may cost in every scope that limits it, or in none, and say which.

        With what is held its turn is booked, where its key has a pace.

        Raises:
            StoreError: nothing is held, because the books cannot be read or written.
        """
        ...

    def has_room(self, pace: Pace, tokens: int) -> bool:
        """Say whether a call that may use so many tokens could go out at once, as far as is known here."""
        ...

    def end(self, call: Call) -> None:
        """Book a call that has ended and give back the rest of what it held; never waits.

        A call that was recorded by the `CallLog` of the same store is booked by that, and counts once.
        """
        ...

    async def standing(self, limit: Limit) -> Standing:
        """Return what a scope has spent and what is held of it; its `most` does not matter.

        Raises:
            StoreError: the books cannot be read.
        """
        ...

    async def changed(self, scope: str) -> bool:
        """Wait until a call of this process that holds some of a scope has ended.

        Returns False at once where none does: then others hold it, and one can only look again.
        """
        ...

    def forget(self, scope: str) -> None:
        """Drop a scope that will not be used again, such as a finished run; never waits."""
        ...


class MemoryBook:
    """Budgets and paces of one process, gone with it. `spent` is what scopes have spent before."""

    def __init__(self, spent: Mapping[str, Decimal] | None = None, clock: Clock | None = None) -> None:
        self._standings = {scope: Standing(usd) for scope, usd in (spent or {}).items()}
        self._booked: dict[tuple[str, str], list[Booked]] = {}
        self._holds: dict[str, Held] = {}
        self._clock = clock or SystemClock()
        self._changed = asyncio.Event()

    async def hold(self, wish: Wish) -> Reply:
        """Hold what a call may cost; see `BudgetBook`."""
        for limit in wish.limits:
            self._standings.setdefault(limit.scope, Standing())
        minutes = {wish.pace.owner: self._minute(wish.pace)} if wish.pace else {}
        (reply,) = replies_to([wish], self._standings, minutes)
        if isinstance(reply, Held):
            self._holds[wish.call.id] = reply
        return reply

    def has_room(self, pace: Pace, tokens: int) -> bool:
        """Say whether a call could go out at once."""
        return self._minute(pace).has_room(pace, tokens)

    def _minute(self, pace: Pace) -> Minute:
        now = self._clock.monotonic()
        booked = self._booked.setdefault(pace.owner, [])
        booked[:] = [one for one in booked if one.at > now - WINDOW_S]
        return Minute(now, booked)

    def end(self, call: Call) -> None:
        """Book a call that has ended; see `BudgetBook`."""
        held = self._holds.pop(call.id, None)
        for scope, amount in held.amounts.items() if held else ():
            spent, under_way = self._standings[scope]
            self._standings[scope] = Standing(spent + booked(call, scope), under_way - amount)
        if held and held.turn:
            self._used(held.turn, call)
        self._changed.set()
        self._changed = asyncio.Event()

    def _used(self, turn: Turn, call: Call) -> None:
        """Let only what was used of a turn be in the way of others, unless its minute is over."""
        all_booked, own = self._booked[turn.provider, turn.key], Booked(turn.at, 1, turn.tokens)
        if own not in all_booked:
            return
        used, place = really_used(turn, call), all_booked.index(own)
        all_booked[place : place + 1] = [used] if used.requests else []

    async def standing(self, limit: Limit) -> Standing:
        """Return what a scope has spent and what is held of it."""
        return self._standings.get(limit.scope, Standing())

    async def changed(self, scope: str) -> bool:
        """Wait until some call has ended."""
        await self._changed.wait()
        return True

    def forget(self, scope: str) -> None:
        """Drop a scope that no call holds."""
        if scope in self._standings and not self._standings[scope].held:
            del self._standings[scope]
