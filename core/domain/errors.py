"""Everything that can go wrong, one type per distinct reaction.

* ConclaveError                 a sentence that a person may read; never a secret
  * Refused                     the request itself is wrong; say so, change nothing
    * BadTicker
    * NotFound                  no such run, member, stage or subscription
      * Unknown                 the same, with what may have been meant instead
    * NotAllowed                the person may not do this here
    * BudgetSpent               a replay's money is used up; it can go on with more
  * ConfigError                 the configuration cannot be used
  * StoreError                  the database cannot be used
    * DatabaseTooNew
    * EvidenceAltered           a stored pack no longer has the hash under which it was stored
  * VendorFailure               a market-data vendor gave nothing usable; the chain tries the next
    * VendorNotConfigured  * VendorRateLimited  * VendorTimeout  * VendorUnreachable  * BadVendorData
  * NoPrices                    no vendor of the chain had prices; keeps every cause
    * UnknownTicker             the same, with what may have been meant instead
  * ModelFailure                a model gave no usable answer; carries what it cost all the same
    * AuthenticationFailed      never retried
      * ModelForbidden          the same, for one model
    * OutOfCredit               never retried
    * BadModelRequest           never retried
    * ModelRateLimited          retried after `retry_after_s`
    * ModelTimeout              retried while the deadline allows
    * ModelServerFailed         retried
    * BadAnswer                 repaired once, then an abstention
      * JunkAnswer              no answer of a model at all; the route moves on
    * RouteDown                 never sent
    * DoesNotFit                never sent
    * Abandoned                 another request of a hedged pair was quicker
    * BudgetExceeded            never sent
    * TooManySteps              never sent
    * AnotherModelAnswered      a fallback of another family spoke; not this member's ballot
  * NoBasis                     the evidence lacks what a rule needs; an abstention
  * DeliveryFailed              a chat platform did not take a message (see bot)
"""

from decimal import Decimal

from core.domain.usage import NOTHING_SPENT, Spend


class ConclaveError(Exception):
    """The root: `str(error)` is one clear sentence for a person, without secrets."""


class Refused(ConclaveError):
    """The request cannot be done as asked; the sentence says what to do instead."""


class BadTicker(Refused):
    """The text names no instrument that Conclave could look up."""


class NotFound(Refused):
    """What was asked for does not exist."""


class Unknown(NotFound):
    """A word names nothing here. `near` has what may have been meant, each as (shown, to be typed).

    `wrong` is the word as it was written, so that it can be replaced where it stood.
    """

    def __init__(self, sentence: str, *, wrong: str, near: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(sentence)
        self.wrong = wrong
        self.near = near


class NotAllowed(Refused):
    """The person's role does not cover this."""


class BudgetSpent(Refused):
    """A replay's money is used up; all that was paid for is kept, and it can go on with more."""


class ConfigError(ConclaveError):
    """The configuration cannot be used; the sentence names the key and what is allowed."""


class StoreError(ConclaveError):
    """The database cannot be used."""


class DatabaseTooNew(StoreError):
    """The database was written by a newer Conclave."""


class EvidenceAltered(StoreError):
    """A stored pack of evidence was changed; nothing may be built on it."""


class VendorFailure(ConclaveError):
    """A vendor gave nothing usable."""

    def __init__(self, vendor: str, reason: str) -> None:
        super().__init__(f"{vendor}: {reason}")
        self.vendor = vendor
        self.reason = reason


class VendorNotConfigured(VendorFailure):
    """The vendor lacks a key or a folder."""


class VendorRateLimited(VendorFailure):
    """The vendor asks us to slow down."""


class VendorTimeout(VendorFailure):
    """The vendor did not answer in time."""


class VendorUnreachable(VendorFailure):
    """The vendor could not be reached or failed inside."""


class BadVendorData(VendorFailure):
    """The vendor answered with stale or malformed data."""


class NoPrices(ConclaveError):
    """No vendor of the chain had prices; `causes` names each failure in order."""

    def __init__(self, sentence: str, causes: tuple[VendorFailure, ...] = ()) -> None:
        super().__init__(sentence)
        self.causes = causes


class UnknownTicker(NoPrices):
    """No vendor had prices for a ticker that is close to some that are known: `near`, as in `Unknown`."""

    def __init__(
        self,
        sentence: str,
        causes: tuple[VendorFailure, ...] = (),
        *,
        wrong: str,
        near: tuple[tuple[str, str], ...],
    ) -> None:
        super().__init__(sentence, causes)
        self.wrong = wrong
        self.near = near


class ModelFailure(ConclaveError):
    """A model gave no usable answer. `spent` is what its attempts have cost all the same."""

    retryable = False

    def __init__(self, reason: str, *, spent: Spend = NOTHING_SPENT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.spent = spent


class AuthenticationFailed(ModelFailure):
    """The provider refused the key (401)."""


class ModelForbidden(AuthenticationFailed):
    """The provider refused the key for this model (403)."""


class OutOfCredit(ModelFailure):
    """The provider wants money (402), and says perhaps in how many seconds to ask again."""

    def __init__(
        self, reason: str, *, spent: Spend = NOTHING_SPENT, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason, spent=spent)
        self.retry_after_s = retry_after_s


class BadModelRequest(ModelFailure):
    """The provider refused the request as wrong (400, 404, 413, 422)."""


class ModelRateLimited(ModelFailure):
    """The provider asks us to slow down (429)."""

    retryable = True

    def __init__(
        self, reason: str, *, spent: Spend = NOTHING_SPENT, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason, spent=spent)
        self.retry_after_s = retry_after_s


class ModelTimeout(ModelFailure):
    """No answer in time."""

    retryable = True


class ModelServerFailed(ModelFailure):
    """The provider or the way to it failed (5xx, connection)."""

    retryable = True


class BadAnswer(ModelFailure):
    """The answer was empty, cut off, refused, junk or not of the schema."""


class JunkAnswer(BadAnswer):
    """The endpoint answered with something that no model has written: a page, an error, nothing."""


class RouteDown(ModelFailure):
    """The request was not sent, because the route has failed too often; it is tried again later."""


class DoesNotFit(ModelFailure):
    """The request was not sent, because the model cannot read so much."""


class Abandoned(ModelFailure):
    """The request was given up after `waited_ms`, because another one for the same answer was quicker."""

    def __init__(self, reason: str, *, spent: Spend = NOTHING_SPENT, waited_ms: int = 0) -> None:
        super().__init__(reason, spent=spent)
        self.waited_ms = waited_ms


class BudgetExceeded(ModelFailure):
    """The request was not sent, because it could have broken a limit: that of `scope`.

    `limit` is the scope in words; with `tokens` the limit counts tokens and not USD. With `held` only calls
    under way stand in the way, and they have done so for too long.
    """

    def __init__(
        self, limit: str, allowed: Decimal, *, scope: str = "", tokens: bool = False, held: bool = False
    ) -> None:
        cents = allowed.quantize(Decimal("0.01"))
        amount = cents if cents == allowed else allowed.normalize()
        told = f"{int(allowed):,} tokens" if tokens else f"${amount:f}"
        end = "is held by calls under way" if held else "is used up"
        super().__init__(f"the budget of {told} {limit} {end}")
        self.scope = scope


class TooManySteps(ModelFailure):
    """The member has used all model calls that one run allows."""


class AnotherModelAnswered(ModelFailure):
    """The ballot was written by another model family than the member's own."""


class NoBasis(ConclaveError):
    """The evidence lacks what a member needs in order to decide."""
