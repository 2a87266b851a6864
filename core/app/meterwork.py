"""The use cases of whoever watches the service: whether the database answers, and what there is left."""

import asyncio
from abc import ABC
from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from core.clock import Clock
from core.config import Settings
from core.domain.errors import StoreError
from core.domain.measures import Relay
from core.llm.gateway import Gateway
from core.llm.scopes import day_scope, key_scope, tier_scope
from core.pipeline.spending import limits_a_day, spent_today
from core.schedule.claiming import LATE
from core.store.store import Store

ANSWERS_WITHIN_S = 5.0


class BudgetLeft(NamedTuple):
    """What today's budget of one scope leaves of its limit, in USD; never below zero.

    `scope` is `day`, `tier:premium`, or `key:openrouter:main`.
    """

    scope: str
    left_usd: Decimal
    limit_usd: Decimal


class Meterwork(ABC):
    """A part of `App`. `measures` passes on what happens to whoever was added to it."""

    settings: Settings
    clock: Clock
    measures: Relay
    _gateway: Gateway
    _store: Store

    async def ping(self) -> float:
        """Ask the database for nothing, and return the seconds until it has answered.

        Raises:
            StoreError: it does not answer, or not in time.
        """
        before = self.clock.monotonic()
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await self._store.database.ping()
        except TimeoutError:
            raise StoreError(f"The database did not answer in {ANSWERS_WITHIN_S:g} seconds.") from None
        seconds = self.clock.monotonic() - before
        self.measures.transacted("ping", seconds)
        return seconds

    async def budget_left(self) -> tuple[BudgetLeft, ...]:
        """Return what the limits of today leave: of the day, and of each tier and key that has one.

        What calls under way have reserved counts as spent.

        Raises:
            StoreError: the database cannot be used.
        """
        if not limits_a_day(self.settings):
            return ()
        budget, today = self._gateway.budget, self._gateway.today()
        budget.at_least(await spent_today(self.settings, self._store, self.clock))
        scopes = {"day": day_scope(today)}
        scopes |= {f"tier:{tier}": tier_scope(tier, today) for tier in self.settings.budget.tiers}
        scopes |= {
            f"key:{provider.name}:{key.name}": key_scope(provider.name, key.name, today)
            for provider in self.settings.providers
            for key in provider.keys
        }
        found = [(name, budget.tightest((scope,))) for name, scope in scopes.items()]
        return tuple(
            BudgetLeft(name, max(tight[0], Decimal(0)), tight[1])
            for name, tight in found
            if tight is not None
        )

    async def due_now(self, platforms: Collection[str]) -> tuple[int, int]:
        """Return how many slots of subscriptions on these platforms wait, and how many of them are late.

        Raises:
            StoreError: the database cannot be used.
        """
        now = self.clock.now()
        return await self._store.slots.waiting(now, now - LATE, platforms)
