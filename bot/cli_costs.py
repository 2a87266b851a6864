"""The command `conclave costs`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

spending = typer.Typer()


@spending.command()
def costs(
    ctx: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="GROUP",
            help="day, model, key, tier, chat, person, stage, purpose or provider.",
        ),
    ] = "model",
    period: Annotated[str, typer.Option(metavar="P", help="today, 7d, any number of days, or all.")] = "7d",
    who_saw: Annotated[
        str | None,
        typer.Option(
            "--who-saw", metavar="SHA256|RUN", help="Who was shown this evidence, or asked in a run."
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what the calls to models cost, or which model was shown which evidence, and for whom."""
    if as_csv and as_json:
        raise typer.BadParameter("choose one of --json and --csv")

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_costs
        from bot.cost_arguments import group_named, period_named

        group, time = group_named(by), period_named(period)
        async with program.opened(settings) as app:
            if who_saw is not None:
                await program_costs.who_saw(app, output, who_saw, as_csv=as_csv)
            else:
                await program_costs.costs(app, output, group, time, as_csv=as_csv)

    carry_out(ctx, config, work, as_json=as_json)
