"""What a run tells while it goes on. The stream starts with RunStarted and ends with RunEnded."""

from core.domain.ballot import Action, MemberResult
from core.domain.run import RunRecord
from core.domain.stage import Stage
from core.domain.values import Frozen


class RunStarted(Frozen):
    """The evidence is frozen and the members are being asked."""

    record: RunRecord
    resumed: bool = False


class StageStarted(Frozen):
    """A member works on a stage."""

    run_id: str
    member: str
    stage: Stage
    round: int = 1


class StageFinished(Frozen):
    """A member's stage is stored; `done` of `total` stages of that member are now complete."""

    run_id: str
    member: str
    stage: Stage
    round: int = 1
    done: int
    total: int


class MemberFinished(Frozen):
    """A member cast its ballot or abstained."""

    run_id: str
    result: MemberResult


class VotesCounted(Frozen):
    """How the votes of people stand in a run that goes on."""

    run_id: str
    counts: dict[Action, int]


class RunEnded(Frozen):
    """The run is over; `record.state` says how."""

    record: RunRecord


RunEvent = RunStarted | StageStarted | StageFinished | MemberFinished | VotesCounted | RunEnded
