"""The leaderboard as a picture: rank, member, return as a bar, and the figures beside it."""

from collections.abc import Sequence

from bot.pictures.canvas import Canvas, sheet
from bot.pictures.look import TALL, Size, Theme
from bot.present import numbers
from bot.present.scores import figure_text, metric_short
from bot.present.season import marks_of, period, season_title
from core.domain.member import MemberKind
from core.domain.scores import Metric, Scorecard
from core.domain.season_report import Place, SeasonReport

_ROW, _LEAST_ROW, _MOST_WIDE = 112.0, 78.0, 10
_EMPHASISED = {MemberKind.COMMITTEE.value, MemberKind.CROWD.value}
_COLUMNS = (Metric.VALUE, Metric.RETURN, Metric.MAX_DRAWDOWN, Metric.SHARPE, Metric.TRADES)
_GAINS = {
    *(Metric.PNL, Metric.RETURN, Metric.ANNUAL_RETURN, Metric.RETURN_AFTER_TOKENS),
    *(Metric.ALPHA, Metric.BEST_TRADE, Metric.WORST_TRADE),
}
_MEDALS = ("🥇", "🥈", "🥉")

Ranked = tuple[Place, Scorecard]


def leaderboard_picture(
    report: SeasonReport,
    *,
    size: Size = TALL,
    theme: Theme = Theme.LIGHT,
    title: str = "Leaderboard",
    by: Metric = Metric.RETURN,
    about: Sequence[str] = (),
) -> bytes:
    """Return the picture of the ranking as PNG; committee and crowd are on it whatever their rank.

    An upright one shows each member's figure of `by` large and as a bar. `about` stands under the title.
    """
    with sheet(size, theme) as canvas:
        told = [season_title(report.season), period(report), *about]
        told.append(f"{numbers.usd(report.initial_cash_usd)} each")
        top = canvas.head(title, told, report.caveat)
        bottom = canvas.foot(marks_of(report))
        shown = _shown(report.ranking(), int((bottom - top) / _LEAST_ROW) if size.tall else _MOST_WIDE)
        hidden = len(report.scorecards) - len(shown)
        if hidden:
            line = f"and {numbers.counted(hidden, 'other')}"
            canvas.text(canvas.margin, bottom - 16, line, size=25 * canvas.scale, colour=canvas.palette.muted)
            bottom -= 44 * canvas.scale
        if size.tall:
            _tall(canvas, shown, by, top, bottom)
        else:
            _wide(canvas, shown, top, bottom)
        return canvas.png()


def _shown(ranked: Sequence[Ranked], most: int) -> list[Ranked]:
    always = [card.member for _, card in ranked if card.kind in _EMPHASISED][:most]
    others = [card.member for _, card in ranked if card.kind not in _EMPHASISED][: most - len(always)]
    return [(place, card) for place, card in ranked if card.member in {*always, *others}]


def _tall(canvas: Canvas, shown: list[Ranked], by: Metric, top: float, bottom: float) -> None:
    """Give each member two lines: name and what it is ranked by, and under them the other figures."""
    height = min(_ROW, (bottom - top) / max(len(shown), 1))
    left, right = float(canvas.margin), float(canvas.size.width - canvas.margin)
    widest = max((abs(_figure(card, by) or 0.0) for _, card in shown), default=0.0)
    for line, (place, card) in enumerate(shown):
        y = top + line * height
        upper, lower = y + height * 0.31, y + height * 0.73
        _ground(canvas, card, y, height)
        _rank(canvas, place, left + 34, y + height * 0.46, size=27)
        name_room = right - left - 90 - 280
        canvas.text(left + 84, upper, card.member, size=33, bold=_bold(card), room=name_room)
        told = figure_text(by, card.figures.get(by))
        colour = _colour(canvas, card, by)
        canvas.text(right - 14, upper, told, size=33, bold=True, colour=colour, align="right", room=270)
        beside = [figure_text(Metric.VALUE, card.figures.get(Metric.VALUE))]
        if by not in {Metric.RETURN, Metric.PNL}:
            beside.append(figure_text(Metric.RETURN, card.figures.get(Metric.RETURN)))
        if by is not Metric.MAX_DRAWDOWN and (fall := card.figures.get(Metric.MAX_DRAWDOWN)):
            beside.append(f"DD {figure_text(Metric.MAX_DRAWDOWN, fall)}")
        beside.append(f"{figure_text(Metric.TRADES, card.figures.get(Metric.TRADES))} trades")
        told, room = " · ".join(beside), right - left - 316
        canvas.text(left + 84, lower, told, size=25, colour=canvas.palette.muted, room=room)
        _bar(canvas, _figure(card, by) or 0.0, colour, right - 14, lower, 200, widest)


def _wide(canvas: Canvas, shown: list[Ranked], top: float, bottom: float) -> None:
    """Give each member one line under the names of the columns."""
    left, right = float(canvas.margin), float(canvas.size.width - canvas.margin)
    edges = [right - 14 - 138 * place for place in reversed(range(len(_COLUMNS)))]
    for edge, metric in zip(edges, _COLUMNS, strict=True):
        muted = canvas.palette.muted
        canvas.text(edge, top + 8, metric_short(metric), size=19, colour=muted, align="right", room=132)
    top += 26
    height = min(48.0, (bottom - top) / max(len(shown), 1))
    for line, (place, card) in enumerate(shown):
        y = top + line * height
        middle = y + height * 0.5
        _ground(canvas, card, y, height)
        _rank(canvas, place, left + 28, middle, size=18)
        name_room = edges[0] - left - 60 - 150
        canvas.text(left + 60, middle, card.member, size=22, bold=_bold(card), room=name_room)
        for edge, metric in zip(edges, _COLUMNS, strict=True):
            told = figure_text(metric, card.figures.get(metric))
            is_return = metric is Metric.RETURN
            colour = _colour(canvas, card, metric) if is_return else canvas.palette.ink
            canvas.text(edge, middle, told, size=21, bold=is_return, colour=colour, align="right", room=132)


def _bold(card: Scorecard) -> bool:
    return card.kind in _EMPHASISED


def _ground(canvas: Canvas, card: Scorecard, y: float, height: float) -> None:
    if card.kind in _EMPHASISED:
        face = canvas.palette.panel
        canvas.box(canvas.margin, y + 1, canvas.inner, height - 2, face=face, edge=None)
    else:
        canvas.bar(canvas.margin, y + height - 1, canvas.inner, 1, canvas.palette.grid)


def _rank(canvas: Canvas, place: Place, x: float, y: float, *, size: float) -> None:
    told = str(place.rank) if place.rank else "—"
    if place.medal in _MEDALS:
        canvas.badge(x, y, told, face=canvas.palette.medals[_MEDALS.index(place.medal)], size=size)
    else:
        canvas.text(x, y, told, size=size, colour=canvas.palette.muted, align="center")


def _figure(card: Scorecard, metric: Metric) -> float | None:
    figure = card.figures.get(metric)
    return None if figure is None or figure.value is None else float(figure.value)


def _colour(canvas: Canvas, card: Scorecard, by: Metric) -> str:
    """Return green for gains and red for losses, and no colour where a figure is neither."""
    change = _figure(card, by)
    if not change:
        return canvas.palette.muted
    if by not in _GAINS:
        return canvas.palette.ink
    return canvas.palette.good if change > 0 else canvas.palette.bad


def _bar(
    canvas: Canvas, figure: float, colour: str, right: float, y: float, room: float, widest: float
) -> None:
    """Draw a bar that ends at `right`, as long as the figure is large beside the largest of the picture."""
    canvas.bar(right - room, y - 4, room, 8, canvas.palette.grid)
    if widest > 0:
        length = room * min(abs(figure) / widest, 1.0)
        canvas.bar(right - length, y - 4, length, 8, colour)
