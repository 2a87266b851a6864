"""The command `conclave report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import Config, InSeason, carry_out, season_named

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings
    from core.domain.run import RunRecord
    from core.domain.season import Season
    from core.domain.stage import ModelChat


reports = typer.Typer()


@reports.command()
def report(
    ctx: typer.Context,
    season: InSeason = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to (else conclave-report-SEASON.html).")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also draw its curves and ranking as PNG, into DIR.")
    ] = None,
    chats: Annotated[bool, typer.Option("--chats/--no-chats", help="With every ModelChat.")] = True,
    config: Config = None,
) -> None:
    """Write a season's standings, curves, calibration and runs as one HTML file."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        wanted = season_named(season)
        async with program.opened(settings) as arena:
            written = await write(arena, wanted, out, with_chats=chats)
            output.sentence(f"The report is in {written}.")
            if pictures is not None:
                from bot.report.pictures import write_pictures

                drawn = await write_pictures(await arena.season_report(wanted), pictures)
                output.sentence(f"In {pictures} are {', '.join(path.name for path in drawn)}.")

    carry_out(ctx, config, work)


async def write(arena: Any, season: "Season | None", out: Path | None, *, with_chats: bool) -> Path:
    """Write the report of a season of `arena` (a `core.app.app.App`), and return where it is.

    The ModelChats are asked for run by run, so that a long season needs no more memory than a short one.

    Raises:
        NotFound: there is no such season.
        Refused: the file cannot be written.
    """
    from bot.facts import zone_of
    from bot.report import write_report

    facts = await arena.season_report(season, with_chats=False)

    async def chats_of(record: "RunRecord") -> "Sequence[ModelChat]":
        if not with_chats:
            return ()
        return [await arena.model_chat(record.run_id, seat.member) for seat in record.seats]

    path = out or Path(f"conclave-report-{facts.season}.html")
    await write_report(facts, path, zone=zone_of(arena), chats_of=chats_of)
    return path
