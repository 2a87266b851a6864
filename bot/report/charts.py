"""Curves and reliability diagrams as shapes for the template: numbers, path data and class names only.

Colours are the names of the style sheet's variables, so that a chart follows the reader's light or dark.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from bot.pictures.look import Palette, Stroke, benchmark_stroke, strokes
from bot.pictures.scales import date_ticks, limits, money_tick, percent_tick, round_ticks, spread
from bot.present.scores import figure_text
from core.domain.calibration import Calibration
from core.domain.scores import Metric
from core.domain.season_report import Day, SeasonReport, underwater

_NAMES = Palette(
    paper="paper",
    panel="panel",
    ink="ink",
    muted="muted",
    grid="grid",
    warning="warning",
    good="good",
    bad="bad",
    crowd="crowd",
    models=tuple(f"m{number}" for number in range(8)),
    medals=("gold", "silver", "bronze"),
)


class Frame(NamedTuple):
    """The measures of a chart in units of its own; `letters` is the size of its text."""

    name: str
    width: float
    height: float
    left: float
    right: float
    bottom: float
    letters: float
    points: int


WIDE = Frame("wide", 960, 420, 78, 40, 34, 14, 700)
NARROW = Frame("narrow", 360, 330, 62, 30, 28, 11.5, 240)
_TOP = 10.0


class Tick(NamedTuple):
    """Where a tick stands and what it says."""

    at: float
    text: str


class Trace(NamedTuple):
    """One line. `colour` names a variable; `tie` is where it ends, `end` where its badge is, if anywhere."""

    key: int
    name: str
    told: str
    badge: str
    colour: str
    width: float
    dash: str
    path: str
    emphasised: bool
    tie: float | None
    end: float | None


class Chart(NamedTuple):
    """All of a chart in one frame."""

    frame: Frame
    heights: tuple[Tick, ...]
    days: tuple[Tick, ...]
    level: float
    traces: tuple[Trace, ...]


class _Series(NamedTuple):
    name: str
    told: str
    badge: str
    stroke: Stroke
    points: Sequence[tuple[date, float | None]]


def equity_charts(report: SeasonReport) -> tuple[Chart, ...]:
    """Return the values of all members in USD, once for each width of screen."""
    series = _series(report, Metric.RETURN)
    level = float(report.initial_cash_usd)
    return tuple(_chart(series, frame, money_tick, level) for frame in (WIDE, NARROW))


def drawdown_charts(report: SeasonReport) -> tuple[Chart, ...]:
    """Return how far below its peak each member was, once for each width of screen."""
    series = _series(report, Metric.MAX_DRAWDOWN)
    return tuple(_chart(series, frame, percent_tick, 0.0) for frame in (WIDE, NARROW))


def _series(report: SeasonReport, metric: Metric) -> list[_Series]:
    look = strokes(((card.member, card.kind) for card in report.scorecards), _NAMES)
    curves = {curve.member: curve.days for curve in report.curves}
    found = [
        _Series(
            card.member,
            figure_text(metric, card.figures.get(metric)),
            str(rank),
            look[card.member],
            _points(curves.get(card.member, ()), metric),
        )
        for rank, card in enumerate(report.scorecards, 1)
    ]
    if report.benchmark_curve:
        points = _points(report.benchmark_curve, metric)
        found.append(_Series(report.benchmark, "benchmark", "B", benchmark_stroke(_NAMES), points))
    return found


def _points(days: Sequence[Day], metric: Metric) -> Sequence[tuple[date, float | None]]:
    if metric is Metric.MAX_DRAWDOWN:
        return underwater(days)
    return [(day, None if value is None else float(value)) for day, value in days]


class _Plane(NamedTuple):
    """Where a day and a value stand in a frame."""

    frame: Frame
    first: date
    last: date
    low: float
    high: float

    def across(self, day: date) -> float:
        room = self.frame.width - self.frame.right - self.frame.left
        return self.frame.left + room * (day - self.first).days / max((self.last - self.first).days, 1)

    def down(self, value: float) -> float:
        bottom = self.frame.height - self.frame.bottom
        return bottom - (bottom - _TOP) * (value - self.low) / (self.high - self.low)


def _chart(series: list[_Series], frame: Frame, tick: Callable[[float], str], level: float) -> Chart:
    low, high = limits(
        (value for each in series for _, value in each.points if value is not None), also=level
    )
    days = [day for each in series for day, _ in each.points]
    first, last = (min(days), max(days)) if days else (date.min, date.min)
    plane = _Plane(frame, first, last, low, high)
    places = _places(series, plane)
    return Chart(
        frame=frame,
        heights=tuple(Tick(round(plane.down(at), 1), tick(at)) for at in round_ticks(low, high)),
        days=tuple(Tick(round(plane.across(day), 1), told) for day, told in date_ticks(first, last))
        if days
        else (),
        level=round(plane.down(level), 1),
        traces=tuple(_trace(number, each, plane, places) for number, each in enumerate(series)),
    )


def _places(series: list[_Series], plane: _Plane) -> dict[int, tuple[float, float]]:
    """Return for each line where it ends and where its badge stands; none where badges would overlap."""
    ends = {
        number: plane.down(known[-1])
        for number, each in enumerate(series)
        if (known := [value for _, value in each.points if value is not None])
    }
    gap = plane.frame.letters * 1.5
    bottom = plane.frame.height - plane.frame.bottom
    if (len(ends) - 1) * gap > bottom - _TOP:
        return {}
    badges = spread(list(ends.values()), gap, _TOP + 4, bottom)
    return {number: (round(ends[number], 1), round(at, 1)) for number, at in zip(ends, badges, strict=True)}


def _trace(number: int, series: _Series, plane: _Plane, places: dict[int, tuple[float, float]]) -> Trace:
    stroke = series.stroke
    width = stroke.width * 0.6
    tie, end = places.get(number, (None, None))
    return Trace(
        key=number,
        name=series.name,
        told=series.told,
        badge=series.badge,
        colour=stroke.colour,
        width=round(width, 2),
        dash=" ".join(f"{length * width:.1f}" for length in stroke.dash),
        path=_path(thinned(series.points, plane.frame.points), plane),
        emphasised=stroke.emphasised,
        tie=tie,
        end=end,
    )


def _path(points: Iterable[tuple[date, float | None]], plane: _Plane) -> str:
    """Return the line through the points; a value that is not known leaves a gap."""
    drawn: list[str] = []
    pen = "M"
    for day, value in points:
        if value is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{plane.across(day):.1f} {plane.down(value):.1f}")
        pen = "L"
    # A line of no length with round ends is a dot: so is a season of one session.
    return "".join(drawn) + ("h0" if len(drawn) == 1 else "")


def thinned(points: Sequence[tuple[date, float | None]], most: int) -> Sequence[tuple[date, float | None]]:
    """Return about `most` of the points: of each group the lowest, the highest, the last, and a gap."""
    if len(points) <= most:
        return points
    size = math.ceil(len(points) * 3 / most)
    kept: list[tuple[date, float | None]] = []
    for start in range(0, len(points), size):
        group = points[start : start + size]
        known = [(value, index) for index, (_, value) in enumerate(group) if value is not None]
        gap = next((index for index, (_, value) in enumerate(group) if value is None), None)
        chosen = {len(group) - 1} | ({gap} if gap is not None else set())
        if known:
            chosen |= {min(known)[1], max(known)[1]}
        kept += [group[index] for index in sorted(chosen)]
    return kept


class Dot(NamedTuple):
    """A bin of the reliability diagram: where it stands, its size, and how far the diagonal is."""

    x: float
    y: float
    radius: float
    ideal: float


SQUARE = 240.0
EDGE = 46.0


def reliability_dots(found: Calibration) -> tuple[Dot, ...]:
    """Return the dots of a diagram of `SQUARE` units, whose axes meet `EDGE` from the left and the bottom."""
    most = max((each.count for each in found.bins), default=0)
    room = SQUARE - EDGE - 10
    return tuple(
        Dot(
            x=round(EDGE + room * float(each.mean_confidence), 1),
            y=round(SQUARE - EDGE - room * float(each.right_fraction), 1),
            radius=round(3 + 7 * math.sqrt(each.count / most), 1),
            ideal=round(SQUARE - EDGE - room * float(each.mean_confidence), 1),
        )
        for each in found.bins
        if each.count and each.mean_confidence is not None and each.right_fraction is not None
    )
