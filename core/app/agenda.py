"""The slots of subscriptions: which of them this process works on, and what became of each.

The database decides. A slot is claimed before its work, under a lease that is renewed while the work goes
on; whoever dies loses the lease, and another process takes the slot over where it stood.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from core.clock import Clock
from core.config import Settings
from core.domain.ids import new_id
from core.domain.subscription import Due, SlotState, Step, Topic
from core.market.calendar import MarketCalendar
from core.schedule.claiming import LATE, step
from core.schedule.digest import begins
from core.schedule.review import REVIEWED
from core.schedule.slots import next_slot
from core.schedule.wall_clock import awake, quiet_end
from core.store.store import Store

LEASE = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
REST = timedelta(minutes=5)
"""How long a slot rests whose platform took nothing."""
ALERT_GRACE = timedelta(days=7)
"""How late an alert may be at least: it has no next time that could tell of it."""
REPORTED = timedelta(days=1)
"""About how long a time the first report of costs tells."""
KEPT = timedelta(days=400)
"""How long it is remembered what became of a slot."""
BATCH = 500
"""How many slots are claimed in one transaction."""


class Agenda:
    """What is due, for one process. Its name among the processes is made anew at every start."""

    def __init__(self, store: Store, settings: Settings, calendar: MarketCalendar, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._calendar = calendar
        self._clock = clock
        self._owner = new_id(12)

    async def prepare(self) -> None:
        """Load the calendars that subscriptions go by, off the event loop, and plan those without a time."""
        found = await self._store.subscriptions.active()
        tickers = {ticker for subscription, _ in found for ticker in subscription.wanted.tickers}
        watched = await self._store.watched.of_chats({one.chat_id for one, _ in found})
        tickers |= {ticker for own in watched.values() for ticker in own}
        await self._calendar.load(tickers.union(self._settings.arena.watchlist))
        await self.tidy()

    async def tidy(self) -> None:
        """Plan the next time of subscriptions that had none, and forget slots of long ago."""
        await self._store.slots.forget(self._clock.now() - KEPT)
        arena, now, pairs = self._settings.arena, self._clock.now(), []
        unplanned = await self._store.subscriptions.unplanned()
        watched = await self._store.watched.of_chats({one.chat_id for one, _ in unplanned})
        for one, terms in unplanned:
            watchlist = watched.get(one.chat_id, arena.watchlist)
            planned = next_slot(one.wanted, terms, self._calendar, arena.timezone, watchlist, now)
            if planned is not None:
                pairs.append((one.number, planned))
        if pairs:
            await self._store.slots.plan(pairs)

    async def claim(self, platforms: Collection[str], limit: int = BATCH) -> tuple[Due, ...]:
        """Take up to `limit` slots of these platforms: those that a dead process left first, then due ones.

        Each is this process's alone until it ends, or its lease runs out. Missed times of a subscription
        come as one; one that is too old ends as failed here, and the next one says so.
        """
        now = self._clock.now()
        until, slots = now + LEASE, self._store.slots
        left = await slots.take_over(now, platforms, self._owner, until, limit)
        taken = [due for each in left if (due := await self._still_wanted(each, now))]
        if len(left) < limit:
            taken += await slots.claim(now, platforms, self._owner, until, limit - len(left), self._step)
        return tuple([self._of_today(due) for due in taken if not await self._held_back(due, now)])

    async def _held_back(self, due: Due, now: datetime) -> bool:
        """Let what comes late rest until the chat's quiet hours are over, if it would come in them.

        Of what the chat has a part already, or may have, it gets the rest at once.
        """
        slot = due.slot
        if slot.posted or slot.posting or now - slot.due_at <= LATE:
            return False
        until = quiet_end(due.terms, self._settings.arena.timezone, now)
        return until > now and await self._store.slots.put_off(due, self._owner, until)

    def _of_today(self, due: Due) -> Due:
        """Return a slot about the watchlist with the tickers that are on it now: it may have been changed."""
        arena, wanted = self._settings.arena, due.subscription.wanted
        if not wanted.on_watchlist:
            return due
        watchlist = due.watchlist or arena.watchlist
        before = due.slot.at - timedelta(minutes=1)
        planned = next_slot(wanted, due.terms, self._calendar, arena.timezone, watchlist, before)
        # Where the new list has no such time, the old one decides for the last time.
        if planned is None or planned.at != due.slot.at or planned.tickers == due.slot.tickers:
            return due
        return due._replace(slot=due.slot.model_copy(update={"tickers": planned.tickers}))

    async def _still_wanted(self, due: Due, now: datetime) -> Due | None:
        """Return what was taken over, as late if it is; None where it is too late to begin with it.

        It is too late once a newer one of its subscription has been taken up. Of what the chat has a part
        already, or may have, it gets the rest however late.
        """
        behind = self._behind(due, now)
        if due.slot.posted or due.slot.posting or behind <= LATE:
            return due
        if behind > self._grace(due):
            await self._miss(due, "not delivered within the grace")
            return None
        if due.subscription.wanted.when and await self._store.slots.passed_over(due):
            await self._miss(due, "missed; a newer one stands for it")
            return None
        return due._replace(slot=due.slot.model_copy(update={"late": True}))

    def _behind(self, due: Due, now: datetime) -> timedelta:
        """Return for how long a slot could have been posted: quiet hours delay, and so they do not count."""
        return awake(due.terms, self._settings.arena.timezone, due.slot.due_at, now)

    def _step(self, due: Due) -> Step:
        arena = self._settings.arena
        grace = self._grace(due)
        watchlist = due.watchlist or arena.watchlist
        return step(due, self._clock.now(), self._calendar, arena.timezone, watchlist, grace)

    def _grace(self, due: Due) -> timedelta:
        """Return how late a slot may be."""
        grace = timedelta(minutes=self._settings.schedule.grace_minutes)
        return max(grace, ALERT_GRACE) if due.subscription.wanted.topic is Topic.ALERTS else grace

    async def keep(self, at_work: Collection[Due]) -> None:
        """Renew the leases of these, which this process works on; of what it let fall the lease runs out."""
        await self._store.slots.renew(self._owner, self._clock.now() + LEASE, at_work)

    async def give_back(self) -> None:
        """Let others take up at once what this process has not ended."""
        await self._store.slots.release(self._owner, self._clock.now())

    async def begin(self, due: Due) -> bool:
        """Note that work on a slot begins, or that no message is on its way; False: the lease is lost."""
        return await self._store.slots.running(due, self._owner)

    async def posting(self, due: Due) -> bool:
        """Note that a message is about to be sent; False: the lease is lost, and it must not be sent."""
        return await self._store.slots.posting(due, self._owner)

    async def posted(self, due: Due, message: str) -> bool:
        """Note that the message has arrived, under the platform's id."""
        return await self._store.slots.posted(due, self._owner, message)

    async def end(self, due: Due, *, failed: bool = False, note: str | None = None) -> bool:
        """End a slot; `note` is the reason of a failure, or what was said instead of the message."""
        state = SlotState.FAILED if failed else SlotState.DELIVERED
        return await self._store.slots.end(due, self._owner, state, note, self._clock.now())

    async def put_off(self, due: Due, why: str, rest: timedelta = REST) -> None:
        """Let a slot that could not be delivered be taken up again after `rest`, or end it if it is late.

        Then the next one of its subscription says that one was missed.
        """
        now = self._clock.now()
        if self._behind(due, now) < self._grace(due):
            await self._store.slots.put_off(due, self._owner, now + rest)
        else:
            await self._miss(due, why)

    async def _miss(self, due: Due, why: str) -> None:
        """End a slot as missed; the next one of its subscription says so, and of those that it stood for."""
        if await self.end(due, failed=True, note=why):
            await self._store.slots.miss(due.subscription.number, due.slot.missed + 1)

    async def since(self, due: Due) -> datetime:
        """Return from when on a digest or review tells, in UTC.

        A review or a report of costs goes on where the last one ended, or is about the usual time. A digest
        begins where the last one ended as well, but with the last whole session at least: what was decided
        at its beginning has earned or lost something by now.
        """
        before = await self._store.slots.last_delivered(due.subscription.number)
        if due.subscription.wanted.topic is Topic.REVIEW:
            return before.at if before else due.slot.at - REVIEWED
        if due.subscription.wanted.topic is Topic.COSTS:
            return before.at if before else due.slot.at - REPORTED
        session = await asyncio.to_thread(begins, self._calendar.exchange, due.slot.at)
        return min(before.at, session) if before else session

    async def pause(self, due: Due, reason: str) -> bool:
        """Pause a slot's subscription; `reason` is told in `/subscriptions`. False: it was not active."""
        return await self._store.subscriptions.pause(due.subscription.number, reason)

    async def thread_gone(self, due: Due, reason: str) -> Sequence[int]:
        """Pause what goes where a slot was to go, a thread or the chat outside of threads, and is closed now.

        Returns the numbers of the subscriptions.
        """
        about = due.subscription
        return await self._store.subscriptions.pause_chat(
            about.platform, about.chat, reason, about.thread, only_thread=True
        )
