"""When the next message may leave the bot at all: one pacer a bot, behind the pacers of its chats.

Telegram takes about 30 messages and edits a second from a bot, whichever chats they go to. Answers to people
and ends go first, then alerts, then what is posted by schedule, then edits of what goes on; within a rank it
goes by the order of asking. Whoever has waited long goes before all who came later, so that none waits for
ever. Only who may call its chat at once stands in line here: a flooded chat holds up no other.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from heapq import heappop, heappush
from math import inf
from types import TracebackType
from typing import Self

from core.clock import Clock

WINDOW_S = 1.01
"""In so long no more calls may arrive than the platform takes in a second."""
SURE_AFTER = 100
"""After so many calls the quickest of them says how long the way to the platform and back takes at least."""
LONGEST_CALL_S = 10.0
"""A call that takes longer holds its place in the window no longer than this."""
LONG_WAIT_S = 10.0
"""Whoever has waited so long goes before all who came later, whatever their rank."""
LOOK_AGAIN_S = 0.25
"""How often it is looked again whether a call has ended, or who waits has run out of time."""
HAIR_S = 1e-6
"""What rounding may leave of a wait; a clock that has come a long way cannot even count it."""
FLOODS_TOGETHER_S = 1.0
MANY_FLOODS = 3
"""So many chats that are flooded together mean that the whole bot is."""
SLOW_FOR_S = 60.0
SLOWER = 2.0
"""After a flood of the whole bot the window is so many times as long for a minute."""


class Rank(IntEnum):
    """Who goes first."""

    ANSWER = 0
    """An answer to a person, or the end of a run."""
    ALERT = 1
    POST = 2
    """What is posted by schedule."""
    LIVE = 3
    """An edit that the next one makes worthless."""


class Turn:
    """A turn that was taken. Use it as a context around the call, or say `over` when the call has ended."""

    def __init__(self, over: Callable[["Turn", float], None] | None = None) -> None:
        self._over = over

    def over(self, within_s: float = 0.0) -> None:
        """Say that the call has ended, in whatever way, or will soon; saying it again changes nothing."""
        told, self._over = self._over, None
        if told is not None:
            told(self, within_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A call that was given up may arrive later still: it counts as one that takes long.
        if not isinstance(error, asyncio.CancelledError | TimeoutError):
            self.over()


class _Ticket:
    """Somebody in line: `take` takes the turn of its chat, or says False where the chat is not free now."""

    def __init__(self, take: Callable[[], bool], came: float, until: float) -> None:
        self.take = take
        self.came = came
        self.until = until
        self.turn: asyncio.Future[Turn | None] = asyncio.get_running_loop().create_future()


class BotPacer:
    """The turns of one bot: never more than `per_second` calls reach the platform in any second.

    Nobody knows when a call arrives, only that it does so while it is under way. So its place in the window
    is free a window after it has *ended*, less what the quickest call so far took on its way.
    """

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock = clock
        self._most = max(int(per_second), 1)
        self._lines: dict[Rank, deque[_Ticket]] = {rank: deque() for rank in Rank}
        self._under_way: dict[Turn, float] = {}
        self._free_at: list[float] = []
        self._quickest = inf
        self._seen = 0
        self._evenly_from = -inf
        self._closed_until = -inf
        self._slow_until = -inf
        self._floods: list[tuple[float, str, float]] = []
        self._serving: asyncio.Task[None] | None = None

    async def turn(self, rank: Rank, take: Callable[[], bool], within_s: float = inf) -> Turn | None:
        """Wait in line, and take the turn of the chat with `take` the moment that the bot's comes.

        Returns None, without a turn, where the chat was not free at that moment or the time was over.
        """
        if not any(self._lines.values()) and self._wait_s(rank) <= HAIR_S:
            return self._began(rank) if take() else None
        now = self._clock.monotonic()
        ticket, line = _Ticket(take, now, now + within_s), self._lines[rank]
        line.append(ticket)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        try:
            return await ticket.turn
        except asyncio.CancelledError:
            if ticket in line:
                line.remove(ticket)
            elif not ticket.turn.cancelled() and (turn := ticket.turn.result()):
                turn.over()
            if not any(self._lines.values()):
                self._serving.cancel()
            raise

    def spare(self) -> Turn | None:
        """Return a turn if nobody waits and most of the window is free, or else None; never waits."""
        busy = len(self._under_way) + len(self._free_at) > self._most / 4
        if any(self._lines.values()) or busy or self._wait_s(Rank.LIVE) > HAIR_S:
            return None
        return self._began(Rank.LIVE)

    def flooded(self, chat: str | None, seconds: float) -> None:
        """Hear that the platform wants to be left alone for so long, in one chat or, with None, altogether.

        Several chats at once mean the same as None: it is the bot that is too fast.
        """
        now = self._clock.monotonic()
        recent = [one for one in self._floods if now - one[0] <= FLOODS_TOGETHER_S and one[1] != chat]
        self._floods = [*recent, (now, chat or "", seconds)]
        if chat is None or len(self._floods) >= MANY_FLOODS:
            until = now + min(wait for *_, wait in self._floods)
            self._closed_until = max(self._closed_until, until)
            self._slow_until = self._closed_until + SLOW_FOR_S
            self._floods = []

    @property
    def idle(self) -> bool:
        """Whether nobody is in line."""
        return not any(self._lines.values())

    async def _serve(self) -> None:
        """Give turns to those in line until nobody is left."""
        while (found := self._next()) is not None:
            line, rank = found
            ticket = line[0]
            if (wait := self._wait_s(rank)) > HAIR_S:
                await self._clock.sleep(min(wait, LOOK_AGAIN_S))
                continue
            line.popleft()
            if not ticket.turn.done():
                ticket.turn.set_result(self._began(rank) if ticket.take() else None)

    def _next(self) -> tuple[deque[_Ticket], Rank] | None:
        """Return the line whose first is next, and its rank; those whose time is over leave."""
        now = self._clock.monotonic()
        for line in self._lines.values():
            for ticket in [one for one in line if one.until < now]:
                line.remove(ticket)
                if not ticket.turn.done():
                    ticket.turn.set_result(None)
        heads = [(line[0].came, rank) for rank, line in self._lines.items() if line]
        if not heads:
            return None
        oldest, whose = min(heads)
        rank = whose if now - oldest >= LONG_WAIT_S else min(rank for _, rank in heads)
        return self._lines[rank], rank

    def _wait_s(self, rank: Rank) -> float:
        """Return the seconds until a call of this rank may begin, as far as that is known."""
        now = self._clock.monotonic()
        window = self._window_s(now)
        while self._under_way:
            turn, began = next(iter(self._under_way.items()))
            if now - began < LONGEST_CALL_S:
                break
            del self._under_way[turn]
            heappush(self._free_at, began + LONGEST_CALL_S + window)
        while self._free_at and self._free_at[0] <= now + HAIR_S:
            heappop(self._free_at)
        wait = self._closed_until - now
        if rank >= Rank.POST:
            # Spread evenly, so that an answer in between never waits for a whole window.
            wait = max(wait, self._evenly_from - now)
        if len(self._under_way) + len(self._free_at) >= self._most:
            wait = max(wait, self._free_at[0] - now if self._free_at else LOOK_AGAIN_S)
        return max(wait, 0.0)

    def _began(self, rank: Rank) -> Turn:
        turn, now = Turn(self._ended), self._clock.monotonic()
        apart = self._window_s(now) / self._most
        if rank >= Rank.POST:
            # Whoever was woken a little late does not make all who come after that late as well.
            self._evenly_from = max(self._evenly_from, now - apart) + apart
        else:
            self._evenly_from = max(self._evenly_from, now + apart)
        self._under_way[turn] = now
        return turn

    def _window_s(self, now: float) -> float:
        return WINDOW_S * (SLOWER if now < self._slow_until else 1.0)

    def _ended(self, turn: Turn, within_s: float) -> None:
        began = self._under_way.pop(turn, None)
        if began is None:
            return
        now = self._clock.monotonic() + within_s
        self._quickest = min(self._quickest, now - began)
        self._seen += 1
        on_its_way = min(self._quickest, WINDOW_S / 2) if self._seen > SURE_AFTER else 0.0
        heappush(self._free_at, now + self._window_s(now) - on_its_way)
