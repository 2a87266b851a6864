"""No request is sent that could break a limit: its highest cost is reserved before and settled after.

What was reserved and what was spent never exceed a limit together, as long as a call costs no more than
its estimate. When one does cost more, the truth is booked and nothing further is sent in that scope.
The first calls of a model without configured prices hold a dear guess, or all that is left where that is
less; from the first answer on its dearest token so far tells what the next call may cost.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple

from core.domain.errors import BudgetExceeded, ModelFailure
from core.llm.paid import count
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.prices import Prices, prompt_tokens
from core.llm.scopes import in_words

_ZERO = Decimal(0)
_DEAR = Prices(in_usd_per_mtok=Decimal(15), out_usd_per_mtok=Decimal(75))
"""What is assumed of a model of which nothing is known: as dear as the dearest that people use."""


class Cost(NamedTuple):
    """USD that a call may cost, and whether that is no more than a guess."""

    usd: Decimal
    guessed: bool = False


class Budget:
    """What each scope has spent and reserved, in USD, against its limit.

    `limit_of` gives a scope's limit or None for none; `spent` is what earlier processes spent. Scopes
    without a limit are not tracked. For use within one event loop.
    """

    def __init__(
        self, limit_of: Callable[[str], Decimal | None], spent: Mapping[str, Decimal] | None = None
    ) -> None:
        self._configured = limit_of
        self._limits: dict[str, Decimal] = {}
        self._spent: dict[str, Decimal] = dict(spent or {})
        self._reserved: dict[str, Decimal] = {}
        self._rates: dict[str, Decimal] = {}
        self._changed = asyncio.Event()

    def limit(self, scope: str, usd: Decimal, spent: Decimal) -> None:
        """Set a limit of its own for a scope that has spent so much already, both in USD."""
        self._limits[scope] = usd
        self._spent[scope] = max(self.spent(scope), spent)

    def limit_of(self, scope: str) -> Decimal | None:
        """Return a scope's limit in USD, or None where it has none."""
        return self._limits[scope] if scope in self._limits else self._configured(scope)

    def spent(self, scope: str) -> Decimal:
        """Return the USD that `scope` has spent."""
        return self._spent.get(scope, _ZERO)

    def reserved(self, scope: str) -> Decimal:
        """Return the USD that calls under way hold in `scope`."""
        return self._reserved.get(scope, _ZERO)

    def tightest(self, scopes: Iterable[str]) -> tuple[Decimal, Decimal, str] | None:
        """Return of the scope that leaves least what it leaves and its limit, in USD; None without limits.

        What calls under way have reserved counts as spent. Less than nothing is left where calls cost more
        than was reserved.
        """
        limits = [(scope, limit) for scope in scopes if (limit := self.limit_of(scope)) is not None]
        left = [(limit - self.spent(scope) - self.reserved(scope), limit, scope) for scope, limit in limits]
        return min(left, default=None)

    async def reserve(self, scopes: Iterable[str], most: Decimal | Callable[[], Cost]) -> "Reservation":
        """Hold what a call may cost, USD or as `most` tells it, in every scope, or in none.

        Where only the reservations of calls under way stand in the way, it waits for them to settle, and
        asks `most` again, because what they cost may have told more. A guess never holds more than is left.

        Raises:
            BudgetExceeded: what is spent already leaves no room in a scope.
        """
        limits = {scope: limit for scope in scopes if (limit := self.limit_of(scope)) is not None}
        while True:
            amount, guessed = most() if callable(most) else Cost(most)
            if guessed and limits:
                left = min(limit - self.spent(scope) for scope, limit in limits.items())
                amount = min(amount, max(left, _ZERO))
            must_wait = False
            for scope, limit in limits.items():
                spent = self.spent(scope)
                if spent >= limit or spent + amount > limit:
                    raise BudgetExceeded(in_words(scope), limit)
                must_wait = must_wait or spent + self.reserved(scope) + amount > limit
            if not must_wait:
                break
            await self._changed.wait()
        for scope in limits:
            self._reserved[scope] = self.reserved(scope) + amount
        return Reservation(self, tuple(limits), amount)

    def seen(self, model: str, tokens: int, usd: Decimal) -> None:
        """Learn what a model without configured prices costs: its dearest token so far, in USD."""
        self._rates[model] = max(self._rates.get(model, _ZERO), usd / tokens if tokens else _ZERO)

    def rate(self, model: str) -> Decimal | None:
        """Return the dearest token seen of a model, in USD, or None before its first answer."""
        return self._rates.get(model)

    def at_least(self, spent: Mapping[str, Decimal]) -> None:
        """Take over what the store knows to be spent, by other processes too, where that is more."""
        for scope, usd in spent.items():
            if self.limit_of(scope) is not None:
                self._spent[scope] = max(self.spent(scope), usd)

    def record(self, scopes: Iterable[str], usd: Decimal) -> None:
        """Book `usd` that was spent elsewhere, as when a run is resumed."""
        for scope in scopes:
            if self.limit_of(scope) is not None:
                self._spent[scope] = self.spent(scope) + usd
        self._tell_waiters()

    def forget(self, scope: str) -> None:
        """Drop a scope that will not be used again, such as a finished run."""
        self._spent.pop(scope, None)

    def _close(self, scopes: tuple[str, ...], held: Decimal, actual: Decimal) -> None:
        for scope in scopes:
            rest = self.reserved(scope) - held
            if rest:
                self._reserved[scope] = rest
            else:
                self._reserved.pop(scope, None)
            if actual:
                self._spent[scope] = self.spent(scope) + actual
        self._tell_waiters()

    def _tell_waiters(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Reservation:
    """USD held until `settle` or `release`; the first of them counts. Leaving `with` releases."""

    def __init__(self, budget: Budget, scopes: tuple[str, ...], amount: Decimal) -> None:
        self._budget = budget
        self._scopes = scopes
        self._amount = amount
        self._open = True

    def settle(self, actual: Decimal) -> None:
        """Book the real cost in USD and give the rest back."""
        if self._open:
            self._open = False
            self._budget._close(self._scopes, self._amount, actual)

    def release(self) -> None:
        """Give everything back: nothing was spent."""
        self.settle(_ZERO)

    def __enter__(self) -> "Reservation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class BudgetedModel:
    """A model whose calls are paid from a budget, under the ask's scopes and those of `own_scopes()`.

    `name` is under what the budget learns the cost of a model without configured prices.
    """

    def __init__(
        self,
        model: LanguageModel,
        budget: Budget,
        prices: Prices,
        own_scopes: Callable[[], tuple[str, ...]] = tuple,
        name: str = "",
    ) -> None:
        self._model = model
        self._name = name
        self._budget = budget
        self._prices = prices
        self._own_scopes = own_scopes

    async def ask(self, ask: Ask) -> Answer:
        """Reserve, ask, settle and count; a call that is cancelled gives its reservation back.

        Raises:
            BudgetExceeded: nothing was sent.
            ModelFailure: as the model within.
        """
        scopes = dict.fromkeys((*ask.scopes, *self._own_scopes()))
        with await self._budget.reserve(scopes, lambda: self._most(ask)) as reservation:
            try:
                answer = await self._model.ask(ask)
            except ModelFailure as failure:
                reservation.settle(failure.spent.cost_usd)
                count(failure.spent)
                raise
            reservation.settle(answer.spend.cost_usd)
            count(answer.spend)
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
