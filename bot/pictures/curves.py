"""Equity curves and drawdowns of all members, with the benchmark."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from bot.pictures.canvas import sheet
from bot.pictures.lines import Line, Scale, draw_tall, draw_wide
from bot.pictures.look import TALL, Palette, Size, Stroke, Theme, benchmark_stroke, strokes
from bot.pictures.scales import money_tick, percent_tick
from bot.present import numbers
from bot.present.scores import figure_text
from bot.present.season import marks_of, period, season_title
from core.domain.member import MemberKind
from core.domain.scores import Metric, Scorecard
from core.domain.season_report import Day, SeasonReport, underwater

_MOST_NAMED = 14
_ALWAYS_NAMED = {MemberKind.COMMITTEE.value, MemberKind.CROWD.value}

Points = Sequence[tuple[date, float | None]]


class _Chart(NamedTuple):
    """What makes one of the pictures: its words, its series and its scale."""

    title: str
    subtitle: str
    points: Callable[[Sequence[Day]], Points]
    metric: Metric
    scale: Scale


def equity_curves(report: SeasonReport, *, size: Size = TALL, theme: Theme = Theme.LIGHT) -> bytes:
    """Return the picture of what each member's books were worth, day by day, as PNG."""
    chart = _Chart(
        title="Equity curves",
        subtitle=f"{numbers.usd(report.initial_cash_usd)} each",
        points=lambda days: [(day, None if value is None else float(value)) for day, value in days],
        metric=Metric.RETURN,
        scale=Scale(money_tick, level=float(report.initial_cash_usd)),
    )
    return _drawn(report, chart, size, theme)


def drawdowns(report: SeasonReport, *, size: Size = TALL, theme: Theme = Theme.LIGHT) -> bytes:
    """Return the picture of how far each member was under its highest value so far, as PNG."""
    chart = _Chart(
        title="Drawdowns",
        subtitle="distance to the highest value so far",
        points=underwater,
        metric=Metric.MAX_DRAWDOWN,
        scale=Scale(percent_tick, level=0.0),
    )
    return _drawn(report, chart, size, theme)


def _drawn(report: SeasonReport, chart: _Chart, size: Size, theme: Theme) -> bytes:
    with sheet(size, theme) as canvas:
        named, faint = _lines(report, chart, canvas.palette)
        about = [season_title(report.season), period(report), chart.subtitle]
        top = canvas.head(chart.title, about, report.caveat)
        bottom = canvas.foot(marks_of(report))
        draw = draw_tall if size.tall else draw_wide
        draw(canvas, chart.scale, named, faint, top, bottom)
        return canvas.png()


def _lines(report: SeasonReport, chart: _Chart, palette: Palette) -> tuple[list[Line], list[Line]]:
    """Return the lines that have a name on the picture, in order of rank, and those that do not."""
    look = strokes(((card.member, card.kind) for card in report.scorecards), palette)
    curves = {curve.member: curve for curve in report.curves}
    kept = _named(report.scorecards)
    named: list[Line] = []
    faint: list[Line] = []
    for rank, card in enumerate(report.scorecards, 1):
        days = curves[card.member].days if card.member in curves else ()
        told = figure_text(chart.metric, card.figures.get(chart.metric))
        line = _line(chart, days, str(rank), card.member, told, look[card.member])
        (named if card.member in kept else faint).append(line)
    if report.benchmark_curve:
        stroke = benchmark_stroke(palette)
        line = _line(chart, report.benchmark_curve, "B", report.benchmark, "benchmark", stroke)
        named.append(line)
    return named, faint


def _named(cards: Sequence[Scorecard]) -> set[str]:
    always = [card.member for card in cards if card.kind in _ALWAYS_NAMED]
    others = [card.member for card in cards if card.kind not in _ALWAYS_NAMED]
    return {*always[:_MOST_NAMED], *others[: max(0, _MOST_NAMED - len(always))]}


def _line(chart: _Chart, days: Sequence[Day], badge: str, name: str, told: str, stroke: Stroke) -> Line:
    points = chart.points(days)
    return Line(
        badge=badge,
        name=name,
        told=told,
        stroke=stroke,
        days=tuple(day for day, _ in points),
        values=tuple(math.nan if value is None else value for _, value in points),
    )
