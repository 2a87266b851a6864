"""The command that ranks the members."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, carry_out

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
        str, typer.Option("--by", metavar="METRIC", help="Such as return, sharpe or max_drawdown.")
    ] = "value",
    season: Annotated[
        str | None, typer.Option(metavar="NAME", help="live, sample, or a replay; else live if it has books.")
    ] = None,
    net: Annotated[
        bool, typer.Option("--net", help="Take the cost of tokens off value, pnl or return.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Rank the members by the value of their portfolios, or by any other metric."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import board_arguments
        from core.domain.errors import Refused
        from core.domain.season import Season

        try:
            chosen = Season(season) if season is not None else None
        except ValueError as error:
            raise Refused(f"“{(season or '')[:50]}” names no season: {error}.") from None
        span, metric = board_arguments.period_named(period), board_arguments.metric_named(by)
        await program.leaderboard(settings, output, season=chosen, period=span, by=metric, net=net)

    carry_out(ctx, config, work, as_json=as_json)
