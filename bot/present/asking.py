"""Asking by buttons for the word that a command lacks."""

from collections.abc import Iterable

from bot.cards import Button, DialogueCard, Notice
from bot.command_buttons import CANCEL, encode, fits
from bot.missing import Missing


def ask_notice(missing: Missing, choices: Iterable[tuple[str, str]]) -> Notice:
    """Return the sentence of `missing` over a button for each choice, given as (shown, to be typed).

    Choices that a button cannot carry are left out; without any, there is nothing to cancel either.
    """
    offered = [(label, missing.command.replace("{}", word)) for label, word in choices]
    buttons = [Button(label=label, data=encode(command)) for label, command in offered if fits(command)]
    return Notice(text=str(missing), tone="warning", buttons=(*buttons, CANCEL) if buttons else ())


def cancelled_card() -> DialogueCard:
    """Say that nothing was done."""
    return DialogueCard(title="Cancelled", footer="Nothing was done. /help lists the commands.")


def begun_card(command: str) -> DialogueCard:
    """Say that a command was sent whose answer is a message of its own."""
    return DialogueCard(title=f"/{command}", footer="The answer comes in a message of its own.")


def answered_notice() -> Notice:
    """Say that a question had its answer before this press."""
    return Notice(text="This question is answered already. Send the command again to ask for more.")


def no_open_run_notice() -> Notice:
    """Say that there is nothing to vote on."""
    return Notice(
        text="No run goes on, and votes count only while one does. Start one: /run NVDA", tone="warning"
    )
