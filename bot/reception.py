"""Strangers at the door: the admins are asked privately, and whoever asked hears what they decided.

What may go wrong, and what then happens:

* the process dies at any point: what is still to be told is in the store, and the next round tells it;
* nobody can know whether a message arrived: it is not sent again; `/people` lists who waits all the same;
* a message surely did not arrive: the next round tries again, for a day;
* an admin cannot be reached: the others decide;
* two admins press at once: the store lets one decide, and both cards show what that was.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from bot.access import place_of
from bot.cards import Card, Notice
from bot.door import ChatGone, DeliveryFailed, Door, Flooded, MessageGone, MessageRef, Unsure
from bot.facts import zone_at, zone_of
from bot.pacer import Pacers
from bot.present.notices import stranger_notice
from bot.present.people import asked_notice, decided_card, invitation_card, outcome_notice
from bot.request import Address, Person, Platform
from core.app.app import App
from core.domain.errors import ConclaveError
from core.domain.people import Asked, Invitation, InvitationState

CALL_TIMEOUT_S = 30.0
TURN_WITHIN_S = 60.0
KEEP_TRYING = timedelta(days=1)
QUIET = timedelta(seconds=30)
MOST_REMEMBERED = 1_000

_log = logging.getLogger(__name__)


class Reception:
    """The invitations of this process, over the platforms that it serves."""

    def __init__(self, app: App, pacers: Pacers) -> None:
        self._app = app
        self._pacers = pacers
        self._doors: dict[str, Door] = {}
        self._work: dict[int, asyncio.Task[None]] = {}
        self._quiet_until: dict[str, datetime] = {}

    def open(self, door: Door) -> None:
        """Reach people on this platform from now on; not a door that answers one command."""
        self._doors[door.platform] = door

    def shut(self, door: Door) -> None:
        """Reach nobody on this platform any more."""
        self._doors.pop(door.platform, None)

    async def greet(self, address: Address, person: Person) -> Notice | None:
        """Return what a stranger hears: once that the admins are asked, or once its ids, and else nothing."""
        now, place = self._app.clock.now(), place_of(address, person)
        if now < self._quiet_until.get(place, now):
            return None
        if self._app.settings.access.invitation_hours and await self._reachable():
            asked, invitation = await self._app.people.ask(
                person.id, person.name, address.chat_id, address.thread
            )
            if invitation is not None:
                self.attend(invitation)
                return asked_notice(person.id, address.chat_id)
            if asked is not Asked.FULL:
                self._stay_quiet(place, now)
                return None
        if await self._app.greet_once(place):
            return stranger_notice(person.id, address.chat_id)
        self._stay_quiet(place, now)
        return None

    def _stay_quiet(self, place: str, now: datetime) -> None:
        """Spare the store a while the question about a stranger who goes on and on."""
        if len(self._quiet_until) >= MOST_REMEMBERED:
            self._quiet_until.clear()
        self._quiet_until[place] = now + QUIET

    def attend(self, invitation: Invitation) -> None:
        """Tell whoever is to be told of an invitation as it stands now, beside everything else."""
        before = self._work.get(invitation.number)
        task = asyncio.create_task(self._attend(invitation.number, before))
        self._work[invitation.number] = task
        task.add_done_callback(lambda done: self._forget(invitation.number, done))

    async def round(self) -> None:
        """Tell what was left untold, as after a restart; raises nothing but cancellation."""
        try:
            for invitation in await self._app.people.unsettled():
                if invitation.number not in self._work:
                    self.attend(invitation)
        except ConclaveError as error:
            _log.warning("invitations wait: %s", error)
        except Exception:  # noqa: BLE001 - the boundary: a bug here must not end what goes on beside it
            _log.exception("invitations could not be looked at")

    async def until_idle(self) -> None:
        """Wait until nothing is being told any more."""
        while self._work:
            await asyncio.wait(list(self._work.values()))

    async def close(self) -> None:
        """Tell nothing more; the next start goes on."""
        tasks = list(self._work.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _forget(self, number: int, task: "asyncio.Task[None]") -> None:
        if self._work.get(number) is task:
            del self._work[number]

    async def _reachable(self) -> tuple[str, ...]:
        admins = await self._app.people.admins()
        return tuple(admin for admin in admins if admin.partition(":")[0] in self._doors)

    async def _attend(self, number: int, before: "asyncio.Task[None] | None") -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            invitation = await self._app.people.invitation(number)
            if invitation.state is InvitationState.ASKED:
                for admin in await self._reachable():
                    await self._tell(invitation, admin)
            elif not invitation.settled:
                await self._conclude(invitation)
        except ConclaveError as error:
            _log.warning("invitation %d waits: %s", number, error)
        except Exception:  # noqa: BLE001 - the boundary: one invitation's bug is nobody else's
            _log.exception("invitation %d failed", number)

    async def _tell(self, invitation: Invitation, admin: str) -> None:
        """Tell one admin, once; who cannot be reached is not tried again."""
        people, number = self._app.people, invitation.number
        if any(who == admin for who, _ in invitation.told) or not await people.claim_telling(number, admin):
            return
        address = _address(admin)
        card = invitation_card(invitation, await self._zone(address))
        try:
            ref = await self._sent(address, card)
        except (Unsure, ChatGone) as error:
            _log.info("%s does not hear of an invitation: %s", admin, error)
            return
        except DeliveryFailed as error:
            _log.info("%s hears of an invitation later: %s", admin, error)
            await people.told(number, admin, None)
            return
        await people.told(number, admin, f"{ref.address.chat} {ref.message}")
        now = await people.invitation(number)
        if now.state is not InvitationState.ASKED:  # decided while this message was on its way
            await self._edit(now, admin, f"{ref.address.chat} {ref.message}")

    async def _conclude(self, over: Invitation) -> None:
        """Show the outcome on every admin's card, and tell it to whoever asked."""
        shown = [await self._edit(over, admin, place) for admin, place in over.told if place]
        answered = over.state is InvitationState.EXPIRED or await self._answer(over)
        ended = over.decided_at or over.expires_at
        if (answered and all(shown)) or self._app.clock.now() - ended > KEEP_TRYING:
            await self._app.people.settle(over.number)

    async def _edit(self, over: Invitation, admin: str, place: str) -> bool:
        """Show the outcome on one card; False where that is to be tried again."""
        chat, _, message = place.partition(" ")
        address = Address(_address(admin).platform, chat)
        door = self._doors.get(address.platform)
        if door is None:
            return False
        card = decided_card(over, await self._zone(address))
        try:
            turn = await self._pacers.at(door, address).turn(within_s=TURN_WITHIN_S)
            if turn is None:
                return False
            with turn:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await door.edit(MessageRef(address, message), card)
        except (MessageGone, ChatGone):
            return True  # nobody looks at it any more
        except Flooded as flood:
            self._pacers.at(door, address).close_for(flood.retry_after_s)
            return False
        except (DeliveryFailed, TimeoutError):
            return False
        return True

    async def _answer(self, over: Invitation) -> bool:
        """Tell whoever asked the outcome, once, where they asked or else in private."""
        if over.answered or not await self._app.people.claim_answer(over.number):
            return True
        where = _address(over.chat, over.thread or None)
        try:
            try:
                await self._sent(where, outcome_notice(over), Person(over.person, over.name))
            except ChatGone:
                if over.chat != over.person:
                    await self._sent(_address(over.person), outcome_notice(over))
        except (Unsure, ChatGone) as error:
            _log.info("%s does not hear of their invitation: %s", over.person, error)
        except DeliveryFailed as error:
            _log.info("%s hears of their invitation later: %s", over.person, error)
            await self._app.people.not_answered(over.number)
            return False
        return True

    async def _sent(self, address: Address, card: Card, only_for: Person | None = None) -> MessageRef:
        """Send within a time limit and in the chat's turn; whatever goes wrong is a `DeliveryFailed`."""
        door = self._doors.get(address.platform)
        if door is None:
            raise DeliveryFailed(f"{address.platform} is not connected.")
        chat = self._pacers.at(door, address)
        turn = await chat.turn(within_s=TURN_WITHIN_S)
        if turn is None:
            raise DeliveryFailed(f"{address.chat_id} takes nothing for a while.")
        try:
            with turn:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    return await door.send(address, card, only_for=only_for)
        except Flooded as flood:
            chat.close_for(flood.retry_after_s)
            raise
        except MessageGone as gone:
            raise ChatGone(str(gone)) from None  # a fresh message has nothing else that could be gone
        except TimeoutError:
            raise Unsure(f"no answer in {CALL_TIMEOUT_S:g} s") from None

    async def _zone(self, address: Address) -> ZoneInfo:
        try:
            return await zone_at(self._app, address)
        except ConclaveError:
            return zone_of(self._app)


def _address(chat_id: str, thread: str | None = None) -> Address:
    """Return the place that an id of `[access]` names; a person's is the private chat with them."""
    platform, _, chat = chat_id.partition(":")
    known: dict[str, Platform] = {name: name for name in get_args(Platform)}
    return Address(known.get(platform, "terminal"), chat, thread)
