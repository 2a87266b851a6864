"""One short function a command. The desk calls them with arguments that are already read and allowed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.cards import Card
from bot.handlers import about, books, subscriptions
from bot.handlers.call import Call
from bot.handlers.run import run
from bot.handlers.season import season
from bot.handlers.settings import settings
from bot.handlers.vote import vote
from bot.handlers.why import why

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
    "whoami": about.whoami,
    "help": about.help_,
    "start": about.start,
}
