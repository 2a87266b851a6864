"""The same evidence asked twice: what was said then, and what is said now."""

from decimal import Decimal

from core.domain.ballot import Abstention, Ballot, MemberResult
from core.domain.run import RunRecord, RunRequest
from core.domain.values import Frozen


class RerunPlan(Frozen):
    """A run that can be asked again.

    `request` names who is asked. `left_out` sat in the original, were not named by anybody, and take no part
    any more. `usd` is about what it will cost, None where nobody can know that.
    """

    original: RunRecord
    request: RunRequest
    left_out: tuple[str, ...] = ()
    usd: Decimal | None = None


class ThenAndNow(Frozen):
    """What one member came to in both runs; None where it was not asked, or has no result yet."""

    member: str
    then: MemberResult | None
    now: MemberResult | None

    @property
    def flipped(self) -> bool:
        """Say whether it cast a ballot in both, with another action."""
        return (
            isinstance(self.then, Ballot)
            and isinstance(self.now, Ballot)
            and self.then.action is not self.now.action
        )


class Rerun(Frozen):
    """A run beside the one whose evidence it was asked about again."""

    original: RunRecord
    again: RunRecord

    @property
    def members(self) -> tuple[ThenAndNow, ...]:
        """Everybody who was heard in either: first those of the original, in the order of their seats."""
        then = {seat.member: seat.result for seat in self.original.voters}
        now = {seat.member: seat.result for seat in self.again.voters}
        return tuple(ThenAndNow(member=name, then=then.get(name), now=now.get(name)) for name in (then | now))

    @property
    def asked_twice(self) -> tuple[ThenAndNow, ...]:
        """Those with a ballot in both."""
        return tuple(
            one for one in self.members if isinstance(one.then, Ballot) and isinstance(one.now, Ballot)
        )

    @property
    def flipped(self) -> tuple[ThenAndNow, ...]:
        """Those who cast a ballot in both, with another action."""
        return tuple(one for one in self.members if one.flipped)

    @property
    def abstained(self) -> tuple[str, ...]:
        """Those who abstain now and did not then."""
        return tuple(
            one.member
            for one in self.members
            if isinstance(one.now, Abstention) and not isinstance(one.then, Abstention)
        )

    @property
    def roles_changed(self) -> bool | None:
        """Say whether the role files have changed in between; None where the original does not tell."""
        then, now = self.original.prompt_terms, self.again.prompt_terms
        return None if then is None or now is None else then.roles_sha256 != now.roles_sha256
