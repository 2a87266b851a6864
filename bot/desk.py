"""Where every command and every pressed button arrives, whichever door it came through."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from bot.access import place_of, role_at
from bot.arguments import shown
from bot.arrival import accepted
from bot.cards import Card, Notice
from bot.chat_news import ChatNews, Post, answer_at, posts_about, posts_when_reached
from bot.commands import parse
from bot.door import ChatGone, DeliveryFailed, Door, Flooded
from bot.faults import notice_of
from bot.handlers import HANDLERS, PRESSED
from bot.handlers.call import Call, PressCall, release_once
from bot.live_message import LiveMessages
from bot.pacer import Pacers
from bot.present.notices import anonymous_notice, not_allowed_notice, stranger_notice
from bot.presses import kind_of
from bot.request import Address, Person, Press, Request
from core.app.app import App
from core.domain.errors import Refused, StoreError

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

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        try:
            address = await answer_at(self.app, request.address)
            if address is None:
                return
            request = replace(request, address=address)
            card = await self._answer(request, door)
        except Exception as error:  # noqa: BLE001 - the boundary: a bug must not silence the door
            card = notice_of(error, f"“{shown(request.text)}”")
        if card is not None:
            # A sentence to one person is for that person's eyes where the door can.
            only_for = request.person if isinstance(card, Notice) else None
            if await self._post(card, request.address, door, only_for):
                await self._say(posts_when_reached(self.app, request.address), door)

    async def news(self, news: ChatNews, door: Door) -> None:
        """Keep what a platform tells of a chat, and say what is to be said about it."""
        await self._say(posts_about(self.app, news), door)

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown."""
        try:
            address = await answer_at(self.app, press.address)
            return await self._pressed(replace(press, address=address), door) if address else None
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return notice_of(error, f"button {shown(press.data)}")

    async def _answer(self, request: Request, door: Door) -> Card | None:
        role = await role_at(self.app, request.address, request.person)
        if role is None:
            return await self._greeting(request.address, request.person, anonymous=request.anonymous)
        if not await self.app.claim_delivery(request.address.platform, request.delivery):
            return None
        accepted()
        try:
            # In a thread, because the first moment that is read loads the exchange's calendar.
            command, arguments = await asyncio.to_thread(parse, request.text)
        except Refused:
            if request.only_commands:
                return None
            raise
        if role < command.role:
            if request.anonymous:
                needed = command.role.title
                return anonymous_notice(request.address.chat_id, role.title, needed, command.name)
            return not_allowed_notice(role.title, command.role.title, command.name)
        if not await self._first_of_its_message(request):
            return None
        _log.info("%s in %s: /%s", request.person.id, request.address.chat_id, command.name)
        call = Call(self.app, self.live, door, request, role, self.platforms)
        try:
            return await HANDLERS[command.handler](call, arguments)
        except Refused:
            # Nothing came of it, so that it may be mended by editing the message.
            await release_once(self.app, request)
            raise

    async def _first_of_its_message(self, request: Request) -> bool:
        """Say True for the first text of a message that is a valid command, whatever it becomes later."""
        return request.once is None or await self.app.claim_delivery(request.address.platform, request.once)

    async def _pressed(self, press: Press, door: Door) -> Card | None:
        role = await role_at(self.app, press.address, press.person)
        if role is None:
            return await self._greeting(press.address, press.person)
        if not await self.app.claim_delivery(press.address.platform, press.delivery):
            return None
        accepted()
        handler = PRESSED.get(kind_of(press.data))
        if handler is None:
            raise Refused("This button is too old. Send /run with your ticker, for instance /run NVDA.")
        card = await handler(PressCall(self.app, self.live, door, press, role))
        if card is not None and not isinstance(card, Notice):
            # The door shows it at once, and it counts in the chat like any other message.
            self.pacers.at(door, press.address).count()
        return card

    async def _greeting(self, address: Address, person: Person, *, anonymous: bool = False) -> Notice | None:
        if not await self.app.greet_once(place_of(address, person)):
            return None
        if anonymous:
            return anonymous_notice(address.chat_id, None, None, None)
        return stranger_notice(person.id, address.chat_id)

    async def _say(self, posts: Awaitable[Sequence[Post]], door: Door) -> None:
        """Post what is to be said by itself, as far as this door leads there."""
        try:
            said = await posts
            accepted()
            for address, notice in said:
                if address.platform == door.platform:
                    await self._post(notice, address, door)
        except StoreError as error:
            _log.warning("what is new of a chat was not kept: %s", error)

    async def _post(self, card: Card, address: Address, door: Door, only_for: Person | None = None) -> bool:
        """Send a card, and say whether it has arrived."""
        for attempt in range(POST_TRIES):
            chat = self.pacers.at(door, address)
            if not await chat.turn(within_s=_LONGEST_WAIT_S):
                break
            try:
                await door.send(address, card, only_for=only_for)
            except ChatGone as error:
                _log.warning("%s is closed to us: %s", address.chat_id, error)
                return False
            except Flooded as flood:
                _log.info("%s did not take an answer: %s", address.chat_id, flood)
                chat.close_for(flood.retry_after_s)
            except DeliveryFailed as error:
                _log.info("%s did not take an answer: %s", address.chat_id, error)
                if attempt < POST_TRIES - 1:
                    await self.app.clock.sleep(2.0**attempt)
            except Exception:  # noqa: BLE001 - the boundary, as in handle; asking again would not mend it
                _log.exception("%s could not draw an answer", address.chat_id)
                return False
            else:
                return True
        _log.warning("%s did not take an answer; giving up", address.chat_id)
        return False
