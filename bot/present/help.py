"""What Conclave is and how each command is written."""

from collections.abc import Sequence
from typing import Protocol

from bot.cards import HelpCard, Notice
from bot.present import words


class _Described(Protocol):
    """What help needs of a command."""

    @property
    def name(self) -> str: ...
    @property
    def usage(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


def help_card(commands: Sequence[_Described]) -> HelpCard:
    """Return all commands that a person may send, one line each."""
    return HelpCard(
        title="Commands",
        intro="Ask the committee, open its reasoning, follow its portfolios.",
        commands=tuple((command.usage, command.summary) for command in commands),
        footer=f"/help run explains one command. {words.PAPER}",
    )


def command_card(command: _Described) -> HelpCard:
    """Return one command in detail."""
    also = ", ".join(f"/{alias}" for alias in command.aliases)
    return HelpCard(
        title=f"/{command.name}",
        intro=command.detail,
        commands=((command.usage, command.summary),),
        footer=f"Also {also}." if also else words.PAPER,
    )


def start_card() -> HelpCard:
    """Return the one screen that says what this is."""
    return HelpCard(
        title="Conclave",
        intro="Many language models sit as one investment committee. Name a ticker: each model gets the same "
        "evidence, argues for and against, and casts a ballot. The ballots become a verdict, every model "
        "trades its own paper portfolio, and you can open all of their reasoning.",
        commands=(
            ("/run NVDA", "ask the committee"),
            ("/why NVDA", "open each model's reasoning"),
            ("/leaderboard", "see which model does best"),
        ),
        footer=f"No real money moves here. {words.PAPER}",
    )


def whoami_notice(person: str, chat: str, role: str, name: str) -> Notice:
    """Tell a person its ids and role, as `[access]` names them."""
    return Notice(text=f"You are {name or person} ({person}), {role} in this chat ({chat}).")


def stranger_notice(person: str, chat: str) -> Notice:
    """Tell a stranger, once, what an admin needs to let them in."""
    where = "" if chat == person else f" in chat {chat}"
    return Notice(
        text=f"This committee is private. To be let in, give its admin your ids: you are {person}{where}.",
        tone="warning",
    )


def not_allowed_notice(role: str, needed: str, command: str) -> Notice:
    """Tell a person that a command needs a greater role."""
    return Notice(
        text=f"/{command} needs the role {needed}; you are {role} here. Ask an admin of this committee.",
        tone="warning",
    )
