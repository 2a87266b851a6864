"""What the commands about live seasons do, once the command line is read."""

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot.facts import zone_of
from bot.present import season as present
from bot.screen import Screen
from bot.season_documents import final_document, lines_document, live_document, status_document
from core.app.app import App
from core.domain.errors import Refused
from core.domain.season import Season

if TYPE_CHECKING:
    from bot.program import Output


async def status(app: App, output: "Output") -> None:
    """Print where the live season stands, and all seasons."""
    found = await app.season_status()
    lines = await app.season_lines()
    if output.as_json:
        output.document(status_document(found) | {"seasons": lines_document(lines)})
        return
    Screen(output.out).show(present.season_card(found, zone_of(app)))
    if lines:
        Screen(output.out).show(present.seasons_card(lines))


async def listed(app: App, output: "Output") -> None:
    """Print all seasons."""
    lines = await app.season_lines()
    if output.as_json:
        output.document(lines_document(lines))
    else:
        Screen(output.out).show(present.seasons_card(lines))


async def show(app: App, output: "Output", season: Season, picture: Path | None) -> None:
    """Print the final table of a season, and draw it where a file is named.

    Raises:
        NotFound: it is no live season that has ended.
        Refused: the picture cannot be written.
    """
    await app.freeze_if_due()
    table = await app.final_table(season)
    if picture is not None:
        from bot.pictures.final import final_picture

        png = await final_picture(app, season)
        try:
            await asyncio.to_thread(picture.write_bytes, png)
        except OSError as error:
            raise Refused(f"The picture {picture} cannot be written: {error.strerror or error}.") from None
        output.sentence(f"The picture is in {picture}.")
    if output.as_json:
        output.document(final_document(table))
    else:
        Screen(output.out).show(present.final_card(table))


async def start(
    app: App, output: "Output", season: Season, first: date | None, last: date | None, *, yes: bool
) -> None:
    """Start a season, and print how the one before it ended.

    Raises:
        Refused: the season cannot be, or another one is open and nobody has said yes.
    """
    await _check(app, yes=yes)
    started = await app.start_season(season, first, last)
    if output.as_json:
        before = started.before
        output.document(
            {"season": live_document(started.live), "before": final_document(before) if before else None}
        )
        return
    screen = Screen(output.out)
    if started.before is not None:
        screen.show(present.final_card(started.before))
    screen.show(present.started_notice(started))


async def end(app: App, output: "Output", day: date | None, *, yes: bool) -> None:
    """End the open season and print its table, or set the day on which it ends.

    Raises:
        Refused: the day cannot be, or nobody has said yes.
    """
    screen = Screen(output.out)
    if day is not None:
        live = await app.end_season_on(day)
        if output.as_json:
            output.document({"season": live_document(live)})
        else:
            screen.show(present.ends_notice(live))
        return
    await _check(app, yes=yes)
    table = await app.end_season()
    if output.as_json:
        output.document({"final": final_document(table) if table else None})
    else:
        screen.show(present.final_card(table) if table else present.NOTHING_TO_END)


async def _check(app: App, *, yes: bool) -> None:
    found = await app.season_status()
    if not yes and found.is_open:
        raise Refused(present.confirm_notice(found, "the command again with --yes.").text)
