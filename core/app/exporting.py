"""The export of a season: everything that its figures are made of, for scripts of others."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from core.app.export_files import Folder
from core.config import Settings
from core.domain.errors import Refused, StoreError
from core.domain.export import Exported, ExportFormat
from core.domain.season import Season
from core.store.export_rows import SHEETS, ExportRows, SeasonFacts
from core.store.store import Store


async def export(
    store: Store,
    settings: Settings,
    season: Season,
    folder: Path,
    formats: Sequence[ExportFormat],
    *,
    force: bool,
    at: datetime,
) -> Exported:
    """Write all tables of a season into `folder`, as they are at this moment: complete, or nothing.

    Raises:
        Refused: there is no such season, the folder holds an export already and not `force`, or the files
            cannot be written.
        StoreError: the database, or a row of it, cannot be read.
    """
    known = {facts.name: facts for facts in await store.exports.seasons()}
    if season not in known:
        names = ", ".join(known) or "none yet"
        raise Refused(f"There are no books of season {season}. Seasons with books: {names}.")
    place = Folder(folder, SHEETS, formats)
    try:
        await asyncio.to_thread(place.check, force=force)
        with place:
            async with store.exports.snapshot(season) as rows:
                counts = {name: await _table(place, rows, name) for name in SHEETS}
            manifest = _manifest(known[season], settings, at, counts)
            await asyncio.to_thread(place.publish, manifest)
    except OSError as error:
        raise Refused(f"The export to {folder} failed: {error.strerror or error}.") from error
    except (ValueError, TypeError, ArithmeticError) as error:
        # Only SQLite lets such a value in, and only past this program.
        what = str(error).partition("\n")[0] or type(error).__name__
        told = f"A row cannot be read: {what}. Nothing was exported; see conclave audit."
        raise StoreError(told) from error
    return Exported(str(season), str(folder), counts)


async def _table(place: Folder, rows: ExportRows, name: str) -> int:
    sheet, count = SHEETS[name], 0
    with ExitStack() as stack:
        write = place.table(stack, name, sheet.columns)
        async for part in rows.parts(sheet):
            await asyncio.to_thread(write, part)
            count += len(part)
    return count


def _manifest(season: SeasonFacts, settings: Settings, at: datetime, counts: dict[str, int]) -> object:
    """Return what a script must know beside the tables: the season, and what figures were reckoned with."""
    return {
        "season": season._asdict(),
        "exported_at": at,
        "currency": "USD",
        "scores": settings.scores.model_dump(mode="json"),
        "trading": settings.trading.model_dump(mode="json"),
        "rows": counts,
    }
