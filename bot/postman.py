"""Brings to chats what they subscribed to: each slot is made once, and posted once.

What may go wrong, and what then happens:

* the platform surely did not take a message: the same is tried again, until it is too late for it;
* nobody can know whether it took it, or this process died in that moment: it is not sent again, and a note
  says that it may be missing;
* the chat is closed to us: all its subscriptions are paused, or those of a thread that is closed alone, and
  the admins are told;
* who subscribed may no longer have it in the chat: the subscription is paused, and the admins are told;
* the chat has turned this kind of post off: it is not made, and its time ends with a note;
* what is to be posted cannot be made: one sentence says so in its place;
* the process is told to stop: what is on its way arrives, the rest is given back and goes on elsewhere, or
  at the next start.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import cast

from bot.access import Role, reachable_admins, role_at, rules_arena
from bot.bot_pacer import Rank, Turn
from bot.cards import Notice
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef, ThreadGone, Unsure
from bot.facts import style_of, zone_of
from bot.faults import notice_of
from bot.gallery import Gallery
from bot.mail import Mail, mail_of
from bot.pacer import Pacers
from bot.present.lateness import missing_note
from bot.present.notices import NO_ROLE, TURNED_OFF, Place, closed_notice, role_lost_notice
from bot.present.style import read_as
from bot.request import Address, Person
from core.app.agenda import LEASE, RENEW_EVERY_S
from core.app.app import App
from core.domain.chat import ChatState
from core.domain.errors import ConclaveError, StoreError
from core.domain.subscription import Due, Noise, Topic

AT_ONCE = 100
"""How many slots are worked on at the same time; the others stay due, for any process. More are claimed as
soon as half of them are done, so that a platform never waits for the next tick."""
PATIENCE_S = 900.0
CALL_TIMEOUT_S = 30.0
LONGEST_REST_S = 60.0
SPACING_S = 0.05
"""Between two posts to a platform that does not say how many it takes in a second."""
FINISH_WITHIN_S = 4.0

_log = logging.getLogger(__name__)


class Postman:
    """The deliveries of this process, to the platforms that it serves."""

    def __init__(self, app: App, pacers: Pacers) -> None:
        self._app = app
        self._pacers = pacers
        self._doors: dict[str, Door] = {}
        self._gallery = Gallery()
        self._work: dict[asyncio.Task[None], Due] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._spacing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._keeping: asyncio.Task[None] | None = None
        self._claiming = asyncio.Lock()
        self._more: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def open(self, door: Door) -> None:
        """Claim what is due on this platform from now on."""
        self._doors[door.platform] = door

    def shut(self, door: Door) -> None:
        """Claim nothing more on this platform; it is no longer served here."""
        self._doors.pop(door.platform, None)

    async def tick(self) -> None:
        """Claim what is due, as far as there is room, and begin its work; returns without waiting for it."""
        async with self._claiming:
            await self._claim()

    async def _claim(self) -> None:
        room = AT_ONCE - len(self._work)
        if self._closing.is_set() or room <= 0 or not self._doors:
            return
        claimed = await self._app.agenda.claim(tuple(self._doors), room)
        if self._closing.is_set():  # told to stop meanwhile
            await self._app.agenda.give_back()
            return
        for due in claimed:
            task = asyncio.create_task(self._deliver(due))
            self._work[task] = due
            task.add_done_callback(partial(self._done, more=len(claimed) >= room))
        if self._work and (self._keeping is None or self._keeping.done()):
            self._keeping = asyncio.create_task(self._keep())

    def _done(self, task: asyncio.Task[None], *, more: bool) -> None:
        """Forget what is done, and claim more where the last claim had no room for all that is due."""
        self._work.pop(task)
        idle = self._more is None or self._more.done()
        if more and idle and len(self._work) <= AT_ONCE / 2 and not self._closing.is_set():
            self._more = asyncio.create_task(self._claim_more())

    async def _claim_more(self) -> None:
        try:
            await self.tick()
        except ConclaveError as error:
            _log.info("nothing more is claimed before the next tick: %s", error)

    async def until_idle(self) -> None:
        """Wait until nothing that was claimed is worked on any more."""
        while more := {*self._work, *([self._more] if self._more and not self._more.done() else [])}:
            await asyncio.wait(more)

    async def close(self) -> None:
        """Claim nothing more; let arrive what is on its way, and give back what is not done."""
        self._closing.set()
        for task in self._work.keys() - self._sending:
            task.cancel()
        if self._sending:
            await asyncio.wait(self._sending, timeout=FINISH_WITHIN_S)
        tasks = [*self._work, *(task for task in (self._keeping, self._more) if task)]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        with contextlib.suppress(StoreError):
            await self._app.agenda.give_back()

    async def _keep(self) -> None:
        """Renew the leases of what is worked on, while there is work."""
        while self._work:
            await self._app.clock.sleep(RENEW_EVERY_S)
            try:
                await self._app.agenda.keep(tuple(self._work.values()))
            except StoreError as error:
                _log.warning("the leases of subscriptions were not renewed, trying again: %s", error)

    async def _deliver(self, due: Due) -> None:
        about = f"subscription {due.subscription.number} at {due.slot.key}"
        try:
            with read_as(style_of(due.terms)):
                await self._delivered(due)
        except StoreError as error:
            _log.warning("%s stays open: %s", about, error)
            await self._kept(self._app.agenda.put_off(due, str(error), LEASE))
        except ChatGone as gone:
            self._app.measures.undelivered(due.subscription.platform, "gone")
            await self._gone(due, gone)
        except DeliveryFailed as error:
            self._app.measures.undelivered(due.subscription.platform, "failed")
            _log.warning("%s could not be delivered yet: %s", about, error)
            await self._kept(self._app.agenda.put_off(due, str(error)))
        except Exception:  # noqa: BLE001 - the boundary: one delivery's bug is nobody else's
            _log.exception("%s failed", about)
            await self._kept(self._app.agenda.end(due, failed=True, note="an internal error; see the log"))

    async def _delivered(self, due: Due) -> None:
        if await self._is_strange(due):
            await self._unwelcome(due)
            return
        if due.noise is Noise.OFF:
            # Not even made: what nobody wants to receive must not cost anything.
            await self._app.agenda.end(due, note=TURNED_OFF)
            return
        if due.slot.posting:
            await self._say_missing(due, "the process was stopped while it posted")
            return
        if not await self._app.agenda.begin(due):
            return
        try:
            mail = await mail_of(self._app, due, self._gallery)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - as at the desk: a sentence in its place
            mail = (notice_of(error, f"subscription {due.subscription.number}"),)
        for one in mail[due.slot.posted :]:
            try:
                if not await self._post(due, one):
                    return
            except Unsure as error:
                self._app.measures.undelivered(due.subscription.platform, "unsure")
                await self._say_missing(due, str(error))
                return
        await self._arrived(due)

    async def _arrived(self, due: Due) -> None:
        if await self._app.agenda.end(due):
            self._app.measures.delivered(due.subscription.platform, late=due.slot.late)

    async def _say_missing(self, due: Due, why: str) -> None:
        """End a slot whose message may have arrived, and then say so in the chat, at most once."""
        _log.warning("subscription %d: a message may be missing: %s", due.subscription.number, why)
        now, zone = self._app.clock.now(), zone_of(self._app)
        notice, ended = missing_note(due.subscription.wanted.topic, due.slot, now, zone), False

        async def say(_: Turn) -> bool:
            # Ended before it is said, and only then: who dies in between says nothing, but never twice.
            nonlocal ended
            ended = ended or await self._app.agenda.end(
                due, note="whether it arrived is not known; a note says so"
            )
            if ended:
                await _sent(*self._place(due), notice, silent=due.noise is Noise.SILENT)
            return ended

        with contextlib.suppress(Unsure):
            await self._through(due, say)

    async def _post(self, due: Due, mail: Mail) -> bool:
        """Send one message of a slot and note it; False when another process has taken over, or is to do so.

        Raises:
            Unsure: it may have arrived.
            ChatGone: the chat is closed to us.
            DeliveryFailed: it was not taken in `PATIENCE_S`.
        """
        return await self._through(due, partial(self._send_and_note, due, mail))

    async def _through(self, due: Due, send: Callable[[Turn], Awaitable[bool]]) -> bool:
        """Try `send` in the chat's turns until it is taken, through floods and outages; as `_post` raises."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        clock, door, address = self._app.clock, *self._place(due)
        rank = Rank.ALERT if due.subscription.wanted.topic is Topic.ALERTS else Rank.POST
        until, attempt = clock.monotonic() + PATIENCE_S, 0
        while True:
            chat = self._pacers.at(door, address)
            turn = await chat.turn(rank, within_s=until - clock.monotonic())
            if turn is None:
                raise DeliveryFailed(f"{address.chat_id} took nothing for {PATIENCE_S / 60:g} minutes.")
            if door.per_second() is None:
                async with self._spacing[address.platform]:
                    await clock.sleep(SPACING_S)
            if self._closing.is_set():
                turn.over()
                return False
            self._sending.add(task)  # from here on `close` waits for it
            try:
                with turn:
                    return await send(turn)
            except (ChatGone, Unsure):
                raise
            except Flooded as flood:
                self._app.measures.undelivered(address.platform, "flooded")
                chat.close_for(flood.retry_after_s)
            except DeliveryFailed as error:
                if clock.monotonic() >= until:
                    raise
                _log.info("%s did not take a message, trying again: %s", address.chat_id, error)
                await clock.sleep(min(2.0**attempt, LONGEST_REST_S))
                attempt += 1
            finally:
                self._sending.discard(task)

    async def _send_and_note(self, due: Due, mail: Mail, turn: Turn) -> bool:
        agenda, about = self._app.agenda, due.subscription
        if not await agenda.posting(due):
            return False
        try:
            ref = await _sent(*self._place(due), mail, silent=due.noise is Noise.SILENT)
            turn.over()  # writing it down takes no room from others
        except (ChatGone, Unsure):
            raise
        except DeliveryFailed:
            await agenda.begin(due)  # nothing is on its way any more
            raise
        await agenda.posted(due, ref.message)
        if ref.address.chat != about.chat:
            await self._app.known_chats.was_moved(about.chat_id, ref.address.chat_id)
        return True

    def _place(self, due: Due) -> tuple[Door, Address]:
        about = due.subscription
        door = self._doors.get(about.platform)
        if door is None:
            raise DeliveryFailed(f"{about.platform} is not connected.")
        return door, Address(door.platform, about.chat, about.thread)

    async def _gone(self, due: Due, gone: ChatGone) -> None:
        """Pause what a closed chat, or one place in it, subscribed to, and tell the admins."""
        about = due.subscription
        _log.warning("%s is closed to us: %s", about.chat_id, gone)
        await self._kept(self._app.agenda.end(due, failed=True, note=str(gone)))
        paused: list[int] = []
        place = Place.CHAT
        with contextlib.suppress(StoreError):
            if isinstance(gone, ThreadGone):
                place = Place.OUTSIDE if about.thread is None else Place.THREAD
                paused += await self._app.agenda.thread_gone(due, str(gone))
            else:
                shut = await self._app.known_chats.was_shut(about.chat_id, ChatState.CLOSED, str(gone))
                paused += shut.paused
        if paused:  # or else another delivery to this chat has said so already
            await self._tell_admins(closed_notice(about.chat_id, paused, str(gone), place), about.chat_id)

    async def _is_strange(self, due: Due) -> bool:
        """Say whether whoever subscribed may no longer receive this there, as when `[access]` was changed."""
        about = due.subscription
        _, address = self._place(due)
        person = Person(about.created_by, about.created_by)
        if about.wanted.topic is Topic.COSTS:  # of all chats
            return not await rules_arena(self._app, address, person)
        role = await role_at(self._app, address, person)
        needed = Role.RUNNER if about.wanted.topic is Topic.VERDICTS else Role.VIEWER
        return role is None or role < needed

    async def _unwelcome(self, due: Due) -> None:
        """Pause a subscription of somebody who lost the role for it, and tell the admins."""
        about = due.subscription
        if not await self._app.agenda.end(due, failed=True, note=NO_ROLE):
            return
        if await self._app.agenda.pause(due, NO_ROLE):
            await self._tell_admins(role_lost_notice(about.number, about.chat_id), about.chat_id)

    async def _tell_admins(self, notice: Notice, but: str) -> None:
        """Tell all admins that can be reached here, save the one who is the chat that it is about."""
        for address in await reachable_admins(self._app, but):
            if door := self._doors.get(address.platform):
                turn = await self._pacers.at(door, address).turn(Rank.ALERT, within_s=PATIENCE_S)
                if turn is not None:
                    with turn, contextlib.suppress(DeliveryFailed):
                        await _sent(door, address, notice)

    async def _kept(self, write: Awaitable[object]) -> None:
        """Write to the store if it can be reached; what is not noted is taken up again later."""
        with contextlib.suppress(StoreError):
            await write


async def _sent(door: Door, address: Address, mail: Mail, *, silent: bool = False) -> MessageRef:
    """Send a message within a time limit; whatever goes wrong is a `DeliveryFailed`."""
    try:
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return await door.send(address, mail, silent=silent)
    except MessageGone as gone:
        raise ThreadGone(str(gone)) from None  # a fresh message has nothing else that could be gone
    except TimeoutError:
        raise Unsure(f"no answer in {CALL_TIMEOUT_S:g} s") from None
