"""The deepest fall from a peak, and when it was."""

from datetime import date

import numpy as np

from core.domain.scores import Drawdown
from core.ledger.scores.curve import Curve


def deepest_fall(curve: Curve) -> Drawdown | None:
    """Return the maximum drawdown, max over t of (peak until t - value at t) / peak, or None without a fall.

    The base counts as a peak. Of equally deep falls it is the first; its peak is the last session at that
    height before the trough, and it is recovered at the first session after the trough that is as high. The
    starting capital has no session, so a peak there bears the date of the first one with a value. The depth
    is above 1 when more than everything was lost.

    Source: M. Magdon-Ismail and A. F. Atiya, "Maximum Drawdown", Risk 17(10), 2004.
    """
    points = curve.points
    if not curve.returns.size or points[0] <= 0:
        return None
    peaks = np.maximum.accumulate(points)
    falls = (peaks - points) / peaks
    trough = int(np.argmax(falls))
    if falls[trough] <= 0:
        return None
    peak = int(np.flatnonzero(points[:trough] == peaks[trough])[-1])
    recoveries = np.flatnonzero(points[trough:] >= peaks[trough])
    days = curve.days[curve.priced]
    return Drawdown(
        depth=float(falls[trough]),
        peak=_session(int(days[peak - 1])) if peak else curve.base_session or _session(int(days[0])),
        trough=_session(int(days[trough - 1])),
        recovered=_session(int(days[trough + int(recoveries[0]) - 1])) if recoveries.size else None,
    )


def _session(day: int) -> date:
    return date.fromordinal(day)
