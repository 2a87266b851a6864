"""The command `conclave stability`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, Sample, carry_out, known_preset

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

stabilities = typer.Typer()


@stabilities.command()
def stability(
    ctx: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER")],
    times: Annotated[int, typer.Option("-k", "--times", metavar="N", help="How often each is asked.")] = 5,
    members: Annotated[str | None, typer.Option(metavar="A,B", help="Ask only these models.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="ISO", help="A time, or a date: after that day's close.")
    ] = None,
    preset: Annotated[str, typer.Option(callback=known_preset, help="quick, standard or deep.")] = "quick",
    seed: Annotated[int, typer.Option(metavar="N", help="Gives the same orders again.")] = 1,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask models the same again with shuffled evidence, and tell how often they change their mind."""
    if "" in {members, as_of}:
        raise typer.BadParameter("an option was given without its value")

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import arguments
        from bot.program_stability import check

        options = {"--preset": preset, "--members": members, "--as-of": as_of}
        given = [word for name, value in options.items() if value for word in (name, value)]
        async with program.opened(settings) as app:
            await check(app, output, arguments.run([ticker, *given]), times=times, seed=seed)

    carry_out(ctx, config, work, as_json=as_json, sample=sample)
