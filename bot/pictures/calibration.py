"""The reliability diagram: how often a member was right when it said how sure it was."""

from matplotlib.axes import Axes

from bot.pictures.canvas import Canvas, sheet
from bot.pictures.look import TALL, Size, Theme
from bot.present import numbers
from bot.present.season import season_title
from core.domain.calibration import Calibration, ReliabilityBin
from core.domain.season import Season

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_LARGEST = 34.0
_SMALLEST = 9.0


def reliability_diagram(
    found: Calibration,
    season: Season,
    *,
    caveat: str | None = None,
    size: Size = TALL,
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Return the picture of one member's calibration as PNG.

    Each dot is a bin of ballots at their mean confidence and the fraction that was right; on the diagonal
    the member can be taken at its word. The bars below count the ballots.
    """
    with sheet(size, theme) as canvas:
        after = numbers.counted(found.horizon, "session")
        about = [season_title(season), f"confidence against what came true after {after}"]
        top = canvas.head(f"Calibration of {found.member}", about, caveat)
        bottom = canvas.foot(f"{numbers.counted(found.settled, 'settled ballot')}.")
        filled = [each for each in found.bins if each.count]
        if size.tall:
            facts_y, left, right = top + 26, canvas.margin + 104.0, float(canvas.size.width - canvas.margin)
            _facts(canvas, found, facts_y, letters=29)
            split = bottom - 250
            _diagram(canvas, canvas.axes(left, top + 84, right - 40, split - 70), filled, letters=25)
            _counts(canvas, canvas.axes(left, split + 30, right - 40, bottom - 64), found, letters=25)
        else:
            half = canvas.size.width * 0.56
            _facts(canvas, found, top + 12, letters=23)
            _diagram(canvas, canvas.axes(canvas.margin + 84, top + 50, half, bottom - 44), filled, letters=20)
            edge = canvas.size.width - canvas.margin
            _counts(canvas, canvas.axes(half + 110, top + 50, edge - 34, bottom - 44), found, letters=20)
        return canvas.png()


def _facts(canvas: Canvas, found: Calibration, y: float, *, letters: float) -> None:
    brier = "n/a" if found.brier.value is None else f"{found.brier.value:.3f}"
    error = "n/a" if found.ece.value is None else f"{found.ece.value * 100:.1f} %"
    told = f"Brier score {brier} · ECE {error}"
    canvas.text(canvas.margin, y, told, size=letters, bold=True, room=canvas.inner)


def _diagram(canvas: Canvas, plot: Axes, filled: list[ReliabilityBin], *, letters: float) -> None:
    """Draw the diagonal, and a dot for each bin, tied to the diagonal by its distance from it."""
    palette = canvas.palette
    plot.set_xlim(0, 1)
    plot.set_ylim(-0.03, 1.03)
    plot.plot([0, 1], [0, 1], color=palette.muted, linewidth=1.6, linestyle=(0, (4, 3)), zorder=5)
    most = max((each.count for each in filled), default=1)
    places = [
        (float(each.mean_confidence), float(each.right_fraction), each.count)
        for each in filled
        if each.mean_confidence is not None and each.right_fraction is not None
    ]
    colour = palette.models[0]
    plot.plot([x for x, _, _ in places], [y for _, y, _ in places], color=colour, linewidth=2, zorder=11)
    for x, y, count in places:
        plot.plot([x, x], [x, y], color=colour, linewidth=5, alpha=0.25, zorder=8, solid_capstyle="butt")
        area = _SMALLEST + (_LARGEST - _SMALLEST) * (count / most) ** 0.5
        plot.plot(
            [x],
            [y],
            marker="o",
            markersize=area,
            color=colour,
            markeredgecolor=palette.paper,
            zorder=12,
            clip_on=False,
        )
    _percents(canvas, plot, "xy", letters)
    _axis_names(canvas, plot, "stated confidence", "came true", letters)


def _counts(canvas: Canvas, plot: Axes, found: Calibration, *, letters: float) -> None:
    """Draw how many ballots each bin has."""
    palette = canvas.palette
    most = max((each.count for each in found.bins), default=0)
    plot.set_xlim(0, 1)
    plot.set_ylim(0, max(most, 1) * 1.25)
    for each in found.bins:
        if not each.count:
            continue
        low, high = float(each.low), float(each.high)
        wide = (high - low) * 0.86
        middle = (low + high) / 2
        plot.bar(middle, each.count, width=wide, color=palette.models[0], zorder=6)
        told = plot.text(
            middle, each.count + most * 0.04, f"{each.count:,}", ha="center", va="bottom", zorder=7
        )
        canvas.letter(told, letters * 0.85, palette.ink)
    plot.set_yticks([])
    _percents(canvas, plot, "x", letters)
    _axis_names(canvas, plot, "", "ballots", letters)


def _percents(canvas: Canvas, plot: Axes, axes: str, letters: float) -> None:
    told = [f"{tick * 100:.0f} %" for tick in _TICKS]
    if "x" in axes:
        plot.set_xticks(_TICKS, told)
    if "y" in axes:
        plot.set_yticks(_TICKS, told)
    canvas.label_ticks(plot, letters)


def _axis_names(canvas: Canvas, plot: Axes, below: str, beside: str, letters: float) -> None:
    """Write what the axes are inside the plot, where there is room at any size."""
    for x, y, text, align in ((0.985, 0.035, below, "right"), (0.015, 0.955, beside, "left")):
        told = plot.text(x, y, text, transform=plot.transAxes, ha=align, va="center", zorder=9)
        canvas.letter(told, letters * 0.9, canvas.palette.muted)
