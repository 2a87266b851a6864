"""A ticker's closing prices, and where a member bought and sold."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from bot.pictures.canvas import Canvas, line_look, sheet
from bot.pictures.look import SOLID, TALL, Size, Stroke, Theme
from bot.pictures.scales import date_ticks, limits, money_tick, round_ticks
from bot.present import numbers
from bot.present.season import season_title
from core.domain.bars import Bar
from core.domain.books import Fill, Side
from core.domain.season import Season

_MARK = 15.0


def price_chart(
    ticker: str,
    bars: Sequence[Bar],
    fills: Sequence[Fill],
    season: Season,
    *,
    member: str | None = None,
    caveat: str | None = None,
    size: Size = TALL,
    theme: Theme = Theme.LIGHT,
) -> bytes:
    """Return the picture of a ticker's closes (USD a share, oldest first) with the fills in it, as PNG.

    Only fills of `ticker` in the sessions shown are drawn, those of `member` where one is named.
    """
    sessions = {bar.date for bar in bars}
    shown = [
        fill
        for fill in fills
        if fill.ticker == ticker and fill.session in sessions and member in {None, fill.member}
    ]
    bought = [fill for fill in shown if fill.side is Side.BUY]
    sold = [fill for fill in shown if fill.side is Side.SELL]
    with sheet(size, theme) as canvas:
        who = f"{ticker} and {member}" if member else f"{ticker} and its trades"
        about = [season_title(season)]
        if bars:
            about.append(f"{numbers.day(bars[0].date)} to {numbers.day(bars[-1].date)}")
        about.append("closes, USD a share")
        top = canvas.head(who, about, caveat)
        bottom = canvas.foot(f"Marks of {numbers.day(bars[-1].date)}." if bars else "No prices.")
        letters = 25.0 if size.tall else 21.0
        edge = canvas.size.width - canvas.margin - 20
        plot = canvas.axes(canvas.margin + letters * 4.4, top + 62, edge, bottom - 50)
        _key(canvas, top + 22, letters, len(bought), len(sold))
        _closes(canvas, plot, bars, shown)
        _marks(canvas, plot, bought, "^", canvas.palette.good)
        _marks(canvas, plot, sold, "v", canvas.palette.bad)
        canvas.label_ticks(plot, letters)
        return canvas.png()


def _key(canvas: Canvas, y: float, letters: float, bought: int, sold: int) -> None:
    x = float(canvas.margin)
    entries = (
        ("▲", numbers.counted(bought, "buy"), canvas.palette.good),
        ("▼", numbers.counted(sold, "sell"), canvas.palette.bad),
    )
    for sign, told, colour in entries:
        canvas.text(x, y, f"{sign} {told}", size=letters, colour=colour, bold=True)
        x += letters * 8


def _closes(canvas: Canvas, plot: Axes, bars: Sequence[Bar], fills: Sequence[Fill]) -> None:
    low, high = limits([float(bar.close) for bar in bars] + [float(fill.price) for fill in fills])
    plot.set_ylim(low, high)
    heights = round_ticks(low, high)
    plot.set_yticks(heights, [money_tick(height) for height in heights])
    if not bars:
        plot.set_xticks([])
        return
    first, last = bars[0].date, bars[-1].date
    plot.set_xlim(first.toordinal() - 0.5, last.toordinal() + 0.5)
    marks = date_ticks(first, last)
    plot.set_xticks([day.toordinal() for day, _ in marks], [told for _, told in marks])
    stroke = Stroke(canvas.palette.models[0], 4, SOLID, 1)
    marker = "o" if len(bars) == 1 else ""
    days, closes = [bar.date.toordinal() for bar in bars], [float(bar.close) for bar in bars]
    plot.plot(days, closes, **line_look(stroke), marker=marker)
    plot.fill_between(days, closes, low, color=stroke.colour, alpha=0.08, linewidth=0, zorder=2)


def _marks(canvas: Canvas, plot: Axes, fills: Sequence[Fill], marker: str, colour: str) -> None:
    plot.plot(
        [fill.session.toordinal() for fill in fills],
        [float(fill.price) for fill in fills],
        marker=marker,
        markersize=_MARK,
        color=colour,
        markeredgecolor=canvas.palette.paper,
        markeredgewidth=1.5,
        linestyle="none",
        zorder=20,
    )
