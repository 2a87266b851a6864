"""The commands that look back on what the arena has done."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, Sample, carry_out, known_preset, season_named

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


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text[:30]}” is not a date such as 2025-06-10") from None


def _every(text: str) -> str:
    if text not in {"session", "week"}:
        raise typer.BadParameter(f"“{text[:30]}” is neither session nor week")
    return text


def _metrics(text: str | None) -> str | None:
    if text not in {None, "ai-trader"}:
        raise typer.BadParameter(f"“{(text or '')[:30]}” is not known; ai-trader is")
    return text


def _usd(text: str) -> Decimal:
    try:
        number = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        number = Decimal("NaN")
    if not (number.is_finite() and number > 0):
        raise typer.BadParameter(f"“{text[:30]}” is not an amount of USD above zero")
    return number


@arena.command()
def replay(
    ctx: typer.Context,
    first: Annotated[date, typer.Option("--from", metavar="D", parser=_day, help="The first day.")],
    last: Annotated[date, typer.Option("--to", metavar="D", parser=_day, help="The last day.")],
    tickers: Annotated[list[str], typer.Option(metavar="A,B", help="The tickers, in the order of settling.")],
    every: Annotated[str, typer.Option(callback=_every, help="Ask each session or week.")] = "session",
    members: Annotated[str, typer.Option(metavar="A,B", help="Ask only these members.")] = "",
    preset: Annotated[str, typer.Option(callback=known_preset, help="quick, standard or deep.")] = "quick",
    season: Annotated[
        str | None, typer.Option(metavar="NAME", help="A name for its books; else one of its plan.")
    ] = None,
    budget: Annotated[
        Decimal | None, typer.Option(metavar="USD", parser=_usd, help="At most this much, all in all.")
    ] = None,
    metrics: Annotated[
        str | None, typer.Option(metavar="M", callback=_metrics, help="Also a peer's figures: ai-trader.")
    ] = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report at the end.")] = True,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Replay a stretch of the past, session by session, in books of its own; repeat it to go on."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        del program
        from bot import replaying
        from core.domain.replay import Every
        from core.domain.stage import Preset

        await replaying.replay(
            settings,
            output,
            replaying.Asked(
                first=first,
                last=last,
                tickers=replaying.split_list(tickers),
                every=Every(every),
                members=replaying.split_list([members]),
                preset=Preset(preset),
                season=season_named(season),
                budget_usd=budget,
                metrics=metrics,
                report=report,
            ),
        )

    carry_out(ctx, config, work, as_json=as_json, sample=sample)
