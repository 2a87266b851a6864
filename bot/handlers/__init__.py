"""One short function a command, and one a kind of button. The desk calls them, and has looked at the role."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.cards import Card
from bot.handlers import about, books, lookback, members, subscriptions
from bot.handlers.ask import answer_pressed, ask
from bot.handlers.asking import command_pressed
from bot.handlers.call import Call, PressCall
from bot.handlers.claim import claim
from bot.handlers.confirming import confirmed
from bot.handlers.costs import costs, costs_pressed
from bot.handlers.dialogue import dialogue_pressed
from bot.handlers.evidence import evidence_pressed
from bot.handlers.home import home_pressed
from bot.handlers.people import audit, audit_pressed, people, people_pressed
from bot.handlers.pictures import picture_pressed
from bot.handlers.run import run
from bot.handlers.season import season
from bot.handlers.settings import settings
from bot.handlers.start import start
from bot.handlers.stop import stop, stop_pressed
from bot.handlers.vote import vote, vote_pressed
from bot.handlers.watch import watch, watch_pressed
from bot.handlers.why import pressed, why

# Each handler takes the arguments that its own command reads, so their type differs from entry to entry.
Handler = Callable[[Call, Any], Awaitable[Card | None]]

HANDLERS: Mapping[str, Handler] = {
    "run": run,
    "ask": ask,
    "why": why,
    "vote": vote,
    "stop": stop,
    "leaderboard": books.leaderboard,
    "portfolio": books.portfolio,
    "history": lookback.history,
    "compare": lookback.compare,
    "export": lookback.export,
    "models": about.models,
    "subscribe": subscriptions.subscribe,
    "subscriptions": subscriptions.subscriptions,
    "unsubscribe": subscriptions.unsubscribe,
    "settings": settings,
    "watch": watch,
    "people": people,
    "audit": audit,
    "digest": books.digest,
    "costs": costs,
    "health": about.health,
    "season": season,
    "remove": members.remove,
    "restore": members.restore,
    "reset": members.reset,
    "whoami": about.whoami,
    "help": about.help_,
    "start": start,
    "claim": claim,
}

LIVE = frozenset({"run", "ask"})
"""Handlers that ask models: they may take minutes, and what they do costs something."""

PressHandler = Callable[[PressCall], Awaitable[Card | None]]

PRESSED: Mapping[str, PressHandler] = {
    "w": pressed,
    "p": pressed,
    "r": pressed,
    "v": vote_pressed,
    "s": dialogue_pressed,
    "t": watch_pressed,
    "h": lookback.lookback_pressed,
    "k": lookback.lookback_pressed,
    "o": lookback.lookback_pressed,
    "e": lookback.lookback_pressed,
    "f": picture_pressed,
    "c": confirmed,
    "a": home_pressed,
    "i": evidence_pressed,
    "it": evidence_pressed,
    "g": people_pressed,
    "au": audit_pressed,
    "m": command_pressed,
    "mn": command_pressed,
    "x": stop_pressed,
    "q": answer_pressed,
    "qp": answer_pressed,
    "y": costs_pressed,
}
"""By the word with which a button's data begin (`bot.presses`). Whoever presses has a role in the chat, and
may have written the data by hand: whether the role is enough for what is asked, the handler says."""
