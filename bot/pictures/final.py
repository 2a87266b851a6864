"""The final table of a season as a picture."""

from typing import TYPE_CHECKING

from bot.pictures.off_loop import drawn
from core.app.app import App
from core.domain.live_season import FinalLine, FinalTable
from core.domain.scores import Figure, Metric, Scorecard
from core.domain.season import Season
from core.domain.season_report import Minimums, Place, SeasonReport

if TYPE_CHECKING:
    from bot.pictures.look import Size, Theme


async def final_picture(
    app: App, season: Season, *, size: "Size | None" = None, theme: "Theme | None" = None
) -> bytes:
    """Return the final table of a season that has ended as PNG, upright and light if nothing else is said.

    Drawn off the event loop, within the time that any picture has.

    Raises:
        NotFound: no live season of this name has ended.
        PictureFailed: it took too long.
    """
    table = await app.final_table(season)

    def draw() -> bytes:
        from bot.pictures.board import leaderboard_picture
        from bot.pictures.look import TALL, Theme

        report = _report(table)
        return leaderboard_picture(report, size=size or TALL, theme=theme or Theme.LIGHT, title="Final table")

    return await drawn(draw)


def _report(table: FinalTable) -> SeasonReport:
    """Return the table as a report, of which the picture shows the ranking; every figure is a fact by now."""
    return SeasonReport(
        season=table.season,
        made_at=table.ended_at,
        first=table.first,
        last=table.last,
        initial_cash_usd=table.initial_cash_usd,
        benchmark=table.benchmark,
        caveat=table.caveat,
        minimums=Minimums(0, 0, 0),
        scorecards=tuple(_card(table, line) for line in table.lines),
        places={line.member: Place(line.rank, line.medal) for line in table.lines},
    )


def _card(table: FinalTable, line: FinalLine) -> Scorecard:
    change = None if line.return_ratio is None else float(line.return_ratio)
    figures = {
        Metric.VALUE: line.value_usd,
        Metric.RETURN: change,
        Metric.MAX_DRAWDOWN: line.max_drawdown,
        Metric.TRADES: float(line.trades),
    }
    return Scorecard(
        season=table.season,
        member=line.member,
        kind=line.kind,
        first=table.first,
        last=table.last,
        figures={metric: Figure(value=value, sample=1) for metric, value in figures.items()},
    )
