"""The question that is asked before something is done that cannot be undone."""

from dataclasses import replace

from bot.cards import Button, DialogueCard
from bot.confirming import Confirmation, encode, fits
from bot.presses import is_dangerous

NOTHING_DONE = DialogueCard(title="Nothing was changed", text="The question is off the table.")


def question_card(
    title: str, text: str, yes: Confirmation, *, label: str, name: str, words: str = ""
) -> DialogueCard:
    """Ask `name` to confirm, within a minute, what `title` and `text` say; `label` is what a yes does.

    `words` is the command that does it without a button. Where the deed is too long for a button, only these
    are left.
    """
    if not fits(yes):
        return DialogueCard(title=title, text=f"{text} To do it, send:".strip(), examples=(words,))
    again = f" Or send {words}." if words else ""
    return DialogueCard(
        title=title,
        text=text,
        footer=f"Only {name or 'who asked'} can confirm it, within a minute.{again}",
        buttons=(
            Button(label=f"Yes, {label}", data=encode(yes)),
            Button(label="No", data=encode(replace(yes, yes=False))),
        ),
    )


def is_question(card: object) -> bool:
    """Say whether a card asks before it does anything."""
    return isinstance(card, DialogueCard) and any(is_dangerous(one.data) for one in card.buttons)
