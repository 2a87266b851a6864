"""The pictures of a season are files that a person can open, and none is half there without a word."""

from pathlib import Path

import pytest

from bot.report.pictures import write_pictures
from core.domain.errors import Refused
from tests.report_facts import report

PNG = b"\x89PNG\r\n\x1a\n"


async def test_curves_ranking_and_calibrations_are_drawn_and_older_ones_replaced(tmp_path: Path) -> None:
    season, folder = report(runs=1), tmp_path / "new" / "pictures"
    written = await write_pictures(season, folder)
    calibrations = [f"calibration-{found.member}.png" for found in season.calibrations]
    assert calibrations
    assert [path.name for path in written] == [
        *("equity-curves.png", "drawdowns.png", "leaderboard.png"),
        *calibrations,
    ]
    assert all(path.read_bytes().startswith(PNG) for path in written)
    written[0].write_bytes(b"old")
    await write_pictures(season.model_copy(update={"calibrations": ()}), folder)
    assert written[0].read_bytes().startswith(PNG)


async def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "taken"
    file.write_text("a file")
    with pytest.raises(Refused, match=r"^The picture .*taken/equity-curves\.png cannot be written: "):
        await write_pictures(report(runs=1), file)
