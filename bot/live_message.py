"""One message that shows a run while it goes on, and ends as its verdict.

Two tasks share the work: one reads the run's events as fast as they come, the other draws the newest state
at the pace that the chat allows. So a slow chat never holds back a run, and a run never floods a chat.
Nothing that goes wrong with the message (see `bot.delivery`) touches the run: it is neither stopped nor
repeated because a chat was out of reach. An end that could not be delivered stays open in the store, so that
the next start of the service delivers it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable

from bot.cards import Card
from bot.delivery import LiveMessage
from bot.door import Door, MessageRef
from bot.facts import verdict_of, zone_of
from bot.faults import notice_of
from bot.present.run import RunProgress
from bot.request import Address
from core.app.app import App
from core.domain.errors import ConclaveError, NotFound, StoreError
from core.domain.events import RunEnded, RunEvent
from core.domain.run import RunRecord, RunState

_log = logging.getLogger(__name__)


async def tell(
    events: AsyncIterator[RunEvent],
    door: Door,
    address: Address,
    app: App,
    *,
    ticker: str,
    message: MessageRef | None = None,
    card: int | None = None,
) -> RunRecord | None:
    """Show a run in one message from its first event to its verdict, and return its record.

    Returns None where the run did not end: it could not start, which the message then says, or the process
    is about to stop. `message` and `card` continue a message that an earlier process left open.
    """
    progress = RunProgress(ticker, zone_of(app))
    live = _LiveRun(app, LiveMessage(door, address, app.clock, message), progress, card)
    return await live.follow(events)


async def finish_open_cards(app: App, door: Door) -> None:
    """Bring every message of this platform that an earlier process left open to its end.

    Call it once at start, after `App.resume_interrupted`: a run that goes on again is followed to its end.
    """
    cards = await app.open_cards(door.platform)
    await asyncio.gather(*(_finish(app, door, card) for card in cards))


async def _finish(app: App, door: Door, open_card: tuple[int, str, str, str | None, str]) -> None:
    card, run_id, chat, thread, message = open_card
    address = Address(door.platform, chat, thread)
    ref = MessageRef(address, message)
    try:
        record = await app.record(run_id)
        if record.state is RunState.RUNNING:
            await tell(app.watch(run_id), door, address, app, ticker=record.ticker, message=ref, card=card)
        else:
            await deliver_end(app, LiveMessage(door, address, app.clock, ref), record, card)
    except NotFound:
        await app.card_done(card)
    except ConclaveError as error:
        _log.warning("The message of run %s on %s stays open: %s", run_id, door.platform, error)


async def deliver_end(app: App, message: LiveMessage, record: RunRecord, card: int | None) -> None:
    """Deliver the verdict card of a run that is over, and note in the store that this is done."""
    outcome = await message.deliver(await verdict_of(app, record))
    if card is not None and outcome != "not delivered":
        await app.card_done(card)


class _LiveRun:
    """The state of one `tell`: what the run has told, and what the message shows."""

    def __init__(self, app: App, message: LiveMessage, progress: RunProgress, card: int | None) -> None:
        self._app = app
        self._message = message
        self._progress = progress
        self._card = card
        self._ended: RunRecord | None = None
        self._news = asyncio.Event()

    async def follow(self, events: AsyncIterator[RunEvent]) -> RunRecord | None:
        """Read and draw until the stream is over, then deliver its end."""
        reader = asyncio.create_task(self._read(events))
        try:
            await self._draw_until(reader)
            await reader
        except Exception as error:  # noqa: BLE001 - a bug in a run ends in its message, not in the desk
            await self._fail(error)
            return None
        finally:
            reader.cancel()
        return await self._end()

    async def _read(self, events: AsyncIterator[RunEvent]) -> None:
        async for event in events:
            self._progress = self._progress.apply(event)
            if isinstance(event, RunEnded):
                self._ended = event.record
            self._news.set()

    async def _draw_until(self, reader: "asyncio.Task[None]") -> None:
        drawn: Card | None = None
        while not reader.done():
            self._news.clear()
            card = self._progress.card()
            if card != drawn and not self._message.silent:
                await self._message.draw(card)
                drawn = card
            await self._remember()
            await _either(reader, self._news.wait())
            await _either(reader, self._message.pause())

    async def _remember(self) -> None:
        """Keep in the store where the message is, once there is one and the run has an id."""
        ref, run_id = self._message.ref, self._progress.run_id
        if self._card is not None or ref is None or run_id is None:
            return
        at = ref.address
        try:
            self._card = await self._app.remember_card(run_id, at.platform, at.chat, at.thread, ref.message)
        except StoreError as error:
            _log.warning("The message of run %s cannot be finished after a restart: %s", run_id, error)

    async def _end(self) -> RunRecord | None:
        record = self._ended
        if record is None and (run_id := self._progress.run_id):
            record = await self._app.record(run_id)
        if record is None or record.state is RunState.RUNNING:
            return None
        await self._remember()
        await deliver_end(self._app, self._message, record, self._card)
        return record

    async def _fail(self, error: Exception) -> None:
        """Say in the message why the run cannot be shown; a run that has started stays open in the store."""
        notice = notice_of(error, f"run of {self._progress.ticker}")
        await self._message.deliver(notice)


async def _either(reader: "asyncio.Task[None]", other: Awaitable[object]) -> None:
    """Wait for whichever comes first: the end of the stream, or `other`."""
    waiting = asyncio.ensure_future(other)
    try:
        await asyncio.wait({reader, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
