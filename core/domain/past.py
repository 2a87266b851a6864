"""Looking back at runs: what was decided, what it has earned since, and two members of one run."""

from decimal import Decimal

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.member import Member
from core.domain.run import RunRecord
from core.domain.stage import ModelChat
from core.domain.values import Frozen
from core.domain.verdict import Verdict


class PastRun(Frozen):
    """A finished run in short.

    `return_ratio` is the instrument's total return over `horizon` sessions, the longest over which its
    ballots are settled; both are None where nothing is settled yet.
    """

    run_id: str
    ticker: str
    as_of: AwareDatetime
    verdict: Verdict | None
    horizon: int | None = None
    return_ratio: Decimal | None = None

    @property
    def earned(self) -> Decimal | None:
        """The return in the direction of the verdict; None for HOLD, without a verdict, or not settled."""
        decision = self.verdict.decision if self.verdict else None
        if self.return_ratio is None or decision not in {Action.BUY, Action.SELL}:
            return None
        return self.return_ratio if decision is Action.BUY else -self.return_ratio


class PastRuns(Frozen):
    """A page of runs, newest first, of one ticker or of all. Pages count from 1; there is always one."""

    ticker: str | None
    runs: tuple[PastRun, ...]
    total: int
    page: int
    pages: int


class Compared(Frozen):
    """Two members of one run, with all that each said."""

    record: RunRecord
    members: tuple[Member, Member]
    chats: tuple[ModelChat, ModelChat]
