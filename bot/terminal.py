"""`conclave chat`: the terminal as a chat, with the same commands and cards as Telegram and Slack."""

import asyncio
import getpass
import itertools
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator

from rich.console import Console

from bot.cards import Button, Card, Notice, ProgressCard
from bot.desk import Desk
from bot.door import MessageRef
from bot.present.help import start_card
from bot.request import Address, Person, Platform, Press, Request
from bot.screen import Screen
from bot.terminal_render import buttons_of
from core.app.app import App
from core.domain.ids import new_id

_LINE_LIMIT = 64 * 1024
_LEAVE = {"exit", "quit", "bye", "/exit", "/quit"}


class TerminalDoor:
    """The terminal as a door: a message is drawn in place until its last card is printed for good."""

    platform: Platform = "terminal"
    page_size = 6000

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.buttons: tuple[Button, ...] = ()
        self._numbers = itertools.count(1)

    def pace(self, address: Address) -> float:
        """Return a tenth of a second: nobody limits a terminal, and eyes need no more."""
        del address
        return 0.1

    def per_minute(self, address: Address) -> int | None:
        """Return None: nobody limits a terminal."""
        del address
        return None

    async def send(self, address: Address, card: Card, *, only_for: Person | None = None) -> MessageRef:
        """Draw a run that goes on, or print any other card."""
        del only_for  # one person sits here
        ref = MessageRef(address, str(next(self._numbers)))
        await self.edit(ref, card)
        return ref

    async def edit(self, ref: MessageRef, card: Card) -> None:
        """Redraw a run that goes on; any other card ends it and is printed."""
        if isinstance(card, ProgressCard):
            self.screen.progress(ref.message, card)
            return
        self.screen.done(ref.message)
        self.print(card)

    async def send_file(self, address: Address, name: str, content: bytes, caption: str) -> MessageRef:
        """Say that a file was made; a terminal shows none."""
        text = f"{caption} ({name}, {len(content):,} bytes)"
        return await self.send(address, Notice(text=text))

    def print(self, card: Card) -> None:
        """Print a card for good, its buttons numbered as choices for the next line."""
        found = buttons_of(card)
        if found:
            self.buttons = found
        self.screen.show(card, numbered_from=1 if found else None)


class Chat:
    """The loop: a line in, its cards out. A number presses the button of that number."""

    def __init__(self, app: App, console: Console) -> None:
        self._desk = Desk(app)
        self._door = TerminalDoor(Screen(console))
        self._console = console
        self._address = Address("terminal", "terminal")
        self._person = Person("terminal", _login())

    async def talk(self, lines: AsyncIterator[str]) -> None:
        """Answer each line; ends with the input, or when the person leaves."""
        self._door.print(start_card())
        self._prompt()
        async for line in lines:
            text = line.strip()
            if text.lower() in _LEAVE:
                return
            if text:
                await self._stoppable(text)
            self._prompt()

    def _prompt(self) -> None:
        if self._console.is_terminal:
            self._console.print("[bold cyan]›[/] ", end="")

    async def _stoppable(self, text: str) -> None:
        """Carry out one line; Ctrl-C leaves it, and a run that it started goes on."""
        work = asyncio.create_task(self._answer(text))
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, work.cancel)
        try:
            await asyncio.wait([work])
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        if work.cancelled():
            self._door.screen.clear()
            self._door.print(Notice(text="Left. A run goes on meanwhile; /why shows it when it is done."))

    async def _answer(self, text: str) -> None:
        if text.isdecimal():
            await self._press(int(text))
            return
        words = text.removeprefix("/")
        await self._desk.handle(
            Request(words, self._address, self._person, delivery=new_id(12), private=True), self._door
        )

    async def _press(self, number: int) -> None:
        buttons = self._door.buttons
        if not 1 <= number <= len(buttons):
            self._door.print(Notice(text=f"There is no choice {number} here.", tone="warning"))
            return
        press = Press(buttons[number - 1].data, self._address, self._person, delivery=new_id(12))
        card = await self._desk.press(press, self._door)
        if card is not None:
            self._door.print(card)


async def typed_lines() -> AsyncGenerator[str, None]:
    """Tell the lines of standard input as they come, from a terminal, a pipe or a file."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (ValueError, OSError):
        # A regular file cannot be waited for, and never makes anybody wait.
        for line in await asyncio.to_thread(sys.stdin.readlines):
            yield line
        return
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            yield "help"  # a line of more than 64 KiB is no command
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "you"
