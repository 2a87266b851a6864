"""No request is sent that could break a limit: its highest cost is reserved before and settled after.

What was reserved and what was spent never exceed a limit together, as long as a call costs no more than
its estimate. When one does cost more, the truth is booked and nothing further is sent in that scope.
The first calls of a model without configured prices hold a dear guess, or all that is left where that is
less; from the first answer on its dearest token so far tells what the next call may cost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, timedelta, tzinfo
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.clock import Clock, SystemClock
from core.domain.budgets import Held, Limit, NoRoom, Reply, Wait, Wish, is_of_tokens
from core.domain.calls import Call
from core.domain.errors import BudgetExceeded, ModelFailure, ModelRateLimited, StoreError
from core.domain.ids import new_id
from core.domain.paces import Pace, TooLong
from core.domain.usage import NOTHING_SPENT, Spend
from core.llm.books import BudgetBook, MemoryBook
from core.llm.paid import count, counting
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import Prices, prompt_tokens
from core.llm.recording import ID_LENGTH, CallForm
from core.llm.scopes import counts_of, in_words

_ZERO = Decimal(0)
_DEAR = Prices(in_usd_per_mtok=Decimal(15), out_usd_per_mtok=Decimal(75))
"""What is assumed of a model of which nothing is known: as dear as the dearest that people use."""

LEASE = timedelta(minutes=15)
"""After so long, and the longest that a stage may take, the process of a call is taken for dead."""

_LOOK_AGAIN_S = 0.5
LONGEST_WAIT_S = 120.0
"""So long a call waits for money that other processes hold."""
_BUSY_PAUSES_S = (0.2, 0.5, 1.0, 2.0)


class Cost(NamedTuple):
    """USD that a call may cost, and whether that is no more than a guess."""

    usd: Decimal
    guessed: bool = False


class Left(NamedTuple):
    """What a scope leaves beside what is held of it, its limit and its name; it may be less than nothing."""

    amount: Decimal
    limit: Decimal
    scope: str


class Budget:
    """What each scope may spend, against what `book` says that it has.

    `limit_of` gives a scope's limit or None for none; scopes without a limit are not looked at. `lease` is
    how long a call may take before its process is taken for dead, and `patience_s` how long one waits for
    what only other processes hold. For use within one event loop.
    """

    def __init__(
        self,
        limit_of: Callable[[str], Decimal | None],
        spent: Mapping[str, Decimal] | None = None,
        *,
        book: BudgetBook | None = None,
        clock: Clock | None = None,
        zone: tzinfo = UTC,
        lease: timedelta = LEASE,
        patience_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._configured = limit_of
        self._book: BudgetBook = book or MemoryBook(spent, clock)
        self._clock = clock or SystemClock()
        self._zone = zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
        self._lease = lease
        self._patience_s = patience_s
        self._limits: dict[str, Decimal] = {}
        self._rates: dict[str, Decimal] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def limit(self, scope: str, usd: Decimal) -> None:
        """Set a limit of its own for a scope, in USD."""
        self._limits[scope] = usd

    def limit_of(self, scope: str) -> Decimal | None:
        """Return a scope's limit in USD or tokens, or None where it has none."""
        return self._limits[scope] if scope in self._limits else self._configured(scope)

    def limits_any(self, scopes: Iterable[str]) -> bool:
        """Say whether any of the scopes has a limit."""
        return any(self.limit_of(scope) is not None for scope in scopes)

    async def spent(self, scope: str) -> Decimal:
        """Return the USD, or tokens, that `scope` has spent."""
        return (await self._book.standing(self._limit(scope, _ZERO))).spent

    async def reserved(self, scope: str) -> Decimal:
        """Return the USD, or tokens, that calls under way hold in `scope`."""
        return (await self._book.standing(self._limit(scope, _ZERO))).held

    async def tightest(self, scopes: Iterable[str]) -> Left | None:
        """Return of the scope that leaves least what it leaves; None without limits."""
        found = []
        for scope in scopes:
            if (most := self.limit_of(scope)) is not None:
                spent, held = await self._book.standing(self._limit(scope, most))
                found.append(Left(most - spent - held, most, scope))
        return min(found, default=None)

    def has_room(self, pace: Pace, tokens: int) -> bool:
        """Say whether a key's next call of so many tokens could go out at once, as far as is known here."""
        return self._book.has_room(pace, tokens)

    async def reserve(
        self,
        scopes: Iterable[str],
        most: Decimal | Callable[[], Cost],
        call: Call | None = None,
        pace: Pace | None = None,
    ) -> "Reservation":
        """Hold what a call may cost, USD or as `most` tells it, in every scope, or in none.

        `call` is as it would be booked if nobody ever heard of it again; its spend tells the tokens that it
        may use. Where only calls under way stand in the way, it waits for them to end, for a while where they
        are other processes', and asks `most` again, because what they cost may have told more. A guess never
        holds more than is left. With `pace` its key's turn is booked in the same step.

        Raises:
            BudgetExceeded: what is spent already leaves no room in a scope.
            ModelRateLimited: the key's turn would come too late; `retry_after_s` says when.
            StoreError: the books cannot be used.
        """
        call = call or CallForm(clock=self._clock).begun(_NOTHING_ASKED)
        scopes = tuple(scopes)
        limits = tuple(
            self._limit(scope, limit) for scope in scopes if (limit := self.limit_of(scope)) is not None
        )
        if not limits and pace is None:
            return Reservation(None, call)

        async def ask() -> Reply:
            usd, guessed = most() if callable(most) else Cost(most)
            wished = call.model_copy(update={"spend": call.spend.model_copy(update={"cost_usd": usd})})
            return await self._surely(Wish(wished, scopes, limits, call.at + self._lease, guessed, pace))

        # Whoever comes later waits behind those who wait already.
        crowded = [one for one in limits if (turn := self._turns.get(one.scope)) and turn.locked()]
        reply: Reply = Wait(crowded[0]) if crowded else await ask()
        if isinstance(reply, Wait):
            reply = await self._in_turn(reply.limit.scope, ask)
        if isinstance(reply, NoRoom):
            raise _exceeded(reply.limit)
        if isinstance(reply, TooLong):
            late = f"the key's own limit a minute would hold this call for {reply.wait_s:.0f} s"
            raise ModelRateLimited(late, retry_after_s=reply.wait_s)
        return Reservation(self._book, reply.call, reply.turn.wait_s if reply.turn else 0.0)

    async def _in_turn(self, scope: str, ask: Callable[[], Awaitable[Reply]]) -> Held | NoRoom | TooLong:
        """Wait until there is an answer, one after the other: so each that ends wakes one and not all."""
        turn = self._turns.setdefault(scope, asyncio.Lock())
        patience = self._clock.monotonic() + self._patience_s
        try:
            async with turn:
                while isinstance(reply := await ask(), Wait):
                    if await self._book.changed(reply.limit.scope):
                        continue
                    if self._clock.monotonic() >= patience:
                        raise _exceeded(reply.limit, held=True)
                    await self._clock.sleep(_LOOK_AGAIN_S)
                return reply
        finally:
            if not turn.locked() and self._turns.get(scope) is turn:
                del self._turns[scope]

    async def _surely(self, wish: Wish) -> Reply:
        """Ask the books, again after a moment while the store is busy."""
        for pause_s in _BUSY_PAUSES_S:
            try:
                return await self._book.hold(wish)
            except StoreError:
                # It may be held all the same, if only the answer was lost; asked for anew it is another call,
                # and what the first one holds is booked once its lease is over.
                wish = wish._replace(call=wish.call.model_copy(update={"id": new_id(ID_LENGTH)}))
                await self._clock.sleep(pause_s)
        return await self._book.hold(wish)

    def seen(self, model: str, tokens: int, usd: Decimal) -> None:
        """Learn what a model without configured prices costs: its dearest token so far, in USD."""
        self._rates[model] = max(self._rates.get(model, _ZERO), usd / tokens if tokens else _ZERO)

    def rate(self, model: str) -> Decimal | None:
        """Return the dearest token seen of a model, in USD, or None before its first answer."""
        return self._rates.get(model)

    def forget(self, scope: str) -> None:
        """Drop a scope that will not be used again, such as a finished run."""
        if self.limit_of(scope) is not None:
            self._book.forget(scope)
        self._limits.pop(scope, None)

    def _limit(self, scope: str, most: Decimal) -> Limit:
        return Limit(scope, most, counts_of(scope, self._zone))


_NOTHING_ASKED = Ask(messages=(), max_output_tokens=0)


def _exceeded(limit: Limit, *, held: bool = False) -> BudgetExceeded:
    of_tokens = is_of_tokens(limit.scope)
    return BudgetExceeded(in_words(limit.scope), limit.most, scope=limit.scope, tokens=of_tokens, held=held)


class Reservation:
    """What a call holds until `settle` or `release`; the first of them counts. Leaving `with` releases.

    `call` is as it stands in the books; `book` is None where nothing limits it. The turn of the call comes
    `wait_s` seconds after it was reserved.
    """

    def __init__(self, book: BudgetBook | None, call: Call, wait_s: float = 0.0) -> None:
        self._book = book
        self.call = call
        self.wait_s = wait_s

    @property
    def is_open(self) -> bool:
        """Whether something is held."""
        return self._book is not None

    def settle(self, actual: Spend | Decimal) -> None:
        """Book what was really used, or a cost in USD, and give the rest back."""
        if self._book is not None:
            spend = actual if isinstance(actual, Spend) else Spend(cost_usd=actual)
            book, self._book = self._book, None
            book.end(self.call.model_copy(update={"spend": spend}))

    def release(self) -> None:
        """Give everything back: nothing was spent."""
        self.settle(NOTHING_SPENT)

    def __enter__(self) -> "Reservation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class BudgetedModel:
    """A model whose calls are paid from a budget, in all scopes that `form` tells.

    `name` is under what the budget learns the cost of a model without configured prices. A call that is
    reserved goes on as `Ask.begun`, so that whoever records it books what was held for it. With `pace` it
    waits for its key's turn, and has its money meanwhile, so that waiting is never in vain.
    """

    def __init__(
        self,
        model: LanguageModel,
        budget: Budget,
        prices: Prices,
        form: CallForm | None = None,
        name: str = "",
        pace: Pace | None = None,
    ) -> None:
        self._model = model
        self._name = name
        self._pace = pace
        self._budget = budget
        self._prices = prices
        self._form = form or CallForm()

    async def ask(self, ask: Ask) -> Answer:
        """Reserve, wait for the turn, ask, settle and count; one that was not sent gives everything back.

        Raises:
            BudgetExceeded: nothing was sent.
            ModelRateLimited: nothing was sent, because the turn would come too late; or as the model within.
            ModelFailure: as the model within.
            StoreError: nothing was sent, because the books cannot be used.
        """
        begun = self._form.begun(ask)
        scopes = self._form.scopes(begun, ask)
        if self._pace or self._budget.limits_any(scopes):
            # Of a call that nobody hears of again, this is booked.
            spend = Spend(
                prompt_tokens=prompt_tokens(ask),
                completion_tokens=ask.max_output_tokens,
                calls=1,
                estimated_calls=1,
            )
            begun = begun.model_copy(update={"spend": spend})
        with await self._budget.reserve(scopes, lambda: self._most(ask), begun, self._pace) as reservation:
            if reservation.wait_s > 0:
                await self._form.clock.sleep(reservation.wait_s)
            told = ask.model_copy(update={"begun": reservation.call}) if reservation.is_open else ask
            return await self._paid(told, reservation)

    async def _paid(self, ask: Ask, reservation: Reservation) -> Answer:
        """Ask, and settle and count what it cost, however it ends."""
        try:
            with counting() as given_up:
                answer = await self._model.ask(ask)
        except ModelFailure as failure:
            _settle(reservation, failure.spent)
            raise
        except asyncio.CancelledError:
            _settle(reservation, given_up.spend)
            raise
        _settle(reservation, answer.spend)
        self._budget.seen(self._name, answer.spend.tokens, answer.spend.cost_usd)
        return answer

    def _most(self, ask: Ask) -> Cost:
        """Return the most that a call should cost: by its prices, by what its model has cost, or a guess."""
        if self._prices.known:
            return Cost(self._prices.most(ask))
        rate = self._budget.rate(self._name)
        if rate is None:
            return Cost(_ZERO) if self._prices.free else Cost(_DEAR.most(ask), guessed=True)
        return Cost(rate * (prompt_tokens(ask) + ask.max_output_tokens))


def _settle(reservation: Reservation, spent: Spend) -> None:
    reservation.settle(spent)
    count(spent)
