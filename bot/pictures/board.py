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

_MOST_TALL, _MOST_WIDE = 12, 10
_EMPHASISED = {MemberKind.COMMITTEE.value, MemberKind.CROWD.value}
_COLUMNS = (Metric.VALUE, Metric.RETURN, Metric.MAX_DRAWDOWN, Metric.SHARPE, Metric.TRADES)
_MEDALS = ("🥇", "🥈", "🥉")

Ranked = tuple[Place, Scorecard]


def leaderboard_picture(
    report: SeasonReport, *, size: Size = TALL, theme: Theme = Theme.LIGHT, title: str = "Leaderboard"
) -> bytes:
    """Return the picture of the ranking as PNG; committee and crowd are on it whatever their rank."""
    with sheet(size, theme) as canvas:
        about = [
            season_title(report.season),
            period(report),
            f"{numbers.usd(report.initial_cash_usd)} each",
        ]
        top = canvas.head(title, about, report.caveat)
        bottom = canvas.foot(marks_of(report))
        shown = _shown(report.ranking(), _MOST_TALL if size.tall else _MOST_WIDE)
        hidden = len(report.scorecards) - len(shown)
        if hidden:
            line = f"and {numbers.counted(hidden, 'other')}"
            canvas.text(canvas.margin, bottom - 16, line, size=25 * canvas.scale, colour=canvas.palette.muted)
            bottom -= 44 * canvas.scale
        (_tall if size.tall else _wide)(canvas, shown, top, bottom)
        return canvas.png()


def _shown(ranked: Sequence[Ranked], most: int) -> list[Ranked]:
    always = [card.member for _, card in ranked if card.kind in _EMPHASISED][:most]
    others = [card.member for _, card in ranked if card.kind not in _EMPHASISED][: most - len(always)]
    return [(place, card) for place, card in ranked if card.member in {*always, *others}]


def _tall(canvas: Canvas, shown: list[Ranked], top: float, bottom: float) -> None:
    """Give each member two lines: name and return, and under them the other figures."""
    height = min(112.0, (bottom - top) / max(len(shown), 1))
    left, right = float(canvas.margin), float(canvas.size.width - canvas.margin)
    widest = _widest(shown)
    for line, (place, card) in enumerate(shown):
        y = top + line * height
        upper, lower = y + height * 0.31, y + height * 0.73
        _ground(canvas, card, y, height)
        _rank(canvas, place, left + 34, y + height * 0.46, size=27)
        name_room = right - left - 90 - 230
        canvas.text(left + 84, upper, card.member, size=33, bold=_bold(card), room=name_room)
        told = figure_text(Metric.RETURN, card.figures.get(Metric.RETURN))
        colour = _colour(canvas, card)
        canvas.text(right - 14, upper, told, size=33, bold=True, colour=colour, align="right", room=220)
        beside = " · ".join(
            [
                figure_text(Metric.VALUE, card.figures.get(Metric.VALUE)),
                f"DD {figure_text(Metric.MAX_DRAWDOWN, card.figures.get(Metric.MAX_DRAWDOWN))}",
                f"{figure_text(Metric.TRADES, card.figures.get(Metric.TRADES))} trades",
            ]
        )
        canvas.text(left + 84, lower, beside, size=24, colour=canvas.palette.muted, room=right - left - 316)
        _bar(canvas, card, right - 14, lower, 200, widest)


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
            colour = _colour(canvas, card) if is_return else canvas.palette.ink
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


def _return(card: Scorecard) -> float | None:
    figure = card.figures.get(Metric.RETURN)
    return None if figure is None or figure.value is None else float(figure.value)


def _colour(canvas: Canvas, card: Scorecard) -> str:
    change = _return(card)
    if not change:
        return canvas.palette.muted
    return canvas.palette.good if change > 0 else canvas.palette.bad


def _widest(shown: list[Ranked]) -> float:
    return max((abs(_return(card) or 0.0) for _, card in shown), default=0.0)


def _bar(canvas: Canvas, card: Scorecard, right: float, y: float, room: float, widest: float) -> None:
    """Draw a bar that ends at `right`, as long as the return is large beside the largest of the picture."""
    change = _return(card) or 0.0
    canvas.bar(right - room, y - 4, room, 8, canvas.palette.grid)
    if widest > 0:
        length = room * min(abs(change) / widest, 1.0)
        canvas.bar(right - length, y - 4, length, 8, _colour(canvas, card))
