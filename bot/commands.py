"""All commands, once. Help, the platforms' menus and the desk are made from this list."""

import difflib

from bot import arguments
from bot.registry.books import BOOKS
from bot.registry.chat import CHAT
from bot.registry.command import Command, Read
from bot.registry.committee import COMMITTEE
from bot.registry.lookback import LOOKBACK
from bot.registry.members import MEMBERS
from bot.registry.people import PEOPLE
from bot.registry.service import SERVICE
from core.domain.errors import BadTicker, Unknown
from core.domain.instrument import parse_ticker

GROUPS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("The committee", COMMITTEE),
    ("How they stand", BOOKS),
    ("Looking back", LOOKBACK),
    ("This chat", CHAT),
    ("Members", MEMBERS),
    ("People", PEOPLE),
    ("This service", SERVICE),
)
"""The commands in groups, in the order in which people read them."""

REGISTRY: tuple[Command, ...] = tuple(command for _, commands in GROUPS for command in commands)

_BY_WORD = {word: command for command in REGISTRY for word in (command.name, *command.aliases)}


def find(word: str) -> Command:
    """Return the command with this name or alias, whatever its case, with or without a slash.

    Raises:
        Unknown: there is none; the sentence names the nearest one.
    """
    name = word.removeprefix("/").lower()
    if command := _BY_WORD.get(name):
        return command
    close = difflib.get_close_matches(name, list(_BY_WORD), n=1, cutoff=0.6)
    meant: str | None = None
    if close:
        meant = _BY_WORD[close[0]].name
    elif ticker := _ticker_in(word):
        meant = f"run {ticker}"
    hint = f"Did you mean /{meant}?" if meant else "Send /help for the list."
    raise Unknown(
        f"I don't know the command “{arguments.shown(word)}”. {hint}",
        wrong=word.removeprefix("/"),
        near=((f"/{meant}", meant),) if meant else (),
    )


def parse(text: str) -> tuple[Command, Read]:
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
