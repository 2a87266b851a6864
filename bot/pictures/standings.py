"""The leaderboard as it stands right now, as a picture."""

from datetime import UTC, datetime

from bot.pictures.board import leaderboard_picture
from bot.pictures.look import TALL, Size, Theme
from bot.present.scores import metric_within
from core.domain.books import Leaderboard, Standing
from core.domain.period import ALL
from core.domain.scores import Figure, Metric, Scorecard
from core.domain.season_report import Minimums, Place, SeasonReport

_ROW, _SMALL_ROW, _REST = 112, 84, 330
_ROOMY = 9
# Higher than wide, or it would be drawn as for a wide screen.
_LOWEST, _TALLEST = 1100, 2010


def standings_picture(board: Leaderboard, *, theme: Theme = Theme.LIGHT) -> bytes:
    """Return the picture of a ranking as PNG, as high as its members need, up to 1080 x 2010 pixels.

    The large figure of each member is that by which the board ranks, or its return where it ranks by value.
    """
    count = len(board.standings)
    wanted = _REST + count * _ROW if count <= _ROOMY else max(_REST + count * _SMALL_ROW, TALL.height)
    height = min(max(wanted, _LOWEST), _TALLEST)
    by = Metric.RETURN if board.by is Metric.VALUE else board.by
    label = metric_within(by) if by not in {Metric.RETURN, Metric.PNL} else ""
    about = [f"last {board.period[:-1]} days"] if board.period != ALL else []
    about += [f"by {label}"] if label else []
    about += ["after token cost"] if board.net_of_tokens else []
    return leaderboard_picture(
        _report(board, by), size=Size(TALL.width, height), theme=theme, by=by, about=about
    )


def _report(board: Leaderboard, by: Metric) -> SeasonReport:
    """Return the board as a report, of which the picture shows the ranking."""
    return SeasonReport(
        season=board.season,
        made_at=datetime.min.replace(tzinfo=UTC),  # is not on the picture
        first=board.first,
        last=board.marks_to or board.last,
        initial_cash_usd=board.initial_cash_usd,
        benchmark=board.benchmark,
        caveat=board.caveat,
        minimums=Minimums(0, 0, 0),
        scorecards=tuple(_card(board, one, by) for one in board.standings),
        places={one.member: Place(one.rank, one.medal) for one in board.standings},
    )


def _card(board: Leaderboard, one: Standing, by: Metric) -> Scorecard:
    """Return a member's figures: those that move between closes as of the latest marks."""
    change = None if one.return_ratio is None else float(one.return_ratio)
    figures = dict(one.figures) | {
        Metric.VALUE: Figure(value=one.value_usd, sample=1),
        Metric.RETURN: Figure(value=change, sample=1),
        Metric.PNL: Figure(value=one.pnl_usd, sample=1),
        Metric.TRADES: Figure(value=float(one.trades), sample=1),
    }
    if one.score is not None and board.by is by:
        figures[by] = one.score
    return Scorecard(
        season=board.season,
        member=one.member,
        kind=one.kind,
        first=board.first,
        last=board.last,
        figures=figures,
    )
