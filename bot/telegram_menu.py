"""Telegram's menu of commands and the texts about the bot: planned from the registry, set where they differ.

| who sees it                                        | which commands                                   |
|----------------------------------------------------|--------------------------------------------------|
| everybody for whom nothing else is set             | a short list                                     |
| private chats                                      | all but those for admins                         |
| groups                                             | those that make sense among many people          |
| administrators of a group, as Telegram has them    | all but those for admins                         |
| the private chats of the admins in `[access]`      | all                                              |
| a group that `[access]` lets only view             | as groups and their administrators, but viewers' |

The menu only offers: who may send what is asked when it is sent.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeDefault,
)
from telegram.error import BadRequest, Forbidden

from bot.access import Role
from bot.languages import Language
from core.config.access import Access

SHORT = ("run", "why", "leaderboard", "portfolio", "help")
NOT_IN_GROUPS = frozenset({"start", "health", "models", "season", "export"})
UNLISTED = frozenset({"claim"})
"""In no menu: it is typed once, with a code, by whoever sets Conclave up."""
MOST_COMMANDS = 100
MOST_CHATS = 50
"""So many admins, and so many groups, have a menu of their own."""
SUMMARY_SIGNS = 256
SHORT_DESCRIPTION = "Many language models sit as one investment committee. Paper trading only, not advice."
DESCRIPTION = (
    "Many language models sit as one investment committee. Name a ticker: each model gets the same evidence, "
    "argues for and against, and casts a ballot. The ballots become a verdict, and you can open all of their "
    "reasoning.\n\nPaper trading only, not advice. Send /start."
)
_NAME = re.compile(r"[a-z0-9_]{1,32}", re.ASCII)
_CHAT = re.compile(r"telegram:(-?[1-9][0-9]{0,18})", re.ASCII)

_log = logging.getLogger(__name__)


class MenuCommand(Protocol):
    """A command as Telegram's menu shows it."""

    @property
    def name(self) -> str:
        """The command without its slash."""
        ...

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        ...

    @property
    def role(self) -> Role:
        """The role that it needs."""
        ...


@dataclass(frozen=True)
class Menu:
    """The commands for one scope in one language; `language` is empty for all others."""

    scope: BotCommandScope
    language: str
    entries: tuple[tuple[str, str], ...]


def menus(
    commands: Sequence[MenuCommand], access: Access | None, languages: Iterable[Language] = ()
) -> tuple[Menu, ...]:
    """Return every menu to be set; those for everybody first."""
    commands = [one for one in commands if one.name not in UNLISTED]
    usual = [one for one in commands if one.role < Role.ADMIN]
    grouped = [one for one in usual if one.name not in NOT_IN_GROUPS]
    led = [one for one in usual if one.name != "start"]
    short = [one for name in SHORT for one in usual if one.name == name]
    scopes: list[tuple[BotCommandScope, Sequence[MenuCommand]]] = [
        (BotCommandScopeDefault(), short or usual),
        (BotCommandScopeAllPrivateChats(), usual),
        (BotCommandScopeAllGroupChats(), grouped),
        (BotCommandScopeAllChatAdministrators(), led),
    ]
    if access is not None:
        admins = [*access.admins, *(one.id for one in access.people if one.role == "admin")]
        scopes += [(BotCommandScopeChat(chat), commands) for chat in _chats(admins) if chat > 0]
        for chat in _chats(one.id for one in access.chats if one.role == "viewer"):
            scopes.append((BotCommandScopeChat(chat), _viewers(grouped)))
            if chat < 0:
                scopes.append((BotCommandScopeChatAdministrators(chat), _viewers(led)))
    return tuple(
        Menu(scope, language.code if language else "", _entries(listed, language))
        for scope, listed in scopes
        for language in (None, *languages)
    )


def _viewers(commands: Iterable[MenuCommand]) -> list[MenuCommand]:
    return [one for one in commands if one.role is Role.VIEWER]


def _chats(ids: Iterable[str]) -> list[int]:
    numbers = [int(match[1]) for own in ids if (match := _CHAT.fullmatch(own))]
    return list(dict.fromkeys(numbers))[:MOST_CHATS]


def _entries(commands: Iterable[MenuCommand], language: Language | None) -> tuple[tuple[str, str], ...]:
    """Return names with what they do, in English where that is not translated; no menu takes other names."""
    entries = []
    for one in commands:
        summary = language.summaries.get(one.name, one.summary) if language else one.summary
        if _NAME.fullmatch(one.name) and (line := " ".join(summary.split())[:SUMMARY_SIGNS]):
            entries.append((one.name, line))
    return tuple(entries[:MOST_COMMANDS])


async def publish(
    bot: Bot, planned: Sequence[Menu], languages: Iterable[Language], told: Callable[[Exception], str]
) -> None:
    """Set every menu and text that is not set like that already, one call after the other.

    What Telegram does not take is one line in the log, for the commands work without a menu; what could not
    be asked for stays as it is until the next start. `told` says of an error what may be logged.
    """
    try:
        for menu in planned:
            await _set(bot, menu, told)
        texts = [("", DESCRIPTION, SHORT_DESCRIPTION)]
        texts += [(one.code, one.description, one.short_description) for one in languages]
        for language, description, short in texts:
            await _describe(bot, language, description.strip(), short.strip())
    except Exception as error:  # noqa: BLE001 - the boundary: whatever the way to Telegram brings up
        _log.warning("Telegram did not take the menu of commands: %s.", told(error))


async def _set(bot: Bot, menu: Menu, told: Callable[[Exception], str]) -> None:
    if not menu.entries:
        return
    language = menu.language or None
    try:
        current = await bot.get_my_commands(scope=menu.scope, language_code=language)
        if [(one.command, one.description) for one in current] != list(menu.entries):
            await bot.set_my_commands(menu.entries, scope=menu.scope, language_code=language)
    except (BadRequest, Forbidden) as error:
        if isinstance(menu.scope, BotCommandScopeChat | BotCommandScopeChatAdministrators):
            # An admin who has never written to this bot or has blocked it, or a group that it is not in.
            _log.debug("There is no menu for the chat %s: %s", menu.scope.chat_id, told(error))
            return
        _log.warning("Telegram did not take the menu of commands: %s.", told(error))


async def _describe(bot: Bot, language: str, description: str, short: str) -> None:
    code = language or None
    if (await bot.get_my_description(language_code=code)).description != description:
        await bot.set_my_description(description, language_code=code)
    if (await bot.get_my_short_description(language_code=code)).short_description != short:
        await bot.set_my_short_description(short, language_code=code)
