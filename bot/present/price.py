"""What a run will cost, in words, and the question whether it is worth that."""

from collections.abc import Sequence

from bot.cards import Button, Notice
from bot.command_buttons import CANCEL, encode, fits
from bot.present import numbers
from core.app.pricework import RunPrice


def price_told(price: RunPrice) -> str:
    """Say it in a few words: `5 models, 60 calls, about $0.41`."""
    cost = "at a cost that nobody knows yet" if price.usd is None else f"about {numbers.cost(price.usd)}"
    models, calls = numbers.counted(price.models, "model"), numbers.counted(price.calls, "call")
    return f"{models}, {calls}, {cost}"


def price_question(price: RunPrice) -> str:
    """Ask in a line: `5 models, 60 calls, about $0.41: go?`."""
    return f"{price_told(price)}: go?"


def price_notice(price: RunPrice, words: Sequence[str]) -> Notice:
    """Return the question over two buttons; `words` are the command that says yes."""
    command = " ".join(words)
    if not fits(command):
        return Notice(text=f"{price_question(price)} Then send /{command}", tone="warning")
    go = Button(label="Go", data=encode(command))
    return Notice(text=price_question(price), tone="warning", buttons=(go, CANCEL))
