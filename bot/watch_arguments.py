"""What may stand behind `/watch`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.arguments import Asked, nearest, shown
from bot.missing import ticker_to_watch
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker

MOST_AT_ONCE = 50
_WORDS: dict[str, Literal["list", "add", "remove", "clear"]] = {
    "list": "list",
    "show": "list",
    "add": "add",
    "remove": "remove",
    "rm": "remove",
    "delete": "remove",
    "drop": "remove",
    "clear": "clear",
}


@dataclass(frozen=True)
class WatchArguments(Asked):
    """Whether to show the watchlist of a chat or to change it, and by which tickers."""

    what: Literal["list", "add", "remove", "clear"] = "list"
    tickers: tuple[str, ...] = ()


def watch(words: Sequence[str]) -> WatchArguments:
    """Read what to do with the watchlist, then the tickers; `remove all` clears it.

    Raises:
        Missing: no ticker where one is needed.
        Refused: another word, or a ticker that is none.
    """
    if not words:
        return WatchArguments()
    word, rest = words[0].lower(), [piece for text in words[1:] for piece in text.split(",") if piece]
    what = _WORDS.get(word)
    if what is None:
        raise Refused(_unknown(words[0]))
    if what in {"list", "clear"}:
        if rest:
            raise Refused(f"/watch {word} takes nothing more. Write /watch add NVDA or /watch remove NVDA.")
        return WatchArguments(what)
    if what == "remove" and [text.lower() for text in rest] == ["all"]:
        return WatchArguments("clear")
    if not rest:
        raise ticker_to_watch(what)
    tickers = tuple(dict.fromkeys(parse_ticker(text) for text in rest))
    if len(tickers) > MOST_AT_ONCE:
        raise Refused(f"That is {len(tickers)} tickers; /watch {what} takes up to {MOST_AT_ONCE} at once.")
    return WatchArguments(what, tickers)


def _unknown(word: str) -> str:
    if near := nearest(word.lower(), _WORDS):
        return f"“{shown(word)}” is nothing to do with a watchlist. Did you mean /watch {_WORDS[near]}?"
    try:
        ticker = parse_ticker(word)
    except Refused:
        said = f"“{shown(word)}” is nothing to do with a watchlist."
        return f"{said} Write /watch add NVDA, /watch remove NVDA or /watch list."
    return f"To watch {ticker}, write /watch add {ticker}; to stop, /watch remove {ticker}."
