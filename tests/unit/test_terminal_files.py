"""What the terminal does with files: documents are saved and never overwrite, pictures are only named."""

import io
import itertools
from pathlib import Path

import pytest
from rich.console import Console

from bot.door import DeliveryFailed
from bot.request import Address
from bot.screen import Screen
from bot.terminal import TerminalDoor

HERE = Address("terminal", "terminal")


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def door(output: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TerminalDoor:
    monkeypatch.chdir(tmp_path)
    return TerminalDoor(Screen(Console(file=output, width=200)), map(str, itertools.count()))


async def test_a_document_is_saved_and_an_older_one_of_its_name_stays(
    door: TerminalDoor, output: io.StringIO, tmp_path: Path
) -> None:
    for content in (b"one", b"two"):
        await door.send_file(HERE, "../conclave-NVDA.md", content, "Whole.")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "conclave-NVDA.md": b"one",
        "conclave-NVDA-2.md": b"two",
    }
    assert "Saved as conclave-NVDA-2.md (3 bytes)." in output.getvalue()


async def test_a_picture_is_only_named(door: TerminalDoor, output: io.StringIO, tmp_path: Path) -> None:
    await door.send_file(HERE, "equity-curves.png", b"x" * 1200, "The value of every portfolio.")
    assert list(tmp_path.iterdir()) == []
    assert "(equity-curves.png, 1,200 bytes)" in output.getvalue()


async def test_a_folder_that_takes_no_file_is_told(
    door: TerminalDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.terminal.saved", full)
    with pytest.raises(DeliveryFailed, match="No space left on device"):
        await door.send_file(HERE, "conclave-NVDA.md", b"x", "Whole.")
