"""The sheet that a picture is drawn on: title, plot, footer; pixels from the top left."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text

from bot.pictures.lettering import fitted, font, joined, plain, wrapped
from bot.pictures.look import PALETTES, Dash, Size, Stroke, Theme
from bot.present import words

_DPI = 100
_POINTS_AN_INCH = 72
_BRAND = "Conclave"
# matplotlib's fonts and settings are shared by all of a process and not safe to use from two threads.
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def sheet(size: Size, theme: Theme) -> Iterator["Canvas"]:
    """Give an empty sheet, and release all of it afterwards. One at a time in a process."""
    with _ONE_AT_A_TIME, mpl.rc_context():
        # A matplotlibrc of the person or of the working directory must not change our pictures.
        mpl.rcdefaults()
        canvas = Canvas(size, theme)
        try:
            yield canvas
        finally:
            canvas.figure.clear()


class Canvas:
    """A sheet of `size`. All lengths are pixels, `y` counts down from the top, text is never interpreted."""

    def __init__(self, size: Size, theme: Theme) -> None:
        self.size = size
        self.palette = PALETTES[theme]
        self.figure = Figure(
            figsize=(size.width / _DPI, size.height / _DPI), dpi=_DPI, facecolor=self.palette.paper
        )
        self._agg: Any = FigureCanvasAgg(self.figure)  # its printing has no type information
        self.margin = 48 if size.tall else 40
        self.scale = 1.0 if size.tall else 0.86

    @property
    def inner(self) -> float:
        """The width between the margins."""
        return self.size.width - 2 * self.margin

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        colour: str | None = None,
        bold: bool = False,
        align: str = "left",
        room: float | None = None,
    ) -> None:
        """Write one line whose middle is at `y`; cut to `room` where that is given."""
        line = plain(text, bold=bold) if room is None else fitted(text, size, room, bold=bold)
        self.figure.text(
            x / self.size.width,
            1 - y / self.size.height,
            line,
            fontproperties=font(size * _POINTS_AN_INCH / _DPI, bold=bold),
            color=colour or self.palette.ink,
            ha=align,
            va="center_baseline",
            parse_math=False,
        )

    def head(self, title: str, about: Sequence[str], caveat: str | None) -> float:
        """Write title, what it is about and, in a frame, the caveat; return where the room below begins."""
        large, small = 50 * self.scale, 27 * self.scale
        y = self.margin + large * 0.5
        self.text(self.margin, y, title, size=large, bold=True, room=self.inner)
        y += large * 1.12
        for line in joined(about, small, self.inner):
            self.text(self.margin, y, line, size=small, colour=self.palette.muted)
            y += small * 1.4
        if not caveat:
            return y
        lines = wrapped(caveat, small, self.inner - 40, 2)
        top = y - small * 0.3
        height = len(lines) * small * 1.32 + small * 0.75
        self.box(self.margin, top, self.inner, height, face=self.palette.panel, edge=self.palette.warning)
        for number, line in enumerate(lines):
            at = top + small * 1.02 + number * small * 1.32
            self.text(self.margin + 20, at, line, size=small, colour=self.palette.warning)
        return top + height + small * 0.9

    def foot(self, note: str) -> float:
        """Write the last line, which says that this is no advice; return where the room above it ends."""
        small = 24 * self.scale
        y = self.size.height - self.margin * 0.75
        colour = self.palette.muted
        told = f"{words.PAPER} {note}"
        self.text(self.margin, y, told, size=small, colour=colour, room=self.inner - 170)
        self.text(
            self.size.width - self.margin, y, _BRAND, size=small, colour=colour, bold=True, align="right"
        )
        return y - small * 1.3

    def box(self, x: float, y: float, width: float, height: float, *, face: str, edge: str | None) -> None:
        """Draw a box with round corners; `y` is its top."""
        self.figure.add_artist(
            FancyBboxPatch(
                self._fraction(x, y + height),
                width / self.size.width,
                height / self.size.height,
                boxstyle=f"round,pad=0,rounding_size={10 / self.size.width}",
                mutation_aspect=self.size.width / self.size.height,
                facecolor=face,
                edgecolor=edge or face,
                linewidth=1.2,
                transform=self.figure.transFigure,
            )
        )

    def bar(self, x: float, y: float, width: float, height: float, colour: str, alpha: float = 1.0) -> None:
        """Draw a filled bar; `y` is its top."""
        self.figure.add_artist(
            Rectangle(
                self._fraction(x, y + height),
                width / self.size.width,
                height / self.size.height,
                facecolor=colour,
                edgecolor="none",
                alpha=alpha,
                transform=self.figure.transFigure,
            )
        )

    def line(self, points: list[tuple[float, float]], stroke: Stroke, alpha: float = 1.0) -> None:
        """Draw a line through points of the sheet."""
        places = [self._fraction(x, y) for x, y in points]
        self.figure.add_artist(
            Line2D(
                [x for x, _ in places],
                [y for _, y in places],
                transform=self.figure.transFigure,
                alpha=alpha,
                **line_look(stroke),
            )
        )

    def badge(self, x: float, y: float, number: str, *, face: str, size: float) -> None:
        """Draw a disc with a number in it."""
        place = self._fraction(x, y)
        self.figure.add_artist(
            Line2D(
                [place[0]],
                [place[1]],
                marker="o",
                markersize=size * 1.5 * _POINTS_AN_INCH / _DPI,
                markerfacecolor=face,
                markeredgecolor=self.palette.paper,
                markeredgewidth=1.2,
                linestyle="none",
                transform=self.figure.transFigure,
                zorder=30,
            )
        )
        self.figure.text(
            *place,
            number,
            fontproperties=font(size * (0.82 if len(number) > 1 else 1) * _POINTS_AN_INCH / _DPI, bold=True),
            color=self.palette.paper,
            ha="center",
            va="center_baseline",
            parse_math=False,
            zorder=31,
        )

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Add a plot between these edges, with our grid and without a frame."""
        width, height = self.size
        plot = self.figure.add_axes(
            (left / width, 1 - bottom / height, (right - left) / width, (bottom - top) / height)
        )
        plot.set_facecolor(self.palette.paper)
        for edge in plot.spines.values():
            edge.set_visible(False)
        plot.grid(visible=True, color=self.palette.grid, linewidth=1.1)
        plot.set_axisbelow(True)
        plot.tick_params(length=0, pad=8, colors=self.palette.muted)
        return plot

    def label_ticks(self, plot: Axes, size: float) -> None:
        """Write the ticks of a plot in our font."""
        for label in (*plot.get_xticklabels(), *plot.get_yticklabels()):
            self.letter(label, size, self.palette.muted)

    def letter(self, label: Text, size: float, colour: str) -> None:
        """Give a text of a plot our font and a colour; it is not interpreted."""
        label.set_fontproperties(font(size * _POINTS_AN_INCH / _DPI))
        label.set_color(colour)
        label.set_parse_math(False)

    def png(self) -> bytes:
        """Return the sheet as PNG."""
        target = BytesIO()
        self._agg.print_png(target, metadata={"Software": _BRAND})
        return target.getvalue()

    def _fraction(self, x: float, y: float) -> tuple[float, float]:
        return x / self.size.width, 1 - y / self.size.height


def line_look(stroke: Stroke) -> dict[str, Any]:
    """Return how matplotlib draws a stroke."""
    return {
        "color": stroke.colour,
        "linewidth": stroke.width * _POINTS_AN_INCH / _DPI,
        "linestyle": _pattern(stroke.dash),
        "zorder": 10 + stroke.rank,
        "solid_capstyle": "round",
        "solid_joinstyle": "round",
        "dash_capstyle": "butt",
    }


def _pattern(dash: Dash) -> Any:
    return (0, dash) if dash else "-"
