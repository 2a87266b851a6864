"""The command `conclave import-trades`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli_work import AsJson, Config, Sample, carry_out, season_named

if TYPE_CHECKING:
    from bot.program import Output
    from core.config import Settings

imports = typer.Typer()


def _price(text: str) -> str:
    if text not in {"open", "close", "column"}:
        raise typer.BadParameter(f"“{text[:30]}” is none of open, close and column")
    return text


@imports.command(name="import-trades")
def import_trades(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="date,seq,action,symbol,shares[,price]")],
    member: Annotated[str, typer.Option(metavar="NAME", help="Into whose books.")],
    price: Annotated[
        str, typer.Option(callback=_price, help="Book at the session's open or close, or the price column.")
    ] = "open",
    season: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Into which season (else the live one, or with --sample its own)."),
    ] = None,
    costs: Annotated[
        bool, typer.Option("--costs/--no-costs", help="Add the configured slippage and fee to each trade.")
    ] = False,
    sample: Sample = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Replay a log of trades made elsewhere into a member's books; all of it or nothing."""

    async def work(program: Any, settings: "Settings", output: "Output") -> None:
        from bot.member_documents import imported_document
        from bot.present.trades import imported_sentence
        from core.domain.trade_log import LogPrice

        wanted = season_named(season)
        async with program.opened(settings) as app:
            done = await app.import_trades(file, member, season=wanted, price=LogPrice(price), costs=costs)
        if output.as_json:
            output.document(imported_document(done))
        else:
            output.sentence(imported_sentence(done))

    carry_out(ctx, config, work, as_json=as_json, sample=sample)
