"""One member's record as a judge: how often it was right, and how far its confidence can be trusted."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from core.consensus.calibration import brier, calibration_error, curve, reliability
from core.consensus.settled import HORIZON, judged, known
from core.consensus.weights import learned
from core.domain.calibration import Calibration
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.scores import Figure
from core.domain.season import Season


def calibration_of(
    season: Season,
    member: str,
    outcomes: Sequence[Outcome],
    configured: Decimal,
    as_of: datetime,
    *,
    minimum: int,
    horizon: int = HORIZON,
    in_use: bool = False,
    caveat: str | None = None,
) -> Calibration:
    """Return the record of `member`, whose weight is `configured`, from what was settled by `as_of`.

    Outcomes of other members and seasons are left out. A figure made of fewer than `minimum` ballots is None.
    Weight and calibrated confidences are learned at the learning horizon, whatever `horizon` is shown.
    """
    theirs = [each for each in outcomes if each.member == member and each.season == season]
    settled = known(theirs, as_of, horizon)
    directed = [each for each in settled if each.right is not None]
    weight = learned(theirs, {member: configured}, as_of)[member]
    return Calibration(
        season=season,
        member=member,
        as_of=as_of,
        horizon=horizon,
        settled=len(directed),
        holds=len(settled) - len(directed),
        newest=max((each.settled_at for each in settled), default=None),
        brier=_figure(brier(directed), len(directed), minimum),
        ece=_figure(calibration_error(directed), len(directed), minimum),
        bins=reliability(directed, curve(judged(theirs, as_of).get(member, ()))),
        configured=configured,
        weight=weight if weight.sample else None,
        in_use=in_use,
        hit_rates={after: hit_rate(theirs, as_of, after, minimum) for after in HORIZONS},
        caveat=caveat,
    )


def hit_rate(outcomes: Sequence[Outcome], as_of: datetime, horizon: int, minimum: int) -> Figure:
    """Return the fraction of ballots with a direction that were right after `horizon` sessions."""
    rights = [each.right for each in known(outcomes, as_of, horizon) if each.right is not None]
    return _figure(Decimal(sum(rights)) / len(rights) if rights else None, len(rights), minimum)


def _figure(value: Decimal | None, sample: int, minimum: int) -> Figure:
    return Figure(value=None if value is None or sample < minimum else float(value), sample=sample)
