"""What providers list of their models: read once a day, kept with its date, used where nobody states it."""

import logging
from datetime import timedelta

from core.clock import Clock
from core.config import Settings
from core.config.providers import Provider
from core.domain.errors import ConclaveError, ModelFailure
from core.llm.gateway import Gateway
from core.store.store import Store

READ_EVERY = timedelta(hours=24)

log = logging.getLogger(__name__)


class Listing:
    """Keeps the lists of the providers that have prices in theirs."""

    def __init__(self, settings: Settings, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._gateway = gateway
        self._clock = clock

    async def load(self) -> None:
        """Use what was read before, by whatever process.

        Raises:
            StoreError: the database cannot be used.
        """
        self._gateway.listed = await self._store.listed.all()

    async def refresh(self) -> int:
        """Read each list that is older than a day; return how many were. One that cannot be had is logged.

        Raises:
            StoreError: the database cannot be used.
        """
        now, read_at = self._clock.now(), await self._store.listed.read_at()
        due = [
            provider
            for provider in self._settings.providers
            if provider.enabled and provider.lists_prices and self._is_routed_to(provider)
            if provider.name not in read_at or now - read_at[provider.name] >= READ_EVERY
        ]
        read = [await self._read(provider) for provider in due]
        await self.load()
        return sum(read)

    async def _read(self, provider: Provider) -> bool:
        try:
            models = await self._gateway.list_models(provider)
        except ModelFailure as failure:
            log.warning("the list of models of %s was not read: %s", provider.name, failure)
            return False
        try:
            await self._store.listed.replace(provider.name, models)
        except ConclaveError as error:
            log.warning("the list of models of %s was not kept: %s", provider.name, error)
            return False
        return True

    def _is_routed_to(self, provider: Provider) -> bool:
        hops = (hop for member in self._settings.members if member.enabled for hop in member.hops)
        return any(hop.partition(":")[0] == provider.name for hop in hops)
