"""The commands about live seasons."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

season = typer.Typer(help="Show, start and end the arena's live seasons.", invoke_without_command=True)

_Yes = Annotated[bool, typer.Option("--yes", help="Freeze the open season without asking again.")]


@season.callback()
def status(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Show, start and end the arena's live seasons; alone, say where the season stands and list all."""
    if ctx.invoked_subcommand is not None:
        return

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_seasons

        async with program.opened(settings) as app:
            await program_seasons.status(app, output)

    carry_out(ctx, config, work, as_json=as_json)


@season.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """List all seasons with their days, state and winner."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_seasons

        async with program.opened(settings) as app:
            await program_seasons.listed(app, output)

    carry_out(ctx, config, work, as_json=as_json)


@season.command()
def show(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table as a picture (PNG) too.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the final table of a live season that has ended."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_seasons, season_arguments

        chosen = season_arguments.named(name)
        async with program.opened(settings) as app:
            await program_seasons.show(app, output, chosen, picture)

    carry_out(ctx, config, work, as_json=as_json)


@season.command()
def start(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    first: Annotated[str | None, typer.Option("--from", metavar="D", help="First day; else today.")] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="D", help="Last day; else until somebody ends it.")
    ] = None,
    yes: _Yes = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Start a fresh live season, in which everyone has the initial cash; the open one is frozen."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_seasons, season_arguments

        chosen = season_arguments.named(name)
        days = [season_arguments.day_named(text) if text is not None else None for text in (first, last)]
        async with program.opened(settings) as app:
            await program_seasons.start(app, output, chosen, days[0], days[1], yes=yes)

    carry_out(ctx, config, work, as_json=as_json)


@season.command()
def end(
    ctx: typer.Context,
    on: Annotated[
        str | None, typer.Option("--on", metavar="D", help="End after the last session until this day.")
    ] = None,
    yes: _Yes = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Freeze the open live season now, or set the day on which it ends."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_seasons, season_arguments

        day = season_arguments.day_named(on) if on is not None else None
        async with program.opened(settings) as app:
            await program_seasons.end(app, output, day, yes=yes)

    carry_out(ctx, config, work, as_json=as_json)
