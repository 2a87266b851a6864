"""The commands that make a configuration."""

from pathlib import Path
from typing import Annotated

import typer

configuration = typer.Typer(help="Make a configuration.", no_args_is_help=True)


@configuration.callback()
def root() -> None:
    """Make a configuration."""


@configuration.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON file with models and agent_config.")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="F", help="Write it there, where no file is yet.")
    ] = None,
) -> None:
    """Turn the JSON configuration of an arena of trading models into a config.toml."""
    from core.config.importing import imported
    from core.domain.errors import ConclaveError

    try:
        made = imported(file)
        if output is not None:
            _write(output, made.toml)
    except ConclaveError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if output is None:
        typer.echo(made.toml, nl=False)
    for note in made.notes:
        typer.echo(note, err=True)
    if output is not None:
        typer.echo(f"The configuration is in {output}; conclave check tries it.", err=True)


def _write(output: Path, toml: str) -> None:
    from core.domain.errors import ConfigError

    try:
        with output.open("x", encoding="utf-8") as out:
            out.write(toml)
    except FileExistsError:
        raise ConfigError(f"{output} is there already; name another file with --output.") from None
    except OSError as error:
        raise ConfigError(f"{output} cannot be written ({error.strerror}).") from None
