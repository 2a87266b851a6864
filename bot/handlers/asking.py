"""Commands from buttons, and the question for a word that a command lacks."""

from collections.abc import Sequence

from bot.cards import Card, Notice
from bot.command_buttons import command_of
from bot.handlers.call import PressCall
from bot.missing import Lacks, Missing
from bot.present.asking import ask_notice, cancelled_card, no_open_run_notice
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
    """Ask for what a command lacks; what it names already is no choice."""
    found = await _choices(app, missing.lacks, address)
    if missing.lacks is Lacks.OPEN_RUN and not found:
        return no_open_run_notice()
    if missing.lacks is Lacks.MEMBER:
        named = set(missing.command.lower().split()[1:])
        found = [choice for choice in found if not named & {word.lower() for word in choice}]
    return ask_notice(missing, found[:MOST_CHOICES])


async def _choices(app: App, lacks: Lacks, address: Address) -> Sequence[tuple[str, str]]:
    match lacks:
        case Lacks.TICKER | Lacks.RUN_TICKER | Lacks.WATCHED | Lacks.UNWATCHED:
            return [(ticker, ticker) for ticker in await _tickers(app, lacks, address)]
        case Lacks.OPEN_RUN:
            return [(ticker, ticker) for ticker in await app.running_tickers()]
        case Lacks.MEMBER:
            return [(member.name, f"#{member.number}") for member in await app.members() if member.enabled]
        case Lacks.ACTION:
            return [(action.value, action.value.lower()) for action in (Action.BUY, Action.HOLD, Action.SELL)]


async def _tickers(app: App, lacks: Lacks, address: Address) -> Sequence[str]:
    """Return the tickers to offer in a chat: of the watchlist, of those that were run last, or of both."""
    watchlist, recent = await app.subscriptions.tickers(address.chat_id)
    if lacks is Lacks.RUN_TICKER:
        return recent
    if lacks is Lacks.WATCHED:
        return watchlist
    if lacks is Lacks.UNWATCHED:
        return [ticker for ticker in recent if ticker not in watchlist]
    return tuple(dict.fromkeys([*watchlist[: MOST_CHOICES - len(recent[:4])], *recent]))
