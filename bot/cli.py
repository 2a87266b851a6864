"""The command line: reads words, says which use case, and turns every failure into one sentence."""

import contextlib
import logging
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_arena import arena
from bot.cli_ask import asks
from bot.cli_board import board
from bot.cli_books import books
from bot.cli_config import configuration
from bot.cli_costs import spending
from bot.cli_evidence import packs
from bot.cli_import import imports
from bot.cli_report import reports
from bot.cli_rerun import reruns
from bot.cli_season import season as seasons
from bot.cli_setup import setup
from bot.cli_stability import stabilities
from bot.cli_work import AsJson, Config, InSeason, Sample, carry_out, known_preset, season_named

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings
    from core.domain.stage import Stage

app = typer.Typer(
    name="conclave",
    help="Many language models sit as one investment committee. Paper trading only, not advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
database = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.add_typer(database, name="db")
app.add_typer(seasons, name="season")
app.add_typer(setup, name="setup")
app.add_typer(configuration, name="config")
app.add_typer(arena)
app.add_typer(asks)
app.add_typer(board)
app.add_typer(spending)
app.add_typer(packs)
app.add_typer(reports)
app.add_typer(imports)
app.add_typer(books)
app.add_typer(stabilities)
app.add_typer(reruns)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more, to stderr.")] = False,
) -> None:
    """Many language models sit as one investment committee. Paper trading only, not advice."""
    if show_version:
        with contextlib.suppress(PackageNotFoundError):
            typer.echo(f"conclave {version('conclave')}")
        raise typer.Exit
    ctx.obj = logging.INFO if verbose or ctx.invoked_subcommand == "serve" else logging.WARNING


@app.command()
def run(
    ctx: typer.Context,
    tickers: Annotated[list[str] | None, typer.Argument(metavar="TICKER...", help="Up to five.")] = None,
    preset: Annotated[
        str | None, typer.Option(callback=known_preset, help="quick, standard or deep.")
    ] = None,
    members: Annotated[str | None, typer.Option(metavar="A,B", help="Ask only these members.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="ISO", help="A time, or a date: after that day's close.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="A=1,B=0.5", help="How much ballots count in this run alone.")
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Continue an interrupted run.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask about the cost.")] = False,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask the committee about one or more tickers."""
    if bool(tickers) == bool(resume):
        raise typer.BadParameter("name at least one ticker, or a run with --resume, and not both")
    if resume and (preset or members or as_of or sample or weights):
        raise typer.BadParameter("a resumed run keeps its preset, members and moment; give --resume alone")
    if "" in {members, as_of, weights}:
        raise typer.BadParameter("an option was given without its value")

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        if resume:
            return bool(await program.resume(settings, output, resume))
        from bot import arguments
        from bot.weight_arguments import weights_from

        options = {"--preset": preset, "--members": members, "--as-of": as_of}
        given = [word for name, value in options.items() if value for word in (name, value)]
        wanted = arguments.run([*(tickers or []), *given])
        return bool(
            await program.run(
                settings,
                output,
                wanted.tickers,
                preset=wanted.preset,
                members=wanted.members,
                as_of=wanted.as_of,
                weights=weights_from(weights or ""),
                confirmed=yes,
            )
        )

    carry_out(ctx, config, work, as_json=as_json, sample=sample)


@app.command()
def why(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="TICKER|RUN")],
    member: Annotated[str | None, typer.Argument(metavar="MEMBER")] = None,
    stage: Annotated[str | None, typer.Argument(metavar="STAGE")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show a verdict, or one member's reasoning."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.why(settings, output, reference, member, _stage(stage))

    carry_out(ctx, config, work, as_json=as_json)


@app.command()
def portfolio(
    ctx: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER")],
    season: InSeason = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show one member's cash, holdings, waiting orders and last fills."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.portfolio(settings, output, member, season_named(season))

    carry_out(ctx, config, work, as_json=as_json)


@app.command()
def models(
    ctx: typer.Context,
    member: Annotated[str | None, typer.Argument(metavar="MEMBER")] = None,
    season: InSeason = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List who sits on the committee, or show how far one member is to be trusted."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.models(settings, output, member, season_named(season))

    carry_out(ctx, config, work, as_json=as_json)


@app.command()
def chat(ctx: typer.Context, sample: Sample = False, config: Config = None) -> None:
    """Use the terminal as a chat: the same commands, the same cards."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.chat(settings, output)

    carry_out(ctx, config, work, sample=sample)


@app.command()
def serve(ctx: typer.Context, config: Config = None) -> None:
    """Serve Telegram and Slack, whichever are configured."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.serve(settings, output)

    carry_out(ctx, config, work)


@app.command()
def check(
    ctx: typer.Context,
    live: Annotated[bool, typer.Option("--live", help="Ask every model once; costs a little.")] = False,
    config: Config = None,
) -> None:
    """Verify everything that is configured; exit 1 on any failure."""

    async def work(program: Any, settings: "Settings", output: "Output") -> bool:
        return bool(await program.check(settings, output, live=live))

    carry_out(ctx, config, work)


@database.command()
def upgrade(ctx: typer.Context, config: Config = None) -> None:
    """Bring the database to this program's schema."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.upgrade(settings)
        output.sentence("The database has this program's schema.")

    carry_out(ctx, config, work)


@database.command()
def backup(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")], config: Config = None
) -> None:
    """Write a consistent copy of the live SQLite database to FILE."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.backup(settings, file)
        output.sentence(f"The copy is in {file}.")

    carry_out(ctx, config, work)


def _stage(text: str | None) -> "Stage | None":
    from core.domain.errors import Refused
    from core.domain.stage import Stage

    if text is None:
        return None
    if text not in list(Stage):
        raise Refused(f"“{text[:30]}” is not a stage; choose one of {', '.join(Stage)}.")
    return Stage(text)


def main() -> None:
    """Run the program."""
    app()
