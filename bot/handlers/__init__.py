"""One short function a command, and one a kind of button. The desk calls them, and has looked at the role."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.cards import Card
from bot.handlers import about, books, members, subscriptions
from bot.handlers.call import Call, PressCall
from bot.handlers.claim import claim
from bot.handlers.confirming import confirmed
from bot.handlers.dialogue import dialogue_pressed
from bot.handlers.run import run
from bot.handlers.season import season
from bot.handlers.settings import settings
from bot.handlers.vote import vote, vote_pressed
from bot.handlers.why import pressed, why

# Each handler takes the arguments that its own command reads, so their type differs from entry to entry.
Handler = Callable[[Call, Any], Awaitable[Card | None]]

HANDLERS: Mapping[str, Handler] = {
    "run": run,
    "why": why,
    "vote": vote,
    "leaderboard": books.leaderboard,
    "portfolio": books.portfolio,
    "models": about.models,
    "subscribe": subscriptions.subscribe,
    "subscriptions": subscriptions.subscriptions,
    "unsubscribe": subscriptions.unsubscribe,
    "settings": settings,
    "digest": books.digest,
    "health": about.health,
    "season": season,
    "remove": members.remove,
    "restore": members.restore,
    "reset": members.reset,
    "whoami": about.whoami,
    "help": about.help_,
    "start": about.start,
    "claim": claim,
}

PressHandler = Callable[[PressCall], Awaitable[Card | None]]

PRESSED: Mapping[str, PressHandler] = {
    "w": pressed,
    "p": pressed,
    "r": pressed,
    "v": vote_pressed,
    "s": dialogue_pressed,
    "c": confirmed,
}
"""By the word with which a button's data begin (`bot.presses`). Whoever presses has a role in the chat, and
may have written the data by hand: whether the role is enough for what is asked, the handler says."""
