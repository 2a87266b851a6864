"""The pictures of a season as PNG files."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from core.domain.errors import Refused
from core.domain.season_report import SeasonReport

Draw = Callable[[], bytes]


async def write_pictures(report: SeasonReport, folder: Path) -> tuple[Path, ...]:
    """Draw a season's equity curves, drawdowns, ranking and calibrations into `folder`, and return the files.

    The folder is made if it is not there, and files of these names are replaced.

    Raises:
        PictureFailed: a picture took too long.
        Refused: a file cannot be written; the sentence says why.
    """
    from bot.pictures.off_loop import drawn

    written = []
    for name, draw in _pictures(report):
        png, path = await drawn(draw), folder / f"{name}.png"
        try:
            await asyncio.to_thread(_put, path, png)
        except OSError as error:
            raise Refused(f"The picture {path} cannot be written: {error.strerror or error}.") from None
        written.append(path)
    return tuple(written)


def _put(path: Path, png: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png)


def _pictures(report: SeasonReport) -> Iterator[tuple[str, Draw]]:
    from bot.pictures.board import leaderboard_picture
    from bot.pictures.calibration import reliability_diagram
    from bot.pictures.curves import drawdowns, equity_curves

    yield "equity-curves", partial(equity_curves, report)
    yield "drawdowns", partial(drawdowns, report)
    yield "leaderboard", partial(leaderboard_picture, report)
    for found in report.calibrations:
        diagram = partial(reliability_diagram, found, report.season, caveat=report.caveat)
        yield f"calibration-{found.member}", diagram
