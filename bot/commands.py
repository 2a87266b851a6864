"""All commands, once. Help, the platforms' menus and the desk are made from this list."""

import difflib

from bot import arguments
from bot.arguments import Arguments
from bot.registry.books import BOOKS
from bot.registry.chat import CHAT
from bot.registry.command import Command
from bot.registry.committee import COMMITTEE
from bot.registry.members import MEMBERS
from bot.registry.service import SERVICE
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker

REGISTRY: tuple[Command, ...] = (*COMMITTEE, *BOOKS, *CHAT, *MEMBERS, *SERVICE)

_BY_WORD = {word: command for command in REGISTRY for word in (command.name, *command.aliases)}


def find(word: str) -> Command:
    """Return the command with this name or alias, whatever its case, with or without a slash.

    Raises:
        Refused: there is none; the sentence names the nearest one.
    """
    name = word.removeprefix("/").lower()
    if command := _BY_WORD.get(name):
        return command
    near = difflib.get_close_matches(name, list(_BY_WORD), n=1, cutoff=0.6)
    if near:
        hint = f"Did you mean /{_BY_WORD[near[0]].name}?"
    elif ticker := _ticker_in(word):
        hint = f"Did you mean /run {ticker}?"
    else:
        hint = "Send /help for the list."
    raise Refused(f"I don't know the command “{arguments.shown(word)}”. {hint}")


def parse(text: str) -> tuple[Command, Arguments]:
    """Read one command that a person typed; nothing at all means `start`.

    Raises:
        Refused: no such command, or its arguments are wrong; the sentence says what to write instead.
    """
    words = text.split()
    command = find(words[0] if words else "start")
    return command, command.read(words[1:])


def _ticker_in(word: str) -> str | None:
    if word != word.upper():
        return None
    try:
        return parse_ticker(word)
    except BadTicker:
        return None
