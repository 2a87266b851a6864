"""Where every command and every pressed button arrives, whichever door it came through."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from bot.access import Role, Standing, role_at, standing_at
from bot.arguments import shown
from bot.cards import Card, Notice
from bot.commands import find, parse
from bot.connections import Connection
from bot.deeds import CLAIM, Noted, deed_of_press, deed_of_words, word_of
from bot.door import ChatGone, DeliveryFailed, Door, Flooded
from bot.facts import style_at
from bot.faults import notice_of
from bot.handlers import HANDLERS, LIVE, PRESSED
from bot.handlers.asking import ask
from bot.handlers.call import Call, PressCall
from bot.handlers.inline import inline
from bot.inline import Found
from bot.live_message import LiveMessages
from bot.missing import Missing
from bot.pacer import Pacers
from bot.present.asking import begun_card
from bot.present.inline import nothing_offered
from bot.present.notices import not_allowed_notice
from bot.present.style import read_as
from bot.presses import Shown, kind_of, shown_of, told_aside
from bot.reception import Reception
from bot.request import Address, Person, Press, Request
from bot.studio import Studio
from core.app.app import App
from core.domain.errors import ConclaveError, Refused

POST_TRIES = 4
MOST_GOING_ON = 256
"""So many long commands from buttons go on at once."""
_LONGEST_WAIT_S = 60.0

_log = logging.getLogger(__name__)


class Desk:
    """Answers requests: once for each delivery, only to who may ask, and always with a clear sentence.

    Neither `handle` nor `press` raises anything but cancellation. Both may be called at the same time for
    many requests, and `handle` takes as long as the run that it shows, so a door calls it in a task.
    `platforms` says of each platform that is served how it is: connecting, connected or off; `connections`
    tells of those that have several connections how each is. `reception` asks the admins about strangers.
    What is refused, and what only some may do, goes into the audit trail.
    """

    def __init__(self, app: App) -> None:
        self.app = app
        self.pacers = Pacers(app.clock)
        self.live = LiveMessages(app, self.pacers)
        self.reception = Reception(app, self.pacers)
        self.platforms: dict[str, str] = {}
        self.connections: dict[str, Callable[[], Sequence[Connection]]] = {}
        self._studio = Studio()
        self._going_on: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        try:
            card = await self._answer(request, door)
        except Exception as error:  # noqa: BLE001 - the boundary: a bug must not silence the door
            card = notice_of(error, f"“{shown(request.text)}”", request.text)
        if card is not None:
            await self._post(card, request, door)

    async def press(self, press: Press, door: Door) -> Card | None:
        """Return what a button opens, or None where nothing is to be shown."""
        try:
            return await self._pressed(press, door)
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return notice_of(error, f"button {shown(press.data)}")

    async def inquire(self, person: Person, text: str, offset: int, page_size: int) -> Found | None:
        """Return what a person is offered who writes elsewhere, or None for a stranger; never raises.

        Where they write is not known, so their role is the one in their private chat, and what is offered is
        written as that chat reads.
        """
        platform, _, own = person.id.partition(":")
        try:
            # Always Telegram's, for no other platform has such a thing.
            private = Address("telegram", own)
            if platform != "telegram" or await role_at(self.app, private, person) is None:
                return None
            with read_as(await style_at(self.app, private)):
                return await inline(self.app, text, offset, page_size)
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return nothing_offered(notice_of(error, f"inline “{shown(text)}”"))

    async def _answer(self, request: Request, door: Door) -> Card | None:
        standing = await standing_at(self.app, request.address, request.person)
        role, noted = standing.role, Noted(self.app, request.address, request.person, standing)
        if role is None:
            if not await self._may_claim(request):
                await noted.refused(f"stranger: {word_of(request.text)}")
                return await self.reception.greet(request.address, request.person)
            role = Role.VIEWER  # whoever knows the code, whoever that is
        if not await self.app.claim_delivery(request.address.platform, request.delivery):
            return None
        return await self._obey(request, door, standing)

    async def _obey(
        self, request: Request, door: Door, standing: Standing, press: Press | None = None
    ) -> Card | None:
        """Carry out a command that was typed, or sent by a pressed button."""
        role = standing.role or Role.VIEWER  # without one only who knows the code of a claim comes here
        noted = Noted(self.app, request.address, request.person, standing)
        what = deed_of_words(request.text)
        try:
            # In a thread, because the first moment that is read loads the exchange's calendar.
            command, arguments = await asyncio.to_thread(parse, request.text)
        except Missing as missing:
            command = find(missing.name)
            if role >= command.role:
                return await ask(self.app, missing, request.address)
        if role < command.role:
            refusal = not_allowed_notice(role.title, command.role.title, command.name)
            return await noted.answer(refusal, what)
        _log.info("%s in %s: /%s", request.person.id, request.address.chat_id, command.name)
        call = Call(
            self.app,
            self.live,
            door,
            request,
            role,
            self.platforms,
            self.connections,
            held_back=standing.held_back,
            studio=self._studio,
        )
        privileged = command.role is Role.ADMIN or command.noted(arguments)

        async def work() -> Card | None:
            with read_as(await style_at(self.app, request.address)):
                return await noted.carried_out(
                    HANDLERS[command.handler](call, arguments), what, privileged=privileged
                )

        if press is None or command.handler not in LIVE:
            return await work()
        if len(self._going_on) >= MOST_GOING_ON:
            raise Refused(f"Too much goes on at the moment. Send /{request.text} again in a minute.")
        self._go_on(work, request, door)
        return begun_card(request.text) if shown_of(press.data) is Shown.IN_PLACE else None

    def _go_on(self, work: Callable[[], Awaitable[Card | None]], request: Request, door: Door) -> None:
        """Let a long command go on by itself: a button has to be answered soon."""

        async def finish() -> None:
            try:
                card = await work()
            except Exception as error:  # noqa: BLE001 - the boundary, as in handle
                card = notice_of(error, f"“{shown(request.text)}”", request.text)
            if card is not None:
                await self._post(card, request, door)

        task = asyncio.create_task(finish())
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def close(self) -> None:
        """Leave what buttons have begun, as the doors leave what was typed; runs stay resumable."""
        await self.reception.close()
        for task in self._going_on:
            task.cancel()
        await asyncio.gather(*self._going_on, return_exceptions=True)

    async def _pressed(self, press: Press, door: Door) -> Card | None:
        standing = await standing_at(self.app, press.address, press.person)
        role, noted = standing.role, Noted(self.app, press.address, press.person, standing)
        if role is None:
            await noted.refused("stranger: a button")
            return await self.reception.greet(press.address, press.person)
        if not await self.app.claim_delivery(press.address.platform, press.delivery):
            return None
        what, privileged = deed_of_press(press.data)
        handler = PRESSED.get(kind_of(press.data))
        if handler is None:
            raise Refused("This button is too old. Send /run with your ticker, for instance /run NVDA.")
        obey = partial(self._obey_button, press, door, standing)
        pressed = handler(
            PressCall(self.app, self.live, door, press, role, obey, self.reception, studio=self._studio)
        )
        with read_as(await style_at(self.app, press.address)):
            if what is None:
                card = await pressed
            else:
                card = await noted.carried_out(pressed, what, privileged=privileged, by_button=True)
        if card is not None and not told_aside(card):
            # The door shows it at once, and it counts in the chat like any other message.
            self.pacers.at(door, press.address).count()
        return card

    async def _obey_button(self, press: Press, door: Door, standing: Standing, text: str) -> Card | None:
        """Carry out the command that a button sends."""
        # On Telegram the private chat with a person has the id of that person.
        private = press.address.chat_id == press.person.id
        request = Request(text, press.address, press.person, press.delivery, private)
        try:
            return await self._obey(request, door, standing, press)
        except ConclaveError as error:
            return notice_of(error, f"“{shown(text)}”", text)

    async def _may_claim(self, request: Request) -> bool:
        """Say whether a stranger types a one-time code while one waits to be typed."""
        return request.text.lower().split(maxsplit=1)[:1] == [CLAIM] and await self.app.claims.waits()

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
