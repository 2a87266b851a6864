"""How far a member's confidence can be trusted: what it said, and how often it was right."""

from pydantic import AwareDatetime

from core.domain.scores import Figure
from core.domain.season import Season
from core.domain.values import Frozen, Ratio
from core.domain.verdict import WeightUsed


class ReliabilityBin(Frozen):
    """Settled ballots with a confidence above `low` and up to `high`; the lowest bin has 0 as well.

    `mean_confidence` is what they said and `right_fraction` how many of them were right, both None without
    ballots. `calibrated` is what `mean_confidence` is worth by the past, None where too few are settled.
    """

    low: Ratio
    high: Ratio
    count: int
    mean_confidence: Ratio | None = None
    right_fraction: Ratio | None = None
    calibrated: Ratio | None = None


class Calibration(Frozen):
    """What one member's ballots were worth, as known at `as_of`, settled after `horizon` sessions.

    `settled` counts ballots that named a direction; `holds` those that named none, which are in no figure.
    `brier` and `ece` (expected calibration error) are 0 at best; below the minimum sample they are None, as
    are `hit_rates` (right ballots as a fraction, by horizon). `bins` are ten of equal width, from 0 to 1.
    `weight` has the learned weight beside the `configured` one, None while no ballot is settled; `in_use`
    says whether the committee counts with it. `newest` is when the last ballot was settled, `caveat` what
    must be said wherever a person sees these figures.
    """

    season: Season
    member: str
    as_of: AwareDatetime
    horizon: int
    settled: int
    holds: int
    newest: AwareDatetime | None = None
    brier: Figure
    ece: Figure
    bins: tuple[ReliabilityBin, ...]
    configured: Ratio
    weight: WeightUsed | None = None
    in_use: bool = False
    hit_rates: dict[int, Figure]
    caveat: str | None = None
