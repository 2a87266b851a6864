"""When the next message or edit may go to a chat: one pacer a chat, shared by all that is shown there.

Telegram counts every message and edit in a group together, whichever run or answer they belong to, so
several runs in one chat take turns. What goes on waits for the chat's pace and leaves a part of the chat's
minute untouched; answers and ends of runs take that part, and go before any edit of what goes on. Who may
call its chat then waits for a turn of the whole bot, see `bot.bot_pacer`.
"""

from math import inf

from bot.bot_pacer import HAIR_S, BotPacer, Rank, Turn
from bot.door import Door
from bot.request import Address
from core.clock import Clock

SPACING_S = 1.0
"""Between two calls of any kind in one chat, where its pace is not even shorter."""
KEPT_FOR_ENDS = 3.0
"""Calls that edits of what goes on leave to answers and ends."""
SHOWN_WITHIN_S = 1.0
"""How long a door takes to show what a button opens."""
FORGET_AFTER_S = 120.0
MANY_CHATS = 500


class Pacer:
    """The turns of one chat.

    `pace_s` lies at least between an edit of what goes on and whatever went before it. `per_minute` is the
    most that may go in any 60 seconds: a third of it at once, and the rest spread over the minute. `bot` is
    the pacer of the whole bot, where its platform needs one, and `chat` what it knows this chat by.
    """

    def __init__(
        self,
        clock: Clock,
        pace_s: float,
        per_minute: int | None = None,
        *,
        bot: BotPacer | None = None,
        chat: str = "",
    ) -> None:
        self._clock = clock
        self._bot = bot
        self._chat = chat
        self._pace_s = pace_s
        self._spacing_s = min(pace_s, SPACING_S)
        self._burst = per_minute / 3 if per_minute else inf
        self._per_second = (per_minute - self._burst) / 60 if per_minute else inf
        self._kept = min(KEPT_FOR_ENDS, self._burst / 2)
        self._left = self._burst
        self._counted_at = clock.monotonic()
        self._last = -inf
        self._closed_until = -inf
        self._live_from = -inf
        self._lines: dict[Rank, list[object]] = {rank: [] for rank in Rank}

    async def turn(self, rank: Rank = Rank.ANSWER, *, within_s: float = inf) -> Turn | None:
        """Wait for a turn and take it, by rank and then in the order of asking.

        Whoever has it calls the platform at once, within the turn as a context. Returns None, without a turn,
        as soon as it is known to come only in more than `within_s` seconds.
        """
        ticket, line = object(), self._lines[rank]
        until = self._clock.monotonic() + within_s
        line.append(ticket)
        try:
            while True:
                if (wait := self._wait_s(ticket, rank)) > HAIR_S:
                    if self._clock.monotonic() + wait > until:
                        return None
                    # Who is ahead may leave the line, so that the turn comes earlier.
                    first = self._ahead(ticket, rank) == 0
                    await self._clock.sleep(wait if first else min(wait, self._pace_s))
                elif self._bot is None:
                    self._take()
                    return Turn()
                elif turn := await self._of_bot(self._bot, ticket, rank, until):
                    return turn
                elif self._clock.monotonic() > until:
                    return None
        finally:
            line.remove(ticket)

    async def _of_bot(self, bot: BotPacer, ticket: object, rank: Rank, until: float) -> Turn | None:
        """Wait for the bot's turn; None where the chat was no longer free when it came."""

        def take() -> bool:
            if self._wait_s(ticket, rank, alone=True) > HAIR_S:
                return False
            self._take()
            return True

        return await bot.turn(rank, take, until - self._clock.monotonic())

    def _take(self) -> None:
        self._last = self._clock.monotonic()
        self._left = self._tokens(self._last) - 1.0

    def _ahead(self, ticket: object, rank: Rank) -> int:
        """Return how many go before a ticket."""
        return self._lines[rank].index(ticket) + sum(
            len(self._lines[other]) for other in Rank if other < rank
        )

    def _wait_s(self, ticket: object, rank: Rank, *, alone: bool = False) -> float:
        """Seconds until the turn of a ticket, as things stand; `alone` leaves others in line out of it."""
        now = self._clock.monotonic()
        ahead = 0 if alone else self._ahead(ticket, rank)
        calls = 1 + ahead
        free = max(self._closed_until, self._last + calls * self._spacing_s)
        live = rank is Rank.LIVE
        if live:
            edits = 1 + (0 if alone else self._lines[rank].index(ticket))
            free = max(free, self._live_from, self._last + edits * self._pace_s)
        if calls > 1:
            free = max(free, now + self._spacing_s)
        missing = calls - self._tokens(now) + (self._kept if live else 0.0)
        return max(free - now, missing / self._per_second if missing > 0 else 0.0)

    def _tokens(self, now: float) -> float:
        if self._left < self._burst:
            self._left = min(self._burst, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        return self._left

    def count(self) -> None:
        """Count a call that asked for no turn: what goes on makes room for it, answers and ends do not."""
        now = self._clock.monotonic()
        left = self._tokens(now)
        self._left = min(left, max(left - 1.0, self._kept))
        # Never further than two paces from the last turn, or quick presses would stop what goes on.
        self._live_from = max(self._live_from, min(now, self._last + self._pace_s) + self._pace_s)

    async def pressed(self) -> None:
        """Count what a button opens, and wait for the bot's turn to show it, whatever the chat's pace."""
        self.count()
        if self._bot is not None:
            turn = await self._bot.turn(Rank.ANSWER, lambda: True)
            if turn is not None:
                turn.over(within_s=SHOWN_WITHIN_S)  # the door shows it by itself and tells nobody when

    def spare(self) -> Turn | None:
        """Return a turn for a call that nobody would miss, if there is room right now, or else None."""
        now = self._clock.monotonic()
        if any(self._lines.values()) or self.closed or now < max(self._live_from, self._last + self._pace_s):
            return None
        if self._tokens(now) < 1.0 + self._kept:
            return None
        turn = Turn() if self._bot is None else self._bot.spare()
        if turn is not None:
            self.count()
        return turn

    def close_for(self, seconds: float, *, live_only: bool = False) -> None:
        """Let nothing go to this chat for so long, or nothing but answers and ends."""
        until = self._clock.monotonic() + seconds
        if live_only:
            self._live_from = max(self._live_from, until)
        else:
            self._closed_until = max(self._closed_until, until)
            if self._bot is not None:
                self._bot.flooded(self._chat, seconds)

    @property
    def closed(self) -> bool:
        """Whether the platform has asked us to wait, and that time is not over."""
        return self._closed_until > self._clock.monotonic()

    @property
    def idle(self) -> bool:
        """Whether forgetting this pacer changes nothing."""
        # Without a minute to count, nothing is left of a call after a few paces.
        after = FORGET_AFTER_S if self._burst < inf else 5 * max(self._pace_s, SPACING_S)
        quiet = self._clock.monotonic() - max(self._last, self._live_from) >= after
        return quiet and not (any(self._lines.values()) or self.closed)


class Pacers:
    """The pacers of all chats of all platforms, and those of the bots. Chats that are quiet are forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._chats: dict[str, Pacer] = {}
        self._bots: dict[str, BotPacer] = {}
        self._look_from = MANY_CHATS

    def __len__(self) -> int:
        return len(self._chats)

    def at(self, door: Door, address: Address) -> Pacer:
        """Return the pacer of a chat, whichever of its topics or threads `address` names.

        Ask again for each turn rather than keep it: an idle one is forgotten.
        """
        found = self._chats.get(address.chat_id)
        if found is None:
            if len(self._chats) >= self._look_from:
                self._chats = {chat: pacer for chat, pacer in self._chats.items() if not pacer.idle}
                # Where most are busy, looking through them for every new one would cost more than they do.
                self._look_from = max(MANY_CHATS, len(self._chats) + MANY_CHATS // 2)
            found = Pacer(
                self._clock,
                door.pace(address),
                door.per_minute(address),
                bot=self.bot(door),
                chat=address.chat_id,
            )
            self._chats[address.chat_id] = found
        return found

    def bot(self, door: Door) -> BotPacer | None:
        """Return the pacer of the whole bot behind a door, or None where its platform needs none."""
        per_second = door.per_second()
        if per_second is None:
            return None
        if door.platform not in self._bots:
            self._bots[door.platform] = BotPacer(self._clock, per_second)
        return self._bots[door.platform]
