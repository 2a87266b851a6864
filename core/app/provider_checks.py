"""What `conclave check` says of models and keys, and where it notes what it has found."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from core.app.live_check import LiveCheck
from core.config import Settings
from core.domain.check import Check
from core.domain.errors import ConfigError, StoreError
from core.domain.provider_health import Condition, KeyCondition, KeyHealth, ProviderHealth, RouteHealth
from core.store.budget_rows import Budgets
from core.store.call_queue import CallQueue
from core.store.call_rows import Calls
from core.store.database import Database
from core.store.provider_rows import ProviderStates, database_at

WITHIN_S = 5.0
_OUT = {KeyCondition.NO_CREDIT, KeyCondition.REFUSED, KeyCondition.UNREADABLE}
_MEND = "docs/health.md says what each state means, and how keys and routes come back."

log = logging.getLogger(__name__)


class Notebook:
    """The database, if it is there and up to date: a check changes no schema, and goes on without one.

    `states`, `budgets` and `log` are where a gateway finds and keeps what all processes share; each is None
    where there is no database, as the store's own probe says.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._database: Database | None = None
        self.states: ProviderStates | None = None
        self.budgets: Budgets | None = None
        self.log: CallQueue | None = None

    async def open(self) -> None:
        """Open the database."""
        try:
            async with asyncio.timeout(WITHIN_S):
                self._database = await database_at(self._settings.store.address(self._environ))
        except (StoreError, ConfigError, TimeoutError):
            return
        if self._database is not None:
            self.states = ProviderStates(self._database)
            self.log = Calls(self._database).log
            self.budgets = Budgets(self._database, self.log)

    async def close(self) -> None:
        """Write what the check has cost, so that budgets and costs count it, and let go of the database."""
        if self._database is None:
            return
        try:
            async with asyncio.timeout(WITHIN_S):
                if self.log is not None:
                    await self.log.close()
        except TimeoutError:
            log.warning("what the check has cost was not kept: the database took too long")
        finally:
            await self._database.close()


def health_checks(providers: Sequence[ProviderHealth], settings: Settings) -> Iterator[Check]:
    """Yield one line a provider: how its models and keys are; one that is down is a failure."""
    zone = ZoneInfo(settings.arena.timezone)
    for one in providers:
        troubled = [route for route in one.routes if route.condition is not Condition.HEALTHY]
        parts = [_route(route, zone) for route in troubled] or ["models healthy as far as is known"]
        parts += [_key(key, zone) for key in one.keys]
        bad = one.condition is Condition.DOWN or any(key.condition in _OUT for key in one.keys)
        yield Check(
            name=f"health of {one.name}",
            state="failed" if bad else "ok",
            detail=f"{one.condition}: {'; '.join(parts)}",
            mend=_MEND if bad else None,
        )


def cost_check(trials: LiveCheck) -> Check:
    """Return what the live requests have cost."""
    spend = trials.spend
    unknown = f", {spend.unpriced_calls} at a cost that nobody knows" if spend.unpriced_calls else ""
    detail = f"{spend.calls} requests, {spend.tokens} tokens, ${spend.cost_usd:f}{unknown}"
    return Check(name="live: cost", state="ok", detail=detail)


def _route(route: RouteHealth, zone: ZoneInfo) -> str:
    since = f" since {route.since.astimezone(zone):%Y-%m-%d %H:%M}" if route.since else ""
    return f"{route.model} is {route.condition}{since}: {route.reason}"


def _key(key: KeyHealth, zone: ZoneInfo) -> str:
    if key.condition is KeyCondition.USABLE:
        return f"key {key.shown} usable"
    model = f" for {key.model}" if key.model else ""
    since = f" since {key.since.astimezone(zone):%Y-%m-%d %H:%M}" if key.since else ""
    until = f" until {key.until.astimezone(zone):%Y-%m-%d %H:%M}" if key.until else ""
    return f"key {key.shown} {key.condition.replace('_', ' ')}{model}{since}{until}: {key.reason}"
