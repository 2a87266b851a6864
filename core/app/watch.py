"""Looks out for what chats want to hear at once, and makes it due where it is subscribed to.

What it finds has a key of its own, so that looking again, here or in another process, finds nothing new.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.app.people import People
from core.app.scoreboard import Scoreboard
from core.clock import Clock
from core.config import Settings
from core.domain.alert import Alert, AlertKind
from core.domain.live_season import FinalTable
from core.domain.run import RunState
from core.domain.season import Season
from core.domain.subscription import ChatTerms, Planned, Subscription, Topic
from core.llm.gateway import Gateway
from core.llm.scopes import chat_of, in_words
from core.pipeline.spending import limits_a_day, spent_today
from core.schedule.alerts import budget_alerts, down_alerts, flip_alert, level_alerts
from core.schedule.provider_alerts import FOR_ADMINS, key_alerts, route_alerts
from core.schedule.wall_clock import quiet_end
from core.store.store import Store

LOOK_BACK = timedelta(days=1)
"""Older events are no longer news; so long may nobody have looked."""
SEASONS_LOOK_BACK = timedelta(days=14)
"""As `LOOK_BACK`, for seasons: one ends with a close, but is frozen only when its last prices have come."""
RESULTS = 200
"""How many results of each member are looked at for a streak of failures."""


class Watch:
    """Finds alerts. Any number of processes may look."""

    def __init__(
        self,
        store: Store,
        scoreboard: Scoreboard,
        settings: Settings,
        gateway: Gateway,
        clock: Clock,
        people: People,
    ) -> None:
        self._store = store
        self._scoreboard = scoreboard
        self._settings = settings
        self._gateway = gateway
        self._clock = clock
        self._people = people

    async def look(self) -> tuple[Alert, ...]:
        """Note what has happened in the last day, and make it due where it was subscribed to before.

        Returns what nobody had noted before.
        """
        now = self._clock.now()
        if not await self._store.subscriptions.active(Topic.ALERTS):
            return ()
        season = await self._scoreboard.current()
        found = [alert for alert in await self._found(season, now) if _is_news(alert, now)]
        zone = self._settings.arena.timezone
        admins = set(await self._people.admins()) if any(one.kind in FOR_ADMINS for one in found) else set()

        def telling(alert: Alert, subscription: Subscription, terms: ChatTerms) -> Planned | None:
            if subscription.created_at > alert.at or alert.chat not in {None, subscription.chat_id}:
                return None
            if alert.kind in FOR_ADMINS and subscription.created_by not in admins:
                return None
            return Planned(key=alert.key, at=alert.at, due_at=quiet_end(terms, zone, now))

        return await self._store.alerts.add(found, telling)

    async def _found(self, season: Season, now: datetime) -> list[Alert]:
        found = list(level_alerts(await self._store.seasons.filled(season, now - LOOK_BACK, now)))
        found += await self._flips(season, now)
        found += await self._down(season, now)
        found += await self._budgets(now)
        found += await self._providers()
        found += [_season_alert(table) for table in await self._store.live.finals()]
        return found

    async def _down(self, season: Season, now: datetime) -> list[Alert]:
        """Find members that are down; those that sit on the committee no more are nobody's concern."""
        sitting = {member.name for member in await self._store.members.all() if member.enabled}
        results = await self._store.history.results(season, RESULTS)
        runs = {run_id for theirs in results.values() for run_id, _ in theirs}
        before = str(season) if len(runs) >= RESULTS else None
        theirs = [(member, found) for member, found in results.items() if member in sitting]
        return [one for member, found in theirs for one in down_alerts(member, found, now, before=before)]

    async def _flips(self, season: Season, now: datetime) -> Iterable[Alert]:
        ended = await self._store.seasons.ended(season, now - LOOK_BACK, now)
        finished = [record for record in ended if record.state is RunState.FINISHED]
        if not finished:
            return []
        portfolios = (await self._store.books.snapshot(season, now)).portfolios
        found = []
        for record in finished:
            holders = [name for name, books in portfolios.items() if books.position(record.ticker)]
            before = await self._store.history.before(record) if holders else None
            found.append(flip_alert(before, record, holders))
        return [alert for alert in found if alert]

    async def _providers(self) -> list[Alert]:
        """Find keys that are out and routes that are down or back, of what the configuration still has."""
        keys, routes = await self._store.providers.read()
        configured = {
            (one.name, key.name): self._gateway.shown(one, key)
            for one in self._settings.providers
            for key in one.keys
        }
        routed = {
            hop: [one.name for one in self._settings.members if one.enabled and hop in one.hops]
            for member in self._settings.members
            for hop in member.hops
        }
        return [*key_alerts(keys, configured), *route_alerts(routes, routed)]

    async def _budgets(self, now: datetime) -> list[Alert]:
        if not limits_a_day(self._settings):
            return []
        budget, today = self._gateway.budget, self._gateway.today()
        found: list[Alert] = []
        for scope, spent in (await spent_today(self._settings, self._store, self._clock)).items():
            limit = budget.limit_of(scope)
            # What one person has left is that person's matter, and tokens are not counted in USD.
            if limit is not None and scope.partition(":")[0] not in {"person", "tokens"}:
                words = f"the budget {in_words(scope)}"
                found += budget_alerts(words, spent, limit, today, now, chat=chat_of(scope))
        return found


def _is_news(alert: Alert, now: datetime) -> bool:
    return alert.at >= now - (SEASONS_LOOK_BACK if alert.kind is AlertKind.SEASON else LOOK_BACK)


def _season_alert(table: FinalTable) -> Alert:
    key = f"alert:{AlertKind.SEASON}:{table.season}"
    return Alert(key=key, kind=AlertKind.SEASON, at=table.ended_at, season=table.season)
