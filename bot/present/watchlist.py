"""What a chat watches, as a card."""

from bot.cards import Button, DialogueCard
from bot.present.numbers import counted
from bot.present.prose import listed
from bot.watch_buttons import Unwatch, encode
from core.app.watchlists import MOST_WATCHED, Watchlist

_MEANING = (
    "Subscriptions to verdicts on the watchlist are about it, and whoever subscribes or runs is offered it."
)


def watchlist_card(found: Watchlist, *, chat: str) -> DialogueCard:
    """Return a watchlist with what was just changed, and buttons that remove, by the mark of the `chat`."""
    buttons = [Button(label=f"✕ {ticker}", data=encode(Unwatch(chat, ticker))) for ticker in found.tickers]
    return DialogueCard(
        title=f"Watchlist: {counted(len(found.tickers), 'ticker')}" if found.tickers else "No watchlist yet",
        text=_text(found),
        facts=((("Own" if found.own else "The arena's"), ", ".join(found.tickers)),) if found.tickers else (),
        examples=("/watch add NVDA AAPL", *(("/watch remove NVDA",) if found.own else ())),
        footer=f"Up to {MOST_WATCHED} tickers. {_MEANING}" if found.own or not found.tickers else _MEANING,
        buttons=tuple(buttons) if found.own else (),
    )


def _text(found: Watchlist) -> str:
    told = []
    if found.added:
        told.append(f"Added {listed(found.added)}.")
    if found.removed:
        told.append(f"Removed {listed(found.removed)}.")
    if not found.own and found.tickers:
        told.append("This chat has no watchlist of its own, so it is that of the arena.")
    return " ".join(told)
