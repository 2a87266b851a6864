"""A ticker's closing prices, where a member bought and sold it, and the levels of what it holds."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from matplotlib.axes import Axes

from bot.pictures.canvas import Canvas, line_look, sheet
from bot.pictures.look import SOLID, TALL, Dash, Size, Stroke, Theme
from bot.pictures.scales import date_ticks, limits, money_tick, round_ticks
from bot.present import numbers
from bot.present.season import season_title, span
from core.domain.bars import Bar
from core.domain.books import Side
from core.domain.price_history import Entry, PriceHistory

_MARK = 17.0
_CROWDED_MARK, _CROWDED = 12.0, 12
# A level so far off would press the prices into a flat line; the legend alone tells it then.
_REACH = 1.2


class _Level(NamedTuple):
    """A price that is drawn as a line across the plot, and how it is called."""

    name: str
    price: Decimal
    stroke: Stroke


def price_chart(history: PriceHistory, *, size: Size = TALL, theme: Theme = Theme.LIGHT) -> bytes:
    """Return the picture of a ticker's closes (USD a share) with a member's entries and levels, as PNG."""
    bars, entries = history.bars, history.entries
    with sheet(size, theme) as canvas:
        about = [season_title(history.season)]
        if bars:
            about.append(span(bars[0].date, bars[-1].date))
        about.append("daily closes, USD a share")
        if history.earlier:
            about.append(f"{numbers.counted(history.earlier, 'trade')} before that")
        top = canvas.head(f"{history.ticker} and {history.member}", about, history.caveat)
        bottom = canvas.foot(f"Prices up to {numbers.day(bars[-1].date)}." if bars else "No prices.")
        letters = 28.0 if size.tall else 21.0
        levels = _levels(canvas, history)
        low, high = _limits(bars, entries, levels)
        legend = _legend(canvas, history, levels, (low, high), bottom, letters)
        edge = canvas.size.width - canvas.margin - 20
        plot = canvas.axes(canvas.margin + letters * 4.4, top + 16, edge, legend - letters * 2.6)
        plot.set_ylim(low, high)
        heights = round_ticks(low, high)
        plot.set_yticks(heights, _ticks(heights))
        _closes(canvas, plot, bars, low)
        for level in levels:
            if low <= float(level.price) <= high:
                plot.axhline(float(level.price), **line_look(level.stroke))
        _marks(canvas, plot, [one for one in entries if one.fill.side is Side.BUY], "^", canvas.palette.good)
        _marks(canvas, plot, [one for one in entries if one.fill.side is Side.SELL], "v", canvas.palette.bad)
        canvas.label_ticks(plot, letters)
        return canvas.png()


def _levels(canvas: Canvas, history: PriceHistory) -> list[_Level]:
    held, palette = history.position, canvas.palette
    if held is None:
        return []
    dotted: Dash = (2.2, 1.6)
    wanted = [
        ("average cost", held.average_cost, Stroke(palette.ink, 2.4, (7, 2.2), 2)),
        ("take profit", held.take_profit, Stroke(palette.good, 2.6, dotted, 2)),
        ("stop loss", held.stop_loss, Stroke(palette.bad, 2.6, dotted, 2)),
    ]
    return [_Level(name, price, stroke) for name, price, stroke in wanted if price is not None and price > 0]


def _limits(bars: Sequence[Bar], entries: Sequence[Entry], levels: Sequence[_Level]) -> tuple[float, float]:
    """Return the ends of the scale: all prices, and the levels that are not too far from them."""
    shown = [float(bar.close) for bar in bars] + [float(one.price) for one in entries]
    if not shown:
        return limits([float(level.price) for level in levels])
    low, high = min(shown), max(shown)
    reach = max((high - low) * _REACH, high * 0.02)
    near = [float(level.price) for level in levels if low - reach <= float(level.price) <= high + reach]
    return limits([*shown, *near])


def _legend(
    canvas: Canvas,
    history: PriceHistory,
    levels: Sequence[_Level],
    ends: tuple[float, float],
    bottom: float,
    letters: float,
) -> float:
    """Write what the marks and lines mean, in two columns, and return where that begins."""
    buys = sum(one.fill.side is Side.BUY for one in history.entries)
    sells = len(history.entries) - buys
    palette = canvas.palette
    signs = [("▲", numbers.counted(buys, "buy"), palette.good)] if buys else []
    signs += [("▼", numbers.counted(sells, "sell"), palette.bad)] if sells else []
    if not signs:
        signs = [("", "no trades in these days", palette.muted)]
    count = len(signs) + len(levels)
    rows, row = math.ceil(count / 2), letters * 1.75
    top = bottom - rows * row - letters * 0.3
    width = canvas.inner / 2
    for number in range(count):
        column, place = divmod(number, rows)
        x, y = canvas.margin + column * width, top + (place + 0.5) * row
        room = width - letters * 2.4 - 16
        if number < len(signs):
            sign, told, colour = signs[number]
            canvas.text(x + letters * 0.9, y, sign, size=letters, colour=colour, align="center")
            canvas.text(x + letters * 2.3, y, told, size=letters, colour=colour, bold=True, room=room)
            continue
        level = levels[number - len(signs)]
        away = " ↓" if float(level.price) < ends[0] else " ↑" if float(level.price) > ends[1] else ""
        canvas.line([(x, y), (x + letters * 1.8, y)], level.stroke)
        told = f"{level.name} {numbers.price(level.price)}{away}"
        canvas.text(x + letters * 2.3, y, told, size=letters, room=room)
    return top


def _ticks(heights: Sequence[float]) -> list[str]:
    """Write the heights of the scale; where whole dollars would tell two of them alike, with their cents."""
    told = [money_tick(height) for height in heights]
    if len({*told}) == len(told):
        return told
    return [numbers.price(Decimal(str(round(height, 6)))) if height > 0 else "$0" for height in heights]


def _closes(canvas: Canvas, plot: Axes, bars: Sequence[Bar], low: float) -> None:
    if not bars:
        plot.set_xticks([])
        return
    first, last = bars[0].date, bars[-1].date
    plot.set_xlim(first.toordinal() - 1, last.toordinal() + 1)
    marks = date_ticks(first, last)
    plot.set_xticks([day.toordinal() for day, _ in marks], [told for _, told in marks])
    stroke = Stroke(canvas.palette.models[0], 4, SOLID, 1)
    marker = "o" if len(bars) == 1 else ""
    days, closes = [bar.date.toordinal() for bar in bars], [float(bar.close) for bar in bars]
    plot.plot(days, closes, **line_look(stroke), marker=marker, markersize=_MARK / 2)
    plot.fill_between(days, closes, low, color=stroke.colour, alpha=0.08, linewidth=0, zorder=2)


def _marks(canvas: Canvas, plot: Axes, entries: Sequence[Entry], marker: str, colour: str) -> None:
    plot.plot(
        [one.fill.session.toordinal() for one in entries],
        [float(one.price) for one in entries],
        marker=marker,
        markersize=_MARK if len(entries) <= _CROWDED else _CROWDED_MARK,
        color=colour,
        markeredgecolor=canvas.palette.paper,
        markeredgewidth=1.8,
        linestyle="none",
        zorder=20,
        clip_on=False,
    )
