"""What came of building the prompts of a run again from its record."""

from pydantic import AwareDatetime

from core.domain.stage import Stage
from core.domain.values import Frozen


class Mismatch(Frozen):
    """Something in the record of one stage that does not follow from the rest of the record.

    `what` is "prompt", "text" (of the answer) or "ballot". `at` is the first sign that differs, from 1.
    """

    stage: Stage
    round: int
    what: str
    at: int | None = None


class RebuiltMember(Frozen):
    """One member: `prompts` of its stages are kept, and `same` of them were built again byte for byte."""

    member: str
    prompts: int
    same: int
    mismatches: tuple[Mismatch, ...] = ()


class RebuiltRun(Frozen):
    """All members of one run. `terms_kept` is False for a run from before its terms were kept.

    `roles_changed` says whether the role files are others now, None where that is not known.
    """

    run_id: str
    ticker: str
    as_of: AwareDatetime
    evidence_sha256: str
    terms_kept: bool
    roles_changed: bool | None
    members: tuple[RebuiltMember, ...]

    @property
    def prompts(self) -> int:
        """How many prompts are kept."""
        return sum(one.prompts for one in self.members)

    @property
    def same(self) -> int:
        """How many were built again byte for byte."""
        return sum(one.same for one in self.members)

    @property
    def clean(self) -> bool:
        """Whether everything follows from the record."""
        return not any(one.mismatches for one in self.members)
