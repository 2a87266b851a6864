"""Where budgets are kept: in this process alone, or in what the store does for all processes."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from core.domain.budgets import Held, Limit, Reply, Standing, Wish, booked, replies_to
from core.domain.calls import Call


class BudgetBook(Protocol):
    """What each limited scope has spent and what calls under way hold of it.

    For use within one event loop; any number of processes may share what is behind it. An amount is in USD,
    or in tokens in a scope of tokens.
    """

    async def hold(self, wish: Wish) -> Reply:
        """Hold what a call may cost in every scope that limits it, or in none, and say which.

        Raises:
            StoreError: nothing is held, because the books cannot be read or written.
        """
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
    """Budgets of one process, gone with it. `spent` is what scopes have spent before."""

    def __init__(self, spent: Mapping[str, Decimal] | None = None) -> None:
        self._standings = {scope: Standing(usd) for scope, usd in (spent or {}).items()}
        self._holds: dict[str, Mapping[str, Decimal]] = {}
        self._changed = asyncio.Event()

    async def hold(self, wish: Wish) -> Reply:
        """Hold what a call may cost; see `BudgetBook`."""
        for limit in wish.limits:
            self._standings.setdefault(limit.scope, Standing())
        (reply,) = replies_to([wish], self._standings)
        if isinstance(reply, Held):
            self._holds[wish.call.id] = reply.amounts
        return reply

    def end(self, call: Call) -> None:
        """Book a call that has ended; see `BudgetBook`."""
        for scope, amount in self._holds.pop(call.id, {}).items():
            spent, held = self._standings[scope]
            self._standings[scope] = Standing(spent + booked(call, scope), held - amount)
        self._changed.set()
        self._changed = asyncio.Event()

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
