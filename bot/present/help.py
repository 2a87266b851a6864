"""What Conclave is and how each command is written."""

from collections.abc import Sequence

from bot.cards import Button, HelpCard
from bot.command_buttons import encode
from bot.commands import GROUPS
from bot.present import words
from bot.registry.command import Command


def help_card(commands: Sequence[Command]) -> HelpCard:
    """Return all commands that a person may send, one line each, under the titles of their groups."""
    listed = [(title, [one for one in commands if one in group]) for title, group in GROUPS]
    return HelpCard(
        title="Commands",
        intro="Ask the committee, open its reasoning, follow its portfolios.",
        commands=tuple((one.usage, one.summary) for _, group in listed for one in group),
        groups=tuple((title, len(group)) for title, group in listed if group),
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


def start_card(*, may_run: bool = True) -> HelpCard:
    """Return the one screen that says what this is; `may_run` offers to ask the committee."""
    first = ("Ask the committee", "run") if may_run else ("Open reasoning", "why")
    examples = (first, ("See the leaderboard", "leaderboard"), ("All commands", "help"))
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
        buttons=tuple(Button(label=label, data=encode(command, beside=True)) for label, command in examples),
    )
