"""Where every command and every pressed button arrives, whichever door it came through."""

import asyncio
import logging

from bot.access import place_of, role_at
from bot.arguments import shown
from bot.cards import Card, Notice
from bot.commands import parse
from bot.door import ChatGone, DeliveryFailed, Door, Flooded
from bot.facts import style_at
from bot.faults import notice_of
from bot.handlers import HANDLERS, PRESSED
from bot.handlers.call import Call, PressCall
from bot.live_message import LiveMessages
from bot.pacer import Pacers
from bot.present.notices import not_allowed_notice, stranger_notice
from bot.present.style import read_as
from bot.presses import kind_of
from bot.request import Address, Person, Press, Request
from bot.studio import Studio
from core.app.app import App
from core.domain.errors import Refused

POST_TRIES = 4
_LONGEST_WAIT_S = 60.0

_log = logging.getLogger(__name__)


class Desk:
    """Answers requests: once for each delivery, only to who may ask, and always with a clear sentence.

    Neither `handle` nor `press` raises anything but cancellation. Both may be called at the same time for
    many requests, and `handle` takes as long as the run that it shows, so a door calls it in a task.
    `platforms` says of each platform that is served how it is: connecting, connected or off.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.pacers = Pacers(app.clock)
        self.live = LiveMessages(app, self.pacers)
        self.platforms: dict[str, str] = {}
        self._studio = Studio()

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        try:
            card = await self._answer(request, door)
        except Exception as error:  # noqa: BLE001 - the boundary: a bug must not silence the door
            card = notice_of(error, f"“{shown(request.text)}”")
        if card is not None:
            await self._post(card, request, door)

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown."""
        try:
            return await self._pressed(press, door)
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return notice_of(error, f"button {shown(press.data)}")

    async def _answer(self, request: Request, door: Door) -> Card | None:
        role = await role_at(self.app, request.address, request.person)
        if role is None:
            return await self._greeting(request.address, request.person)
        if not await self.app.claim_delivery(request.address.platform, request.delivery):
            return None
        # In a thread, because the first moment that is read loads the exchange's calendar.
        command, arguments = await asyncio.to_thread(parse, request.text)
        if role < command.role:
            return not_allowed_notice(role.title, command.role.title, command.name)
        _log.info("%s in %s: /%s", request.person.id, request.address.chat_id, command.name)
        call = Call(self.app, self.live, door, request, role, self.platforms, studio=self._studio)
        with read_as(await style_at(self.app, request.address)):
            return await HANDLERS[command.handler](call, arguments)

    async def _pressed(self, press: Press, door: Door) -> Card | None:
        role = await role_at(self.app, press.address, press.person)
        if role is None:
            return await self._greeting(press.address, press.person)
        if not await self.app.claim_delivery(press.address.platform, press.delivery):
            return None
        handler = PRESSED.get(kind_of(press.data))
        if handler is None:
            raise Refused("This button is too old. Send /run with your ticker, for instance /run NVDA.")
        with read_as(await style_at(self.app, press.address)):
            card = await handler(PressCall(self.app, self.live, door, press, role, studio=self._studio))
        if card is not None and not isinstance(card, Notice):
            # The door shows it at once, and it counts in the chat like any other message.
            self.pacers.at(door, press.address).count()
        return card

    async def _greeting(self, address: Address, person: Person) -> Notice | None:
        if await self.app.greet_once(place_of(address, person)):
            return stranger_notice(person.id, address.chat_id)
        return None

    async def _post(self, card: Card, request: Request, door: Door) -> None:
        """Send an answer; a sentence to one person is for that person's eyes where the door can."""
        only_for = request.person if isinstance(card, Notice) else None
        for attempt in range(POST_TRIES):
            chat = self.pacers.at(door, request.address)
            if not await chat.turn(within_s=_LONGEST_WAIT_S):
                break
            try:
                await door.send(request.address, card, only_for=only_for)
            except ChatGone as error:
                _log.warning("%s is closed to us: %s", request.address.chat_id, error)
                return
            except Flooded as flood:
                _log.info("%s did not take an answer: %s", request.address.chat_id, flood)
                chat.close_for(flood.retry_after_s)
            except DeliveryFailed as error:
                _log.info("%s did not take an answer: %s", request.address.chat_id, error)
                if attempt < POST_TRIES - 1:
                    await self.app.clock.sleep(2.0**attempt)
            except Exception:  # noqa: BLE001 - the boundary, as in handle; asking again would not mend it
                _log.exception("%s could not draw an answer", request.address.chat_id)
                return
            else:
                return
        _log.warning("%s did not take an answer; giving up", request.address.chat_id)
