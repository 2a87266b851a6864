"""Many lines over time in one plot, each with its label."""

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from matplotlib.axes import Axes

from bot.pictures.canvas import Canvas, line_look
from bot.pictures.lettering import plain, width_of
from bot.pictures.look import SOLID, Stroke
from bot.pictures.scales import date_ticks, limits, round_ticks, spread
from bot.present import numbers

_FAINT = 0.3
_FAINT_WIDTH = 0.8
_HALO = 5.5


class Line(NamedTuple):
    """One line with its label: `badge` stands at its end, `told` is its figure in words.

    A value that is not known is not a number, and leaves a gap.
    """

    badge: str
    name: str
    told: str
    stroke: Stroke
    days: tuple[date, ...]
    values: tuple[float, ...]

    @property
    def end(self) -> float:
        """The last known value, or not a number."""
        return next((value for value in reversed(self.values) if math.isfinite(value)), math.nan)


class Scale(NamedTuple):
    """How the heights are written, and the one that the lines start from."""

    tick: Callable[[float], str]
    level: float


def draw_tall(
    canvas: Canvas, scale: Scale, named: list[Line], faint: list[Line], top: float, bottom: float
) -> None:
    """Draw the plot, and below it the legend in two columns."""
    rows, row = math.ceil((len(named) + bool(faint)) / 2), 50.0
    legend = bottom - rows * row
    right = canvas.size.width - canvas.margin - 52
    plot = canvas.axes(canvas.margin + 104, top + 20, right, legend - 70)
    _fill(canvas, plot, scale, named, faint, letters=25)
    ended = [line for line in named if math.isfinite(line.end)]
    ends = [_height(canvas, plot, line.end) for line in ended]
    for line, end, y in zip(ended, ends, spread(ends, 31, top + 20, legend - 70), strict=True):
        _tie(canvas, line, (right, end), (right + 24, y))
        canvas.badge(right + 38, y, line.badge, face=line.stroke.colour, size=18)
    width = (canvas.inner - 40) / 2
    for number, line in enumerate(named):
        column, place = divmod(number, rows)
        x, y = canvas.margin + column * (width + 40), legend + (place + 0.5) * row
        canvas.badge(x + 17, y, line.badge, face=line.stroke.colour, size=18)
        canvas.line([(x + 42, y), (x + 92, y)], line.stroke)
        _label(canvas, line, x + 102, x + width, y, letters=25)
    if faint:
        _others(canvas, faint, canvas.margin + width + 40, bottom - row / 2, letters=25)


def draw_wide(
    canvas: Canvas, scale: Scale, named: list[Line], faint: list[Line], top: float, bottom: float
) -> None:
    """Draw the plot, and each line's label at its end."""
    edge = canvas.size.width - canvas.margin
    right = edge - 410
    plot = canvas.axes(canvas.margin + 84, top + 8, right, bottom - 38)
    _fill(canvas, plot, scale, named, faint, letters=21)
    low, high = top + 12, bottom - 14 - (30 if faint else 0)
    ended = [line for line in named if math.isfinite(line.end)]
    ends = [_height(canvas, plot, line.end) for line in ended]
    for line, end, y in zip(ended, ends, spread(ends, 31, low, high), strict=True):
        _tie(canvas, line, (right, end), (right + 38, y))
        canvas.badge(right + 54, y, line.badge, face=line.stroke.colour, size=15)
        canvas.line([(right + 76, y), (right + 110, y)], line.stroke)
        _label(canvas, line, right + 120, edge, y, letters=20)
    if faint:
        _others(canvas, faint, right + 46, bottom - 10, letters=20)


def _tie(canvas: Canvas, line: Line, start: tuple[float, float], end: tuple[float, float]) -> None:
    canvas.line([start, end], line.stroke._replace(width=1.3, dash=SOLID), 0.7)


def _label(canvas: Canvas, line: Line, left: float, right: float, y: float, *, letters: float) -> None:
    room = min(width_of(plain(line.told), letters) + 1, letters * 7)
    bold = line.stroke.emphasised
    canvas.text(left, y, line.name, size=letters, room=right - left - room - 12, bold=bold)
    canvas.text(right, y, line.told, size=letters, align="right", room=room, colour=canvas.palette.muted)


def _others(canvas: Canvas, faint: list[Line], x: float, y: float, *, letters: float) -> None:
    told = f"and {numbers.counted(len(faint), 'other')}, thin"
    canvas.text(x, y, told, size=letters, colour=canvas.palette.muted)


def _height(canvas: Canvas, plot: Axes, value: float) -> float:
    """Return where a value of the plot stands on the sheet, in pixels from the top."""
    return canvas.size.height - float(plot.transData.transform((0.0, value))[1])


def _fill(
    canvas: Canvas, plot: Axes, scale: Scale, named: list[Line], faint: list[Line], *, letters: float
) -> None:
    """Draw the lines, the heights and the dates of a plot."""
    lines = [*faint, *named]
    low, high = limits((value for line in lines for value in line.values), also=scale.level)
    plot.set_ylim(low, high)
    heights = round_ticks(low, high)
    plot.set_yticks(heights, [scale.tick(height) for height in heights])
    plot.axhline(scale.level, color=canvas.palette.muted, linewidth=1.1, zorder=3)
    days = [day for line in lines for day in line.days]
    if days:
        first, last = min(days), max(days)
        # Half a day more, so that a season of a single day has a width.
        plot.set_xlim(first.toordinal() - 0.5, last.toordinal() + 0.5)
        marks = date_ticks(first, last)
        plot.set_xticks([day.toordinal() for day, _ in marks], [told for _, told in marks])
    else:
        plot.set_xticks([])
    for line in faint:
        _draw(canvas, plot, line, faded=True)
    for line in named:
        _draw(canvas, plot, line, faded=False)
    canvas.label_ticks(plot, letters)


def _draw(canvas: Canvas, plot: Axes, line: Line, *, faded: bool) -> None:
    x: Sequence[int] = [day.toordinal() for day in line.days]
    look = line_look(line.stroke)
    alone = sum(math.isfinite(value) for value in line.values) == 1
    if faded:
        look |= {"alpha": _FAINT, "linewidth": _FAINT_WIDTH, "linestyle": "-", "zorder": 4}
    elif line.stroke.emphasised:
        plot.plot(x, line.values, color=canvas.palette.paper, linewidth=_HALO, zorder=look["zorder"] - 0.5)
    plot.plot(x, line.values, **look, marker="o" if alone else "")
