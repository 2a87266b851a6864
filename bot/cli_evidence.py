"""The commands about what a run would be told."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, Sample, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

packs = typer.Typer()


@packs.command()
def evidence(
    ctx: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="ISO", help="A time, or a date: after that day's close.")
    ] = None,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the evidence that a run would have, as its members read it; no model is asked."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_evidence
        from core.app.moments import as_of_from

        moment = None if as_of is None else as_of_from(as_of)
        async with program.opened(settings) as app:
            await program_evidence.show(app, output, ticker, moment)

    carry_out(ctx, config, work, as_json=as_json, sample=sample)


@packs.command()
def lookahead(
    ctx: typer.Context,
    ticker: Annotated[str, typer.Argument(metavar="TICKER")],
    as_of: Annotated[
        str,
        typer.Option("--as-of", metavar="ISO", help="A time, or a date: after that day's close."),
    ],
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Prove that no prompt knows the future: each vendor's is changed, and every byte must stay."""

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot import program_evidence
        from core.app.moments import as_of_from

        async with program.opened(settings) as app:
            return await program_evidence.look_ahead(app, output, ticker, as_of_from(as_of))

    carry_out(ctx, config, work, as_json=as_json, sample=sample)
