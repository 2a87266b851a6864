"""The command that ranks the members."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, InSeason, carry_out, season_named

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

board = typer.Typer()


@board.command()
def leaderboard(
    ctx: typer.Context,
    period: Annotated[
        str, typer.Option(metavar="P", help="all, or days back from the newest session, such as 7d.")
    ] = "all",
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="METRIC", help="Such as return, sharpe or max_drawdown; docs/scores.md has all."
        ),
    ] = "value",
    season: InSeason = None,
    net: Annotated[
        bool, typer.Option("--net", help="Take the cost of tokens off value, pnl or return.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Rank the members by the value of their portfolios, or by any other metric."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import board_arguments

        chosen = season_named(season)
        span, metric = board_arguments.period_named(period), board_arguments.metric_named(by)
        await program.leaderboard(settings, output, season=chosen, period=span, by=metric, net=net)

    carry_out(ctx, config, work, as_json=as_json)
