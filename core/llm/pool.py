"""All keys of a provider that may serve one hop of a member's route, as one model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from core.clock import Clock
from core.domain.errors import (
    AuthenticationFailed,
    BadAnswer,
    BudgetExceeded,
    JunkAnswer,
    ModelFailure,
    ModelForbidden,
    ModelRateLimited,
    OutOfCredit,
)
from core.domain.provider_health import KeyCondition, KeyState
from core.domain.usage import NOTHING_SPENT
from core.llm.keyring import Keyring, Opened
from core.llm.port import Answer, Ask, LanguageModel
from core.llm.scopes import is_of_key

Choice = Literal["least_used", "round_robin"]


@dataclass(frozen=True, slots=True)
class PooledKey:
    """One key of a pool: the model as it is asked with it, and what the key is for.

    `purposes` are in small letters. `has_room` says whether a call of the ask's size could start at once.
    """

    key: Opened
    model: LanguageModel
    purposes: frozenset[str] = frozenset()
    has_room: Callable[[Ask], bool] = lambda _: True


class PooledModel:
    """A model that is asked with the best key that can be used now.

    A key whose purposes fit goes before one without purposes; one whose purposes do not fit is never used.
    `words` are what fits besides the ask's stage: the tier, the member, the family, "fallback". Among equals
    `choice` decides. Each key is tried at most once in an ask: one that is told to slow down, is refused, is
    out of credit or has used up its own budget is passed over for the next, at once. No other key helps where
    the budget of the run, of the day or of whoever asks has no room.
    """

    def __init__(
        self,
        keys: Sequence[PooledKey],
        keyring: Keyring,
        clock: Clock,
        *,
        provider: str,
        model_id: str,
        words: Iterable[str],
        choice: Choice,
    ) -> None:
        self._keys = tuple(keys)
        self._keyring = keyring
        self._clock = clock
        self._provider = provider
        self._model_id = model_id
        self._words = frozenset(word.casefold() for word in words if word)
        self._choice = choice

    async def ask(self, ask: Ask) -> Answer:
        """Ask with one key after another until one is taken; the spends of all attempts are added.

        Raises:
            ModelRateLimited: no key can be used now, and one is at rest; `retry_after_s` says how long.
            AuthenticationFailed | OutOfCredit | BudgetExceeded: no key can be used.
            ModelFailure: as the model within, where another key would not help.
        """
        await self._keyring.notes.refresh()
        left = self._fitting(ask)
        spent, failures = NOTHING_SPENT, list[ModelFailure]()
        while (chosen := self._next(left, ask)) is not None:
            left.remove(chosen)
            try:
                with self._busy(chosen.key):
                    answer = await chosen.model.ask(ask)
            except (ModelRateLimited, AuthenticationFailed, OutOfCredit, BudgetExceeded) as failure:
                if isinstance(failure, BudgetExceeded) and not is_of_key(failure.scope):
                    failure.spent += spent
                    raise
                spent += failure.spent
                failures.append(failure)
                self._learn(chosen.key, failure)
            except ModelFailure as failure:
                if isinstance(failure, BadAnswer) and not isinstance(failure, JunkAnswer):
                    self._keyring.answered(chosen.key, self._model_id)
                failure.spent += spent
                raise
            else:
                self._keyring.answered(chosen.key, self._model_id)
                return answer.model_copy(update={"spend": spent + answer.spend}) if failures else answer
        stuck = self._stuck(ask, failures)
        stuck.spent = spent
        raise stuck

    def _fitting(self, ask: Ask) -> list[PooledKey]:
        return [key for key in self._keys if not key.purposes or self._fits(key, ask)]

    def _fits(self, key: PooledKey, ask: Ask) -> bool:
        return bool(key.purposes & self._words) or ask.stage.casefold() in key.purposes

    def _next(self, left: Sequence[PooledKey], ask: Ask) -> PooledKey | None:
        usable = [key for key in left if self._keyring.in_the_way(key.key, self._model_id) is None]
        if len(usable) <= 1:
            return usable[0] if usable else None
        return min(usable, key=lambda key: self._order(key, ask))

    def _order(self, key: PooledKey, ask: Ask) -> tuple[bool, bool, int, int, int]:
        provider, name = key.key.provider, key.key.name
        standing = self._keyring.standing(provider, name)
        first = (not key.purposes, not key.has_room(ask))
        if self._choice == "round_robin":
            return (*first, standing.turn, 0, 0)
        return (*first, standing.under_way, self._keyring.used_today(provider, name), standing.turn)

    @contextmanager
    def _busy(self, key: Opened) -> Iterator[None]:
        self._keyring.begin(key)
        try:
            yield
        finally:
            self._keyring.end(key)

    def _learn(self, key: Opened, failure: ModelFailure) -> None:
        match failure:
            case ModelRateLimited() if failure.spent.calls:
                self._keyring.slow_down(key, failure.reason, failure.retry_after_s)
            case OutOfCredit():
                self._keyring.out_of_credit(key, self._model_id, failure.reason, failure.retry_after_s)
            case ModelForbidden():
                self._keyring.forbid(key, self._model_id, failure.reason)
            case AuthenticationFailed():
                self._keyring.refuse(key, failure.reason)
            case BudgetExceeded():
                self._keyring.spent(key, failure.reason)

    def _stuck(self, ask: Ask, failures: Sequence[ModelFailure]) -> ModelFailure:
        """Return why no key could be used, as the failure that says whether waiting helps."""
        fitting = self._fitting(ask)
        if not fitting:
            stage = f" in the stage {ask.stage}" if ask.stage else ""
            return AuthenticationFailed(
                f"no key of provider {self._provider} has a purpose that fits a call to "
                f"{self._model_id}{stage}; give one of them no purposes"
            )
        notes = [note for key in fitting if (note := self._keyring.in_the_way(key.key, self._model_id))]
        resting = [note.until for note in notes if note.condition is KeyCondition.RESTING and note.until]
        reason = "; ".join(dict.fromkeys(one.reason for one in failures)) or self._told(fitting, notes)
        if resting:
            wait_s = max((min(resting) - self._clock.now()).total_seconds(), 0.0)
            return ModelRateLimited(reason, retry_after_s=wait_s)
        if limited := [one for one in failures if isinstance(one, ModelRateLimited)]:
            waits = [one.retry_after_s for one in limited if one.retry_after_s is not None]
            return ModelRateLimited(reason, retry_after_s=min(waits, default=None))
        if spent := [one for one in failures if isinstance(one, BudgetExceeded)]:
            return spent[0]
        if any(note.condition is KeyCondition.NO_CREDIT for note in notes):
            return OutOfCredit(reason)
        return AuthenticationFailed(reason)

    def _told(self, fitting: Sequence[PooledKey], notes: Sequence[KeyState]) -> str:
        shown = {key.key.name: key.key.shown for key in fitting}
        told = "; ".join(f"{shown[note.key]} {in_words(note)}" for note in notes)
        return f"no key of {self._provider} can be used now: {told}"


def in_words(note: KeyState) -> str:
    """Return what stands against a key, after its name: "is out of credit until …: …"."""
    until = f" until {note.until:%Y-%m-%d %H:%M} UTC" if note.until else ""
    match note.condition:
        case KeyCondition.RESTING:
            word = "was told to slow down and rests"
        case KeyCondition.NO_CREDIT:
            word = f"is out of credit for {note.model}" if note.model else "is out of credit"
        case _:
            word = f"was refused for {note.model}" if note.model else "was refused"
    return f"{word}{until}: {note.reason}"
