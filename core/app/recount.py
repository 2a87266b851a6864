"""An old run counted anew: what another method would have made of the same ballots."""

from decimal import Decimal

from pydantic import ValidationError

from core.config.settings import METHOD_NAMES, THRESHOLDS, Consensus
from core.consensus.tally import tally
from core.domain.errors import Refused
from core.domain.run import RunRecord, RunState
from core.domain.verdict import Verdict, WeightUsed


def recount(record: RunRecord, method: str, threshold: Decimal | None, rules: Consensus) -> Verdict:
    """Count a run's ballots by `method`, with the weights and orders of its record.

    The run itself stays as it is. Where the record has no weights, which older ones have not, those of the
    seats count. `threshold` None means that of `rules` if `method` is theirs, else the method's own; `rules`
    give all other limits.

    Raises:
        Refused: an unknown method, a threshold that is none or that the method has no use for, or a run
            that still goes on.
    """
    if method not in METHOD_NAMES:
        raise Refused(f"“{method[:30]}” is not a method; choose one of {', '.join(METHOD_NAMES)}.")
    if threshold is not None and method not in THRESHOLDS:
        raise Refused(f"The method {method} has no threshold; {_listed()} have one.")
    if record.state is RunState.RUNNING:
        raise Refused(f"Run {record.run_id} still goes on; count it again when it has ended.")
    wanted = rules.threshold if threshold is None and method == rules.method else threshold
    try:
        asked = Consensus.model_validate({**rules.model_dump(), "method": method, "threshold": wanted})
    except ValidationError:
        raise Refused("A threshold is a number from 0 to 1, with at most six places.") from None
    absent = [abstention.member for abstention in record.abstentions]
    orders = record.verdict.orders if record.verdict else {}
    return tally(record.ballots, absent, _weights(record), asked, orders)


def _weights(record: RunRecord) -> dict[str, WeightUsed]:
    by_seat = {
        seat.member: WeightUsed(member=seat.member, configured=seat.weight, weight=seat.weight)
        for seat in record.seats
    }
    stored = record.verdict.weights if record.verdict else ()
    return by_seat | {used.member: used for used in stored}


def _listed() -> str:
    *others, last = THRESHOLDS
    return f"{', '.join(others)} and {last}"
