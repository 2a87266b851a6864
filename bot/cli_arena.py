"""The commands that look back on what the arena has done."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, carry_out

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

arena = typer.Typer()


def _known_method(text: str) -> str:
    from core.config.settings import METHOD_NAMES

    if text not in METHOD_NAMES:
        raise typer.BadParameter(f"“{text[:30]}” is not a method; choose one of {', '.join(METHOD_NAMES)}")
    return text


def _fraction(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and 0 <= number <= 1):
        raise typer.BadParameter(f"“{text[:30]}” is not a number from 0 to 1")
    return number


@arena.command()
def tally(
    ctx: typer.Context,
    reference: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a ticker: its last run.")],
    method: Annotated[
        str, typer.Option(metavar="M", callback=_known_method, help="Such as majority or conviction.")
    ],
    threshold: Annotated[
        Decimal | None,
        typer.Option(metavar="T", parser=_fraction, help="From 0 to 1, for a method that has one."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Count an old run again by another method; nothing is changed."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        await program.recount(settings, output, reference, method, threshold)

    carry_out(ctx, config, work, as_json=as_json)
