"""The command `conclave rerun`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, carry_out, known_preset

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

reruns = typer.Typer()


@reruns.command()
def rerun(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="RUN|TICKER")],
    members: Annotated[
        str | None, typer.Option(metavar="A,B", help="Ask these members, instead of those of the run.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(callback=known_preset, help="quick, standard or deep; else that of the run.")
    ] = None,
    prompts: Annotated[
        bool, typer.Option("--prompts", help="Ask nobody: build every prompt again from the record.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask about the evidence of an old run again, and compare; nothing is traded."""
    if prompts and (members is not None or preset):
        raise typer.BadParameter("--prompts asks nobody; give it alone")
    if members is not None and not members.strip(" ,"):
        raise typer.BadParameter("an option was given without its value")

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot import program_rerun
        from bot.replaying import split_list
        from core.domain.stage import Preset

        if prompts:
            async with program.opened(settings) as app:
                return await program_rerun.prompts(app, output, reference)
        names = split_list([members]) if members else ()
        wanted = Preset(preset) if preset else None
        return bool(await program.rerun(settings, output, reference, members=names, preset=wanted))

    carry_out(ctx, config, work, as_json=as_json)
