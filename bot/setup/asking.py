"""A conversation with whoever sets Conclave up, at a terminal or through a pipe."""

import contextlib
import getpass
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console

from core.domain.errors import Refused


class Asking(Protocol):
    """Who is spoken to."""

    def say(self, text: str) -> None:
        """Tell something; it may have several lines."""
        ...

    async def secret(self, question: str) -> str:
        """Ask for a secret, which is shown nowhere.

        Raises:
            Refused: nobody answers any more.
        """
        ...


class AtTerminal:
    """Speaks on `console` and listens to standard input."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a text as it is."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    async def secret(self, question: str) -> str:
        """Ask without echo where a person types, and read a line from a pipe.

        Raises:
            Refused: the input has ended.
        """
        self._console.print(f"{question}: ", end="", markup=False, highlight=False)
        try:
            # Not in a thread: Ctrl-C could not end one that waits for a key. Nothing else goes on meanwhile.
            with _ctrl_c_ends():
                return _read().strip()
        except EOFError:
            raise Refused(
                "The setup was left before it was done; start it again when you are ready."
            ) from None


@contextlib.contextmanager
def _ctrl_c_ends() -> Iterator[None]:
    """Let Ctrl-C end the waiting for a key at once, and not only the task that waits."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
