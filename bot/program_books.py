"""What the commands about the books do, once the command line is read."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.documents import findings_document
from core.app.app import App
from core.domain.export import ExportFormat
from core.domain.season import Season

if TYPE_CHECKING:
    from bot.program import Output


async def audit(app: App, output: "Output") -> bool:
    """Print what is wrong with the books, or how much was proven right; False when something is wrong."""
    findings, extent = await app.audit(), await app.extent()
    if output.as_json:
        output.document(findings_document(findings, extent))
        return not findings
    for finding in findings:
        output.out.print(f"✗ {finding.sentence}", markup=False, soft_wrap=True)
    if not findings:
        members, seasons = _count(extent.members, "member"), _count(extent.seasons, "season")
        sentence = f"The books of {members} in {seasons} balance: {_count(extent.fills, 'fill')}."
        output.out.print(sentence, markup=False, soft_wrap=True)
    return not findings


async def export(
    app: App,
    output: "Output",
    *,
    season: Season | None,
    folder: Path | None,
    formats: tuple[ExportFormat, ...],
    force: bool,
) -> None:
    """Write a season's tables, and say where they are."""
    done = await app.export(season, folder, formats, force=force)
    rows = _count(sum(done.rows.values()), "row")
    output.sentence(
        f"The export of season {done.season} is in {done.folder}: {len(done.rows)} tables, {rows}."
    )


async def warned(app: App, say: Callable[[str], None]) -> None:
    """Say it once, and plainly, when running totals do not agree with the ledger."""
    if findings := await app.running_check():
        found = _count(len(findings), "finding")
        say(
            f"Warning: the books do not balance ({found}); conclave audit lists everything. "
            "Trading goes on, so look into it before you trust a figure."
        )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
