"""The commands `conclave ask` and `conclave tests`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, Sample, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

asks = typer.Typer()


@asks.command()
def ask(
    ctx: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER")],
    model: Annotated[str | None, typer.Option(metavar="M", help="Ask this one.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Ask only local models.")] = False,
    urgent: Annotated[bool, typer.Option("--urgent", help="You are in a hurry.")] = False,
    task: Annotated[str | None, typer.Option(metavar="T", help="simple, analysis or complex.")] = None,
    stake: Annotated[str | None, typer.Option(metavar="USD", help="What the order is worth.")] = None,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask one model, which the rules of [routing] choose; no portfolio trades on it."""
    if "" in {model, task, stake}:
        raise typer.BadParameter("an option was given without its value")

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot import ask_arguments
        from bot.program_ask import ask as ask_one

        options = {"--model": model, "--task": task, "--stake": stake}
        given = [f"{name}={value}" for name, value in options.items() if value]
        flags = [f"--{name}" for name, wanted in (("private", private), ("urgent", urgent)) if wanted]
        wanted = ask_arguments.ask([ticker, *given, *flags])
        async with program.opened(settings) as app:
            return await ask_one(app, output, wanted)

    carry_out(ctx, config, work, as_json=as_json, sample=sample)


@asks.command()
def tests(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Show how the tests of [[routing.tests]] stand."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot.program_ask import tests as show_tests

        async with program.opened(settings) as app:
            await show_tests(app, output)

    carry_out(ctx, config, work, as_json=as_json)
