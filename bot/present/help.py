"""What Conclave is and how each command is written."""

from collections.abc import Sequence

from bot.cards import HelpCard
from bot.present import words
from bot.registry.command import Command


def help_card(commands: Sequence[Command]) -> HelpCard:
    """Return all commands that a person may send, one line each."""
    return HelpCard(
        title="Commands",
        intro="Ask the committee, open its reasoning, follow its portfolios.",
        commands=tuple((command.usage, command.summary) for command in commands),
        footer=f"/help run explains one command. {words.PAPER}",
    )


def command_card(command: Command) -> HelpCard:
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
