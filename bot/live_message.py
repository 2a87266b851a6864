"""One message for each run that shows it while it goes on, and ends as its verdict.

Two tasks share the work: one reads the run's events as fast as they come, the other draws the newest state
at the pace that the chat allows. So a slow chat never holds back a run, and a run never floods a chat.

A run starts only after its message was tried: where the chat is closed to us, nobody could read what the
run costs. After that nothing that goes wrong with the message (see `bot.delivery`) touches the run: it is
neither stopped nor repeated because a chat was out of reach. An end that could not be delivered stays open
in the store, and is tried again until it is a day old.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot.arrival import only_waits, prepared
from bot.cards import Card, Notice
from bot.delivery import LiveMessage
from bot.door import Door, MessageRef
from bot.facts import style_at, verdict_of, zone_of
from bot.faults import notice_of
from bot.pacer import Pacers
from bot.present.run import RunProgress
from bot.present.style import read_as
from bot.request import Address, Person, Platform
from bot.stopping import Starting, StopWish, called
from core.app.app import App
from core.domain.errors import ConclaveError, NotFound, StoreError
from core.domain.events import RunEnded, RunEvent, RunStarted
from core.domain.ids import new_id
from core.domain.run import RunRecord, RunState

FIRST_CARD_WITHIN_S = 5.0
LEAVE_WITHIN_S = 2.0
KEEP_TRYING = timedelta(days=1)
TICKET_SIGNS = 10

_log = logging.getLogger(__name__)

Events = Callable[[], AsyncIterator[RunEvent]]
Note = Callable[[RunRecord], Awaitable[str]]
OpenCard = tuple[int, str, str, str | None, str]


class LiveMessages:
    """The messages of this process that show runs; each is worked on by one task at a time."""

    def __init__(self, app: App, pacers: Pacers) -> None:
        self.app = app
        self.pacers = pacers
        self._held: set[tuple[Platform, str, str]] = set()
        self._starts: dict[str, _LiveRun] = {}

    async def tell(
        self,
        start: Events,
        door: Door,
        address: Address,
        *,
        ticker: str,
        note: Note | None = None,
        command: str = "",
        asked_by: Person | None = None,
    ) -> RunRecord | None:
        """Show a run in a new message from its first event to its verdict, and return its record.

        `note` is asked once the run has started for a line about it, such as what it presumably costs.
        `start` is asked for the events once the message is there, or after five seconds without an answer
        of the platform. `command` is what asked for the run, for a button that asks better. Where the
        process is about to stop, the record is that of a run that still goes on. Returns None where the run
        did not start: the chat is closed to us, or the message says why it could not.
        """
        message = LiveMessage(door, address, self.app.clock, self.pacers)
        ticket = new_id(TICKET_SIGNS) if asked_by else None
        progress = RunProgress(ticker, zone_of(self.app), ticket=ticket)
        live = _LiveRun(self, message, progress, command=command)
        if ticket is None or asked_by is None:
            return await live.follow(start, note)
        live.asked_by, self._starts[ticket] = asked_by.id, live
        try:
            return await live.follow(start, note)
        finally:
            del self._starts[ticket]

    def starting(self, ticket: str) -> Starting | None:
        """Return the run whose message had a Stop button with this ticket before the run had an id."""
        return self._starts.get(ticket)

    def starting_in(self, address: Address, ticker: str | None) -> Starting | None:
        """Return the run of a ticker, or the only one, that was asked for in a chat and has no id yet."""
        found = [
            live
            for live in self._starts.values()
            if live.run_id is None
            and live.address.chat_id == address.chat_id
            and ticker in {None, live.ticker}
        ]
        return found[-1] if len(found) == 1 or (found and ticker is not None) else None

    async def finish_open(self, door: Door) -> None:
        """Bring every message of this platform that nobody here works on to its end.

        Call it after `App.resume_interrupted`, and from time to time: a run that goes on again is followed
        to its end. A chat that has asked us to wait, or is shut to us, is left for the next time.
        """
        cards = await self.app.open_cards(door.platform)
        await asyncio.gather(*(self._finish(door, card) for card in cards))

    async def _finish(self, door: Door, open_card: OpenCard) -> None:
        card, run_id, chat, thread, message = open_card
        address = Address(door.platform, chat, thread)
        # Without a message where an earlier process could not even send it.
        ref = MessageRef(address, message) if message else None
        held = ref or _unsent(address, run_id)
        if self.pacers.at(door, address).closed or not self.hold(held):
            return
        live = LiveMessage(door, address, self.app.clock, self.pacers, ref)
        try:
            record = await self.app.run_record(run_id)
            if await self._shut(address):
                if self._too_old(record):
                    await self.app.card_done(card)
                return
            with read_as(await style_at(self.app, address)):
                if record.state is RunState.RUNNING:
                    progress = RunProgress(record.ticker, zone_of(self.app))
                    await _LiveRun(self, live, progress, card, held).follow(lambda: self.app.watch(run_id))
                else:
                    await self.deliver_end(live, record, card, again=True)
        except NotFound:
            await self.app.card_done(card)
        except ConclaveError as error:
            _log.warning("The message of run %s on %s stays open: %s", run_id, door.platform, error)
        finally:
            self.let_go(held)

    async def deliver_end(
        self, message: LiveMessage, record: RunRecord, card: int | None, *, again: bool = False
    ) -> None:
        """Deliver the verdict card of a run that is over, and note in the store that this is done.

        A chat that has put us out may let us in again: its end waits for that, for a day. One that is closed
        without a word of that is tried once more, which is when it was tried `again`.
        """
        outcome = await message.deliver(await verdict_of(self.app, record))
        if card is None:
            return
        if outcome == "chat gone":
            done = again and not await self._shut(message.address)
        else:
            done = outcome == "delivered"
        if done or self._too_old(record):
            await self.app.card_done(card)

    async def _shut(self, address: Address) -> bool:
        """Say whether a chat has told that we may not post there."""
        known = await self.app.known_chats.get(address.chat_id)
        return known is not None and known.state.shut

    def _too_old(self, record: RunRecord) -> bool:
        return self.app.clock.now() - (record.finished_at or record.started_at) > KEEP_TRYING

    def hold(self, ref: MessageRef) -> bool:
        """Take a message to work on; False when somebody in this process has it."""
        if (key := _key(ref)) in self._held:
            return False
        self._held.add(key)
        return True

    def let_go(self, ref: MessageRef) -> None:
        """Leave a message to whoever comes next."""
        self._held.discard(_key(ref))


def _key(ref: MessageRef) -> tuple[Platform, str, str]:
    return ref.address.platform, ref.address.chat, ref.message


def _unsent(address: Address, run_id: str) -> MessageRef:
    """Return what stands for the message of a run that could not be sent yet."""
    return MessageRef(address, f"unsent {run_id}")


class _LiveRun:
    """The state of one message: what the run has told, what is shown, and where the store has it."""

    def __init__(
        self,
        messages: LiveMessages,
        message: LiveMessage,
        progress: RunProgress,
        card: int | None = None,
        held: MessageRef | None = None,
        command: str = "",
    ) -> None:
        self._messages = messages
        self._command = command
        self._app = messages.app
        self._message = message
        self._progress = progress
        self._card = card
        self._stored = held
        self._holds: list[MessageRef] = []
        self._storing = asyncio.Lock()
        self._store_failed = False
        self._ended: RunRecord | None = None
        self._stop_wish: StopWish | None = None
        self.asked_by: str | None = None
        self._news = asyncio.Event()
        self._tried = asyncio.Event()
        if card is not None:
            self._tried.set()

    @property
    def ticker(self) -> str:
        """As in `Starting`, like those that follow."""
        return self._progress.ticker

    @property
    def run_id(self) -> str | None:
        return self._progress.run_id

    @property
    def address(self) -> Address:
        return self._message.address

    def stop_first(self, wish: StopWish) -> None:
        self._stop_wish = wish
        self._say(f"Stopping, because {called(wish.person)} wants that …")

    def _say(self, note: str | None) -> None:
        self._progress = replace(self._progress, note=note)
        self._news.set()

    async def follow(self, start: Events, note: Note | None = None) -> RunRecord | None:
        """Try the first card, then read and draw until the stream is over, then deliver its end."""
        reader = asyncio.create_task(self._read(start, note))
        try:
            await self._draw_until(reader)
            await reader
            return await self._end()
        except asyncio.CancelledError:
            await self._leave()
            raise
        except Exception as error:  # noqa: BLE001 - a bug in a run ends in its message, not in the desk
            await self._fail(error)
            return self._progress.record
        finally:
            reader.cancel()
            for ref in self._holds:
                self._messages.let_go(ref)

    async def _read(self, start: Events, note: Note | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_CARD_WITHIN_S):
                await self._tried.wait()
        if self._message.gone and self._card is None:
            chat = self._message.address.chat_id
            _log.warning("%s is closed to us; the run of %s is not started", chat, self._progress.ticker)
            return
        # Whoever asks wants to see first that it was heard.
        await self._app.courtesy.give_way()
        async for event in start():
            self._progress = self._progress.apply(event)
            if note is not None and isinstance(event, RunStarted):
                with contextlib.suppress(StoreError):
                    self._progress = replace(self._progress, terms=await note(event.record))
            if isinstance(event, RunEnded):
                self._ended = event.record
            self._news.set()
            await self._remember()
            await self._stop_if_wished()

    async def _stop_if_wished(self) -> None:
        """Stop a run that has just begun, if somebody wanted that before and may; or say why it goes on."""
        wish, record = self._stop_wish, self._progress.record
        if wish is None or record is None:
            return
        self._stop_wish = None
        if await wish.may(record):
            await self._app.stop(record.run_id, called(wish.person))
        else:
            self._say("goes on: somebody else had asked for it before")

    async def _draw_until(self, reader: "asyncio.Task[None]") -> None:
        shown: Card | None = None
        while not reader.done():
            self._news.clear()
            if self._message.silent or self._progress.card() == shown:
                await _either(reader, self._news.wait())
                continue
            prepared()
            await _either(reader, self._turn())
            if reader.done():
                return
            card = self._progress.card()
            if await self._message.draw(card):
                shown = card
            self._tried.set()
            only_waits()
            await self._remember()

    async def _turn(self) -> None:
        """Wait until the message may be drawn; what only goes on lets first answers to people go first.

        Drawing computes longest of all, so only some begin in one turn of the loop.
        """
        if self._message.ref is not None:
            await self._app.courtesy.give_way()
        await self._app.courtesy.drawing.begin()
        await self._message.turn()

    async def _remember(self) -> None:
        """Keep in the store where the message of a run is, or that it could not be sent yet."""
        run_id = self._progress.run_id
        if run_id is None:
            return
        async with self._storing:
            ref = self._message.ref
            stored = ref or _unsent(self._message.address, run_id)
            if self._card is not None and (ref is None or stored == self._stored):
                return
            if self._messages.hold(stored):
                self._holds.append(stored)
            at = stored.address
            message = ref.message if ref else ""
            try:
                card = await self._app.remember_card(run_id, at.platform, at.chat, at.thread, message)
                earlier, self._card, self._stored = self._card, card, stored
                if earlier is not None:
                    await self._app.card_done(earlier)
            except StoreError as error:
                if not self._store_failed:
                    _log.warning(
                        "The message of run %s cannot be finished after a restart: %s", run_id, error
                    )
                self._store_failed = True

    async def _end(self) -> RunRecord | None:
        record = self._ended
        if record is None and (run_id := self._progress.run_id):
            record = await self._app.run_record(run_id)
        if record is None or record.state is RunState.RUNNING:
            return record
        await self._remember()
        try:
            await self._messages.deliver_end(self._message, record, self._card)
        except StoreError as error:
            _log.warning("The message of run %s stays open: %s", record.run_id, error)
        return record

    async def _fail(self, error: Exception) -> None:
        """Say in the message why the run cannot be shown; a run that has started stays open in the store."""
        notice = notice_of(error, f"run of {self._progress.ticker}", self._command)
        await self._message.deliver(notice)

    async def _leave(self) -> None:
        """Leave a message that the next start can finish, or one that says why it will not."""
        message = self._message
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                # A person at a terminal left by hand, and the run goes on.
                lost = self._progress.run_id is None and self._card is None
                if lost and message.ref is not None and message.address.platform != "terminal":
                    ticker = self._progress.ticker
                    text = f"Conclave was restarted before this run began. Send /run {ticker} again."
                    await message.draw(Notice(text=text, tone="warning"))
                await self._remember()


async def _either(reader: "asyncio.Task[None]", other: Awaitable[object]) -> None:
    """Wait for whichever comes first: the end of the stream, or `other`."""
    waiting = asyncio.ensure_future(other)
    try:
        await asyncio.wait({reader, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
