"""Commands from buttons, and the question for a word that a command lacks."""

from collections.abc import Sequence

from bot.cards import Card, Notice
from bot.command_buttons import command_of
from bot.handlers.call import PressCall
from bot.missing import Lacks, Missing
from bot.present.asking import ask_notice, cancelled_card
from bot.request import Address
from core.app.app import App
from core.domain.ballot import Action

MOST_CHOICES = 11
"""Choices of one question: three rows of four, Cancel among them."""


async def command_pressed(call: PressCall) -> Card | None:
    """Carry out the command that a button sends, on the way of a typed one; or take the card away.

    Raises:
        Refused: the data are none of ours, or the command refuses.
    """
    command = command_of(call.press.data)
    return cancelled_card() if command is None else await call.obey(command)


async def ask(app: App, missing: Missing, address: Address) -> Notice:
    """Ask for what a command lacks."""
    return ask_notice(missing, (await _choices(app, missing.lacks, address))[:MOST_CHOICES])


async def _choices(app: App, lacks: Lacks, address: Address) -> Sequence[tuple[str, str]]:
    match lacks:
        case Lacks.TICKER | Lacks.RUN_TICKER:
            return [(ticker, ticker) for ticker in await _tickers(app, lacks, address)]
        case Lacks.OPEN_RUN:
            return [(ticker, ticker) for ticker in await app.running_tickers()]
        case Lacks.MEMBER:
            return [(member.name, f"#{member.number}") for member in await app.members() if member.enabled]
        case Lacks.ACTION:
            return [(action.value, action.value.lower()) for action in (Action.BUY, Action.HOLD, Action.SELL)]


async def _tickers(app: App, lacks: Lacks, address: Address) -> Sequence[str]:
    """Return the tickers to offer in a chat: those of the watchlist, and those that were run last."""
    del address  # every chat has the arena's watchlist
    watchlist, recent = await app.subscriptions.tickers()
    if lacks is Lacks.RUN_TICKER:
        return recent
    return tuple(dict.fromkeys([*watchlist[: MOST_CHOICES - len(recent[:4])], *recent]))
