"""The use cases of watchlists: what a chat watches, in place of what the whole arena does.

A subscription to verdicts about the watchlist means the chat's own where it has one, so whoever changes it
changes what is run, and when: the next times are planned anew in the same transaction. A time that has come
due already keeps its tickers.
"""

from collections.abc import Sequence

from core.app.subscriptions import Subscriptions
from core.clock import Clock
from core.config import Settings
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker
from core.domain.values import Frozen
from core.market.calendar import MarketCalendar
from core.store.store import Store

MOST_WATCHED = 50


class Watchlist(Frozen):
    """What a chat watches. Where it has no list of its own, `tickers` are the arena's.

    `added` and `removed` are what was changed just now.
    """

    tickers: tuple[str, ...]
    own: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Watchlists:
    """The watchlists of all chats. A chat is named as in `[access]`, such as `telegram:-100123`."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        calendar: MarketCalendar,
        clock: Clock,
        subscriptions: Subscriptions,
    ) -> None:
        self._store = store
        self._settings = settings
        self._calendar = calendar
        self._clock = clock
        self._subscriptions = subscriptions

    async def of(self, chat_id: str) -> Watchlist:
        """Return what a chat watches."""
        own = await self._store.watched.of_chat(chat_id)
        return Watchlist(tickers=own or self._settings.arena.watchlist, own=bool(own))

    async def add(self, chat_id: str, tickers: Sequence[str], *, person: str) -> Watchlist:
        """Let a chat watch these tickers too. Its first ones are in place of the arena's list.

        Raises:
            BadTicker: one of them is none.
            Refused: there would be more than `MOST_WATCHED`.
        """
        return await self._change(chat_id, [parse_ticker(ticker) for ticker in tickers], [], person)

    async def remove(self, chat_id: str, tickers: Sequence[str], *, person: str) -> Watchlist:
        """Let a chat watch these tickers no more. With the last one the arena's list is meant again.

        Raises:
            BadTicker: one of them is none.
            Refused: none of them is on the chat's own list.
        """
        gone = [parse_ticker(ticker) for ticker in tickers]
        own = await self._store.watched.of_chat(chat_id)
        if not set(gone) & set(own):
            named = ", ".join(dict.fromkeys(gone))
            listed = f"It has {', '.join(own)}." if own else "/watch add NVDA begins a list of its own."
            raise Refused(f"This chat's watchlist has no {named}. {listed}")
        return await self._change(chat_id, [], gone, person)

    async def clear(self, chat_id: str, *, person: str) -> Watchlist:
        """Let a chat have no list of its own any more, so that the arena's is meant again."""
        return await self._change(chat_id, [], await self._store.watched.of_chat(chat_id), person)

    async def _change(
        self, chat_id: str, add: Sequence[str], remove: Sequence[str], person: str
    ) -> Watchlist:
        own = await self._store.watched.of_chat(chat_id)
        await self._calendar.load({*own, *add, *self._settings.arena.watchlist})
        before, after = await self._store.watched.change(
            chat_id,
            add=add,
            remove=remove,
            by=person,
            at=self._clock.now(),
            limit=MOST_WATCHED,
            planning=self._subscriptions.planning,
        )
        return Watchlist(
            tickers=after or self._settings.arena.watchlist,
            own=bool(after),
            added=tuple(ticker for ticker in after if ticker not in before),
            removed=tuple(ticker for ticker in before if ticker not in after),
        )
