"""Where every command and every pressed button arrives, whichever door it came through."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from bot.access import Role, Standing, place_of, role_at, standing_at
from bot.arguments import shown
from bot.arrival import Room, accepted, prepared, start, visit
from bot.at_work import Signs
from bot.cards import Card, Notice
from bot.chat_news import ChatNews, Post, answered_at, posts_about, posts_when_reached
from bot.commands import find, parse
from bot.connections import Connection
from bot.deeds import CLAIM, Noted, deed_of_press, deed_of_words, doing_of, word_of
from bot.door import ChatGone, DeliveryFailed, Door, Flooded
from bot.facts import style_at, style_of
from bot.faults import notice_of
from bot.handlers import HANDLERS, LIVE, PRESSED
from bot.handlers.asking import ask
from bot.handlers.call import Call, PressCall, release_once
from bot.handlers.inline import inline
from bot.inline import Found
from bot.live_message import LiveMessages
from bot.missing import Missing
from bot.pacer import Pacers
from bot.present.asking import answered_notice, begun_card
from bot.present.inline import nothing_offered
from bot.present.notices import anonymous_notice, not_allowed_notice
from bot.present.style import Style, read_as
from bot.presses import Shown, kind_of, shown_of, told_aside
from bot.reception import Reception
from bot.registry.command import Command, Read
from bot.request import Address, Person, Press, Request
from bot.studio import Studio
from core.app.app import App
from core.app.moments import ready
from core.domain.at_place import AtPlace
from core.domain.errors import ConclaveError, Refused, StoreError

POST_TRIES = 4
MOST_GOING_ON = 256
"""So many long commands from buttons go on at once; those that wait for a run do not count."""
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
        self._signs = Signs(self.pacers, app.clock)
        self._going_on: set[asyncio.Task[None]] = set()
        self._room = Room(MOST_GOING_ON)

    async def handle(self, request: Request, door: Door) -> None:
        """Carry out a command and post its answer."""
        async with visit(self.app.courtesy):
            await self._handle(request, door)

    async def _handle(self, request: Request, door: Door) -> None:
        try:
            found = await answered_at(self.app, request.address, request.person)
            if found is None:
                return
            address, stored = found
            request = replace(request, address=address)
            card = await self._answer(request, door, stored)
        except Exception as error:  # noqa: BLE001 - the boundary: a bug must not silence the door
            card = notice_of(error, doing_of(request.text), request.text)
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
        waits = self.app.courtesy.came()  # without a turn: a button has to be answered soon
        try:
            found = await answered_at(self.app, press.address, press.person)
            if found is None:
                return None
            address, stored = found
            return await self._pressed(replace(press, address=address), door, stored)
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return notice_of(error, f"button {shown(press.data)}")
        finally:
            waits.over()

    async def inquire(self, person: Person, text: str, offset: int, page_size: int) -> Found | None:
        """Return what a person is offered who writes elsewhere, or None for a stranger; never raises.

        Where they write is not known, so their role is the one in their private chat, and what is offered is
        written as that chat reads.
        """
        platform, _, own = person.id.partition(":")
        try:
            # Always Telegram's, for no other platform has such a thing.
            private = Address("telegram", own)
            if platform != "telegram":
                return None
            if await role_at(self.app, private, person) is None:
                await self.app.people.deeds.note(
                    person.id, private.chat_id, None, "stranger: inline", "refused"
                )
                return None
            with read_as(await style_at(self.app, private)):
                return await inline(self.app, text, offset, page_size)
        except Exception as error:  # noqa: BLE001 - the boundary, as in handle
            return nothing_offered(notice_of(error, f"inline “{shown(text)}”"))

    async def _answer(self, request: Request, door: Door, stored: AtPlace) -> Card | None:
        standing = await standing_at(self.app, request.address, request.person, stored)
        role, noted = standing.role, Noted(self.app, request.address, request.person, standing)
        if role is None:
            if not await self._may_claim(request):
                await noted.refused(f"stranger: {word_of(request.text)}")
                return await self._greeting(request)
            role = Role.VIEWER  # whoever knows the code, whoever that is
        if not await self.app.claim_delivery(request.address.platform, request.delivery):
            return None
        accepted()
        return await self._obey(request, door, standing)

    async def _obey(
        self, request: Request, door: Door, standing: Standing, press: Press | None = None
    ) -> Card | None:
        """Carry out a command that was typed, or sent by a pressed button."""
        role = standing.role or Role.VIEWER  # without one only who knows the code of a claim comes here
        noted = Noted(self.app, request.address, request.person, standing)
        what = deed_of_words(request.text)
        read = await _read(request)
        if read is None:
            return None
        command, arguments = read
        if role < command.role:
            return await noted.answer(_not_allowed(request, role, command), what)
        if isinstance(arguments, Missing):
            return await ask(self.app, arguments, request.address)
        if press is not None and command.handler in LIVE and self._room.full:
            raise Refused(f"Too much goes on at the moment. Send /{request.text} again in a minute.")
        if not await self._first_of_its_message(request, command, press):
            return answered_notice() if press else None
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
            try:
                style = await self._style(standing, request.address)
                with self._signs.shown(door, request.address), read_as(style):
                    return await noted.carried_out(
                        HANDLERS[command.handler](call, arguments), what, privileged=privileged
                    )
            except Refused:
                # Nothing came of it, so that it may be mended by editing the message.
                await release_once(self.app, request)
                raise

        if press is None or command.handler not in LIVE:
            return await work()
        self._go_on(work, request, door)
        return begun_card(request.text) if shown_of(press.data) is Shown.IN_PLACE else None

    async def _style(self, standing: Standing, address: Address) -> Style:
        """Return how the chat reads, by the terms that came with the role where there are any."""
        return style_of(standing.terms) if standing.terms else await style_at(self.app, address)

    async def _first_of_its_message(self, request: Request, command: Command, press: Press | None) -> bool:
        """Say True for the first text of a message that is a valid command, whatever it becomes later.

        Of a question's buttons so for what costs something: who presses twice, or two at once, mean one run.
        """
        if request.once is None or (press is not None and command.handler not in LIVE):
            return True
        return await self.app.claim_delivery(request.address.platform, request.once)

    def _go_on(self, work: Callable[[], Awaitable[Card | None]], request: Request, door: Door) -> None:
        """Let a long command go on by itself: a button has to be answered soon."""

        async def finish() -> None:
            async with visit(self.app.courtesy):
                await answer()

        async def answer() -> None:
            try:
                card = await work()
            except Exception as error:  # noqa: BLE001 - the boundary, as in handle
                card = notice_of(error, doing_of(request.text), request.text)
            if card is not None:
                only_for = request.person if isinstance(card, Notice) else None
                await self._post(card, request.address, door, only_for)

        task, _ = start(finish(), self._room.enter_now())
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def close(self) -> None:
        """Leave what buttons have begun, as the doors leave what was typed; runs stay resumable."""
        await self.reception.close()
        await self._signs.close()
        for task in self._going_on:
            task.cancel()
        await asyncio.gather(*self._going_on, return_exceptions=True)

    async def _pressed(self, press: Press, door: Door, stored: AtPlace) -> Card | None:
        standing = await standing_at(self.app, press.address, press.person, stored)
        role, noted = standing.role, Noted(self.app, press.address, press.person, standing)
        if role is None:
            await noted.refused("stranger: a button")
            return await self.reception.greet(press.address, press.person)
        if not await self.app.claim_delivery(press.address.platform, press.delivery):
            return None
        accepted()
        what, privileged = deed_of_press(press.data)
        handler = PRESSED.get(kind_of(press.data))
        if handler is None:
            raise Refused("This button is too old. Send /run with your ticker, for instance /run NVDA.")
        obey = partial(self._obey_button, press, door, standing)
        pressed = handler(
            PressCall(self.app, self.live, door, press, role, obey, self.reception, studio=self._studio)
        )
        with read_as(await self._style(standing, press.address)):
            if what is None:
                card = await pressed
            else:
                card = await noted.carried_out(pressed, what, privileged=privileged, by_button=True)
        if card is not None and not told_aside(card):
            # The door shows it next, and it counts in the chat like any other message.
            await self.pacers.at(door, press.address).pressed()
        return card

    async def _obey_button(self, press: Press, door: Door, standing: Standing, text: str) -> Card | None:
        """Carry out the command that a button sends."""
        # On Telegram the private chat with a person has the id of that person.
        private = press.address.chat_id == press.person.id
        # A question goes with its answer; of other buttons each press is meant.
        asks = press.message is not None and shown_of(press.data) is Shown.IN_PLACE
        once = f"question {press.address.chat}:{press.message}" if asks else None
        request = Request(text, press.address, press.person, press.delivery, private, once=once)
        try:
            return await self._obey(request, door, standing, press)
        except ConclaveError as error:
            return notice_of(error, doing_of(text), text)

    async def _may_claim(self, request: Request) -> bool:
        """Say whether a stranger types a one-time code while one waits to be typed."""
        return request.text.lower().split(maxsplit=1)[:1] == [CLAIM] and await self.app.claims.waits()

    async def _greeting(self, request: Request) -> Notice | None:
        """Tell a stranger once how to be let in; who is anonymous cannot be."""
        if not request.anonymous:
            return await self.reception.greet(request.address, request.person)
        if not await self.app.greet_once(place_of(request.address, request.person)):
            return None
        return anonymous_notice(request.address.chat_id, None, None, None)

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
        prepared()
        for attempt in range(POST_TRIES):
            chat = self.pacers.at(door, address)
            turn = await chat.turn(within_s=_LONGEST_WAIT_S)
            if turn is None:
                break
            try:
                with turn:
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


async def _read(request: Request) -> tuple[Command, Read | Missing] | None:
    """Return a command with its arguments, or what it lacks; None for talk that is none.

    Raises:
        Refused: it cannot be read.
    """
    try:
        # In a thread only where the first moment that is read loads the exchange's calendar.
        return parse(request.text) if ready() else await asyncio.to_thread(parse, request.text)
    except Refused as refusal:
        if request.only_commands:
            return None
        if isinstance(refusal, Missing):
            return find(refusal.name), refusal
        raise


def _not_allowed(request: Request, role: Role, command: Command) -> Notice:
    needed = command.role.title
    if request.anonymous:
        return anonymous_notice(request.address.chat_id, role.title, needed, command.name)
    return not_allowed_notice(role.title, needed, command.name)
