"""The commands of whoever keeps the books."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, InSeason, carry_out, season_named

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

books = typer.Typer()


def _known_format(text: str | None) -> str | None:
    from core.domain.export import ExportFormat

    if text is not None and text not in list(ExportFormat):
        raise typer.BadParameter(f"“{text[:30]}” is not a format; choose one of {', '.join(ExportFormat)}")
    return text


@books.command()
def audit(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Prove that every portfolio follows from its ledger; exit 1 with a list of what does not."""

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        from bot import program_books

        async with program.opened(settings) as app:
            return await program_books.audit(app, output)

    carry_out(ctx, config, work, as_json=as_json)


@books.command()
def export(
    ctx: typer.Context,
    season: InSeason = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Else export-SEASON, here.")] = None,
    only: Annotated[
        str | None, typer.Option("--format", callback=_known_format, help="csv or json; else both.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an export that is there already.")] = False,
    config: Config = None,
) -> None:
    """Write everything that a season's figures are made of, as CSV and JSON."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot import program_books
        from core.domain.export import ExportFormat

        formats = (ExportFormat(only),) if only else tuple(ExportFormat)
        wanted = season_named(season)
        async with program.opened(settings) as app:
            await program_books.export(app, output, season=wanted, folder=out, formats=formats, force=force)

    carry_out(ctx, config, work)
