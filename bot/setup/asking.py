"""A conversation with whoever sets Conclave up, at a terminal or through a pipe."""

import asyncio
import getpass
import sys
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
            return (await asyncio.to_thread(_read)).strip()
        except EOFError:
            raise Refused(
                "The setup was left before it was done; start it again when you are ready."
            ) from None


def _read() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("")
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line
