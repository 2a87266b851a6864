"""One member's record as a judge, as a card."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards import BinLine, CalibrationCard
from bot.present import numbers, words
from bot.present.stability import steadiness
from core.domain.calibration import Calibration, ReliabilityBin
from core.domain.scores import Figure
from core.domain.season import Season
from core.domain.stability import Stability

UNKNOWN = "n/a"
_LEGEND = (
    "Bars: how often it was right, by what it said; │ is what it said, worth what that counts as. "
    "ECE, the mean distance between bar and │, is 0 % at best. "
    "Brier is 0 at best; always saying 50 % earns 0.25."
)


def calibration_card(
    found: Calibration, zone: ZoneInfo, stability: Stability | None = None
) -> CalibrationCard:
    """Return the card of one member; figures below the minimum sample are n/a beside their sample.

    `stability` is what the last check of it has found.
    """
    settled = numbers.counted(found.settled, "ballot")
    holds = f" · {numbers.counted(found.holds, 'HOLD')} left out" if found.holds else ""
    after = numbers.counted(found.horizon, "session")
    return CalibrationCard(
        title=f"How far to trust {found.member}",
        facts=(
            *((_sessions(horizon), _hits(rate)) for horizon, rate in sorted(found.hit_rates.items())),
            ("Judged", f"{settled} after {after}{holds}"),
            ("Brier", _figure(found.brier, "{:.3f}")),
            ("ECE", _figure(found.ece, "{:.1%}")),
            ("Weight", f"{numbers.weight(found.configured)} configured"),
            ("Learned", _learned(found)),
        ),
        bins=tuple(_line(one) for one in found.bins if one.count),
        legend=_steady(stability, zone)
        + (_LEGEND if found.settled else f"No ballot for BUY or SELL is {after} old yet."),
        footer=f"{_settled(found.season, found.newest, zone)} · {words.PAPER}",
        caveat=found.caveat,
    )


def _steady(found: Stability | None, zone: ZoneInfo) -> str:
    if found is None:
        return ""
    told = steadiness(found, zone)
    return f"{told[:1].upper()}{told[1:]}. "


def _sessions(horizon: int) -> str:
    return numbers.counted(horizon, "session")


def _hits(rate: Figure) -> str:
    if rate.value is None:
        return f"{UNKNOWN} · {numbers.counted(rate.sample, 'ballot')}"
    return f"{_percent(rate.value)} of {numbers.whole(rate.sample)} right"


def _figure(figure: Figure, form: str) -> str:
    value = UNKNOWN if figure.value is None else numbers.written(form.format(figure.value)).replace("%", " %")
    return f"{value} · {numbers.counted(figure.sample, 'ballot')}"


def _learned(found: Calibration) -> str:
    if found.weight is None:
        return "nothing settled yet"
    used = found.weight
    in_use = "in use" if found.in_use else "not in use"
    ballots = numbers.counted(used.sample, "ballot")
    return f"{numbers.weight(used.weight)} · {ballots}, worth {numbers.rounded(used.effective, 1)} · {in_use}"


def _line(one: ReliabilityBin) -> BinLine:
    right, said = one.right_fraction or Decimal(0), one.mean_confidence or Decimal(0)
    return BinLine(
        said=f"{one.low * 100:.0f}–{one.high * 100:.0f} %",
        right=numbers.percent(right),
        ballots=numbers.whole(one.count),
        worth="" if one.calibrated is None else numbers.percent(one.calibrated),
        fraction=float(right),
        mark=float(said),
    )


def _percent(value: Decimal | float) -> str:
    return numbers.percent(Decimal(str(value)))


def _settled(season: Season, newest: datetime | None, zone: ZoneInfo) -> str:
    ballots = {Season.LIVE: "Live ballots", Season.SAMPLE: "Ballots on sample prices"}.get(
        season, f"Ballots of {season}"
    )
    return f"{ballots}, settled up to {numbers.moment(newest, zone)}" if newest else ballots
