"""`conclave chat`: the terminal as a chat, with the same commands and cards as Telegram and Slack."""

import asyncio
import getpass
import itertools
import os
import signal
import stat
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path, PurePath
from typing import Any, TextIO

from rich.console import Console

from bot.cards import Card, Notice, ProgressCard, SummaryCard, VerdictCard
from bot.command_buttons import command_of
from bot.desk import Desk
from bot.door import DeliveryFailed, MessageRef
from bot.postman import Postman
from bot.present.help import start_card
from bot.present.numbers import counted
from bot.presses import kind_of
from bot.request import Address, Person, Platform, Press, Request
from bot.screen import Screen, kept
from bot.timer import Timer
from core.app.app import App
from core.domain.ids import new_id
from core.domain.run import RunState

_LINE_LIMIT = 64 * 1024
_CHOICE_FIGURES = 3
_DOCUMENTS = {".md", ".json"}
_LEAVE = {"exit", "quit", "bye", "/exit", "/quit"}


def saved(folder: Path, name: PurePath, content: bytes) -> Path:
    """Write a new file into `folder` and return its path; a number behind its name keeps older ones.

    Raises:
        OSError: it cannot be written.
    """
    number = 1
    while True:
        path = folder / (name.name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            number += 1
        else:
            return path


class TerminalDoor:
    """The terminal as the door of one line typed: a message is drawn in place until its last card is printed.

    Once the person has left it, what goes on is not drawn any more, and its end takes one line.
    """

    platform: Platform = "terminal"
    page_size = 6000
    shows_pictures = False
    shows_work = False

    def __init__(self, screen: Screen, names: Iterator[str]) -> None:
        self._screen = screen
        self._names = names
        self._going_on: set[str] = set()
        self._left = False

    def pace(self, address: Address) -> float:
        """Return a tenth of a second: nobody limits a terminal, and eyes need no more."""
        del address
        return 0.1

    def per_minute(self, address: Address) -> int | None:
        """Return None: nobody limits a terminal."""
        del address
        return None

    def per_second(self) -> float | None:
        """Return None: a terminal takes what comes."""
        return None

    async def working(self, address: Address) -> float | None:
        """Show nothing: what goes on is on the screen."""
        return None

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        """Draw a run that goes on, or print any other card."""
        del only_for, silent  # one person sits here, and hears nothing
        ref = MessageRef(address, next(self._names))
        await self.edit(ref, card)
        return ref

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Redraw a run that goes on; any other card ends it and is printed."""
        if isinstance(card, ProgressCard):
            self._going_on.add(ref.message)
            if not self._left:
                self._screen.progress(ref.message, card)
            return
        self._going_on.discard(ref.message)
        self._screen.done(ref.message)
        if not self._left:
            self._screen.offer(card)
            return
        if isinstance(card, SummaryCard):
            return  # each run in it has had its line
        if isinstance(card, VerdictCard):
            card = Notice(text=f"{card.ticker} is done: {card.headline}. /why {card.ticker} shows the run.")
        # The person is at the prompt, which the line pushes down.
        self._screen.console.print()
        self._screen.offer(card)
        self._screen.prompt()

    async def send_file(
        self, address: Address, name: str, content: bytes, caption: str, *, silent: bool = False
    ) -> MessageRef:
        """Save a document in the working directory, and say so; of a picture only say that it was made.

        Raises:
            DeliveryFailed: it cannot be saved there.
        """
        del silent
        size = counted(len(content), "byte")
        if PurePath(name).suffix in _DOCUMENTS:
            try:
                path = await asyncio.to_thread(saved, Path(), PurePath(name), content)
            except OSError as error:
                raise DeliveryFailed(f"It cannot be saved here: {error.strerror}.") from None
            return await self.send(address, Notice(text=f"{caption} Saved as {path} ({size})."))
        return await self.send(address, Notice(text=f"{caption} ({name}, {size})"))

    def leave(self) -> bool:
        """Draw nothing of this line any more; False when nothing of it goes on."""
        self._left = True
        for message in self._going_on:
            self._screen.done(message)
        return bool(self._going_on)


class TerminalMailbox(TerminalDoor):
    """The terminal as the door of what comes by itself, while the person is at the prompt."""

    async def send(
        self, address: Address, card: Card, *, only_for: Person | None = None, silent: bool = False
    ) -> MessageRef:
        """Print a card above the prompt."""
        del only_for, silent  # one person sits here, and hears nothing
        self._screen.console.print()
        self._screen.offer(card)
        self._screen.prompt()
        return MessageRef(address, next(self._names))


class Chat:
    """The loop: a line in, its cards out. A number presses the button of that number.

    Ctrl-C leaves a run, which goes on; where nothing is being answered it leaves the chat. What the chat has
    subscribed to comes while it is open.
    """

    def __init__(self, app: App, console: Console) -> None:
        self._app = app
        self._desk = Desk(app)
        self._screen = Screen(console)
        self._console = console
        self._address = Address("terminal", "terminal")
        self._person = Person("terminal", _login())
        self._session = f"{new_id(8)}."
        self._names = (f"{self._session}{number}" for number in itertools.count(1))
        self._postman = Postman(app, self._desk.pacers)
        self._timer = Timer(app, self._postman, resume=False)
        self._interrupt = asyncio.Event()
        self._left: set[asyncio.Task[None]] = set()

    async def talk(self, lines: AsyncIterator[str]) -> None:
        """Answer each line; ends with the input, or when the person leaves.

        Runs that then go on are stopped with the process; the last lines say how to continue them.
        """
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt.set)
        self._desk.platforms["Terminal"] = "connected"
        self._postman.open(TerminalMailbox(self._screen, self._names))
        starting = asyncio.create_task(self._timer.start())
        try:
            self._screen.offer(start_card())
            while (line := await self._next(lines)) is not None:
                text = line.strip()
                if text.lower() in _LEAVE:
                    break
                if text:
                    await self._answered(text)
            await self._say_what_is_kept()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            starting.cancel()
            self._timer.stop()
            await self._postman.close()
            for task in self._left:
                task.cancel()

    async def _next(self, lines: AsyncIterator[str]) -> str | None:
        """Return the next line, or None at the end of the input and on Ctrl-C."""
        self._screen.prompt()
        reading = asyncio.ensure_future(_line_of(lines))
        await self._until(reading)
        if reading.done():
            return reading.result()
        reading.cancel()
        await asyncio.wait([reading])
        self._console.print()
        return None

    async def _until(self, work: "asyncio.Task[Any]") -> None:
        """Wait for the end of `work`, or for Ctrl-C."""
        self._interrupt.clear()
        interrupted = asyncio.create_task(self._interrupt.wait())
        await asyncio.wait({work, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()

    async def _answered(self, text: str) -> None:
        """Carry out one line; Ctrl-C leaves it, and a run that it started goes on."""
        door = TerminalDoor(self._screen, self._names)
        work = asyncio.create_task(self._answer(text, door))
        await self._until(work)
        if work.done():
            work.result()
        elif door.leave():
            self._left.add(work)
            work.add_done_callback(self._left.discard)
            self._screen.offer(Notice(text="The run goes on, and a line here will tell when it is done."))
        else:
            work.cancel()
            await asyncio.wait([work])

    async def _answer(self, text: str, door: TerminalDoor) -> None:
        if text.isdecimal() and len(text) <= _CHOICE_FIGURES:
            await self._press(int(text), door)
            return
        words = text.removeprefix("/")
        await self._desk.handle(
            Request(words, self._address, self._person, delivery=new_id(12), private=True), door
        )

    async def _press(self, number: int, door: TerminalDoor) -> None:
        buttons = self._screen.buttons
        if not 1 <= number <= len(buttons):
            self._screen.offer(Notice(text=f"There is no choice {number} here.", tone="warning"))
            return
        data = buttons[number - 1].data
        if kind_of(data) in {"m", "mn"} and (command := command_of(data)):
            await self._answer(command, door)  # as typed, so that Ctrl-C leaves it as well
            return
        press = Press(data, self._address, self._person, delivery=new_id(12))
        card = await self._desk.press(press, door)
        if card is not None:
            self._screen.offer(card)

    async def _say_what_is_kept(self) -> None:
        """Name every run of this chat that goes on, for the end of the process interrupts it."""
        if not self._left:
            return
        records = [
            await self._app.record(run_id)
            for _, run_id, _, _, message in await self._app.open_cards("terminal")
            if message.startswith(self._session)
        ]
        going_on = [kept(record) for record in records if record.state is RunState.RUNNING]
        for text in going_on or ["What you left had not begun yet and is dropped."]:
            self._screen.offer(Notice(text=text))


async def _line_of(lines: AsyncIterator[str]) -> str | None:
    return await anext(lines, None)


async def typed_lines() -> AsyncGenerator[str, None]:
    """Tell the lines of standard input as they come, from a terminal, a pipe or a file."""
    if sys.stdin is None:
        return
    if not _makes_wait(sys.stdin):
        for line in await asyncio.to_thread(sys.stdin.readlines):
            yield line
        return
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            yield "help"  # a line of more than 64 KiB is no command
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace")


def _makes_wait(source: TextIO) -> bool:
    """Say whether somebody is at the other end; a file or /dev/null can neither be waited for nor need it."""
    mode = os.fstat(source.fileno()).st_mode
    return source.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
