"""What all commands of the command line share: their options, and how they begin and end."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings
    from core.domain.season import Season

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="F", help="Configuration file (else $CONCLAVE_CONFIG, ./config.toml)."),
]
Sample = Annotated[bool, typer.Option("--sample", help="Take prices from the bundled sample only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
InSeason = Annotated[
    str | None,
    typer.Option(
        "--season", metavar="NAME", help="A live season, sample, a replay or an import; else the live one."
    ),
]

Work = Callable[[Any, "Settings", "Output"], Coroutine[None, None, bool | None]]


def known_preset(text: str | None) -> str | None:
    """Return the name of a preset, or refuse it."""
    from core.domain.stage import Preset

    if text is not None and text not in list(Preset):
        raise typer.BadParameter(f"“{text[:30]}” is not a preset; choose one of {', '.join(Preset)}")
    return text


def season_named(text: str | None) -> "Season | None":
    """Return the season that a person typed.

    Raises:
        Refused: no season can have this name.
    """
    from core.domain.errors import Refused
    from core.domain.season import Season

    try:
        return Season(text) if text is not None else None
    except ValueError as error:
        raise Refused(f"“{(text or '')[:50]}” is no season: {error}.") from None


def carry_out(
    ctx: typer.Context, config: Path | None, work: Work, *, as_json: bool = False, sample: bool = False
) -> None:
    """Load the settings, do the work, and end with 0, or with 1 and one sentence on stderr."""
    from core.domain.errors import ConclaveError

    try:
        ended = asyncio.run(_prepared(ctx.obj, config, work, as_json=as_json, sample=sample))
    except ConclaveError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("Stopped.", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        # Whoever read our output went away; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except Exception as error:
        kind = type(error).__name__
        logging.getLogger(__name__).error("the command failed inside", exc_info=True)
        typer.echo(f"Something went wrong inside ({kind}); conclave --verbose … shows more.", err=True)
        raise typer.Exit(1) from None
    if ended is False:
        raise typer.Exit(1)


async def _prepared(
    level: int, config: Path | None, work: Work, *, as_json: bool, sample: bool
) -> bool | None:
    from bot import program
    from bot.logs import start_logging
    from core.config import inactive, load_settings

    settings = load_settings(config, os.environ)
    if sample:
        settings = settings.model_copy(
            update={"market": settings.market.model_copy(update={"prices": ("sample",)})}
        )
    start_logging(level, _secrets(settings), tracebacks=level <= logging.INFO)
    output = program.Output(as_json=as_json)
    for sentence in inactive(settings):
        output.sentence(f"Note: {sentence}")
    return await work(program, settings, output)


def _secrets(settings: "Settings") -> list[str]:
    """Return every secret that can be read, for the log to blot out."""
    from core.domain.errors import ConfigError

    references = [
        settings.telegram.token,
        settings.slack.bot_token,
        settings.slack.app_token,
        settings.slack.signing_secret,
        settings.market.alpha_vantage.key,
        settings.market.fred.key,
        settings.http.token,
        *((settings.store.password,) if settings.store.password else ()),
        *(token.secret for token in settings.http.tokens),
        *(key.secret for provider in settings.providers for key in provider.keys),
    ]
    found = []
    for reference in references:
        with contextlib.suppress(ConfigError):
            found.append(reference.reveal())
    return found
