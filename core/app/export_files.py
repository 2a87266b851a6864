"""The files of an export: tables as CSV and JSON, complete or not there at all.

Spreadsheets take a cell that begins with = + - or @ for a formula, whoever wrote it, and models write freely.
So in CSV such a text gets an apostrophe before it, which spreadsheets do not show. Numbers stay as they are:
what is a number and what a text is decided by its column's type, not by how it looks. JSON is untouched.
"""

import csv
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.domain.errors import Refused
from core.domain.export import ExportFormat
from core.domain.values import Frozen

MANIFEST = "export.json"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")

Write = Callable[[Sequence[Sequence[Any]]], None]


class Folder:
    """A folder that gets all files of an export in the end, or none. Use it as a context manager.

    Leaving it without `publish` removes what was written so far.
    """

    def __init__(self, folder: Path, names: Iterable[str], formats: Sequence[ExportFormat]) -> None:
        self._folder = folder
        self._formats = formats
        self._names = tuple(names)
        self._part = folder / f".export-{secrets.token_hex(4)}.part"
        self._made = False

    def check(self, *, force: bool) -> None:
        """Check that nothing would be overwritten, or that this is wanted.

        Raises:
            Refused: the folder is a file, or one of the files is there already.
        """
        if self._folder.exists() and not self._folder.is_dir():
            raise Refused(f"{self._folder} is a file; name a folder for the export.")
        there = sorted(path.name for path in self._ours() if path.exists())
        if there and not force:
            raise Refused(f"{self._folder} holds an export already ({there[0]}); --force replaces it.")

    def __enter__(self) -> "Folder":
        try:
            self._made = not self._folder.exists()
            self._part.mkdir(parents=True)
        except OSError as error:
            raise Refused(f"The folder {self._folder} cannot be written: {error.strerror}.") from error
        return self

    def __exit__(self, *raised: object) -> None:
        shutil.rmtree(self._part, ignore_errors=True)
        if self._made and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def table(self, stack: ExitStack, name: str, columns: Sequence[str]) -> Write:
        """Begin the files of one table, which `stack` ends, and return what writes rows to them."""
        writers = [_WRITERS[kind](stack, self._part / f"{name}.{kind}", columns) for kind in self._formats]

        def write(rows: Sequence[Sequence[Any]]) -> None:
            for each in writers:
                each(rows)

        return write

    def publish(self, manifest: object) -> None:
        """Put every file in its place; the manifest comes last, so that where it is, all of the rest is."""
        text = json.dumps(manifest, ensure_ascii=False, indent=2, default=_shown) + "\n"
        (self._part / MANIFEST).write_text(text, encoding="utf-8")
        for old in self._ours():
            old.unlink(missing_ok=True)
        for name in (*self._names_of(self._formats), MANIFEST):
            (self._part / name).replace(self._folder / name)

    def _ours(self) -> list[Path]:
        return [self._folder / name for name in (MANIFEST, *self._names_of(tuple(ExportFormat)))]

    def _names_of(self, formats: Sequence[ExportFormat]) -> list[str]:
        return [f"{name}.{kind}" for name in self._names for kind in formats]


def _csv(stack: ExitStack, file: Path, columns: Sequence[str]) -> Write:
    opened = stack.enter_context(file.open("w", encoding="utf-8", errors="replace", newline=""))
    # Only with this line end does the writer quote a cell for each of the two signs in it.
    writer = csv.writer(opened, lineterminator="\r\n")
    writer.writerow(columns)
    return lambda rows: writer.writerows([[csv_cell(value) for value in row] for row in rows])


def _json(stack: ExitStack, file: Path, columns: Sequence[str]) -> Write:
    opened = stack.enter_context(file.open("w", encoding="utf-8", errors="replace"))
    opened.write("[")
    stack.callback(opened.write, "\n]\n")
    before = ["\n"]

    def write(rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            document = dict(zip(columns, map(_shown_or_plain, row), strict=True))
            opened.write(before[0] + json.dumps(document, ensure_ascii=False, default=_shown))
            before[0] = ",\n"

    return write


_WRITERS: dict[ExportFormat, Callable[[ExitStack, Path, Sequence[str]], Write]] = {
    ExportFormat.CSV: _csv,
    ExportFormat.JSON: _json,
}


def csv_cell(value: Any) -> str:
    """Return a value as CSV holds it; nothing is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal | date):
        return str(_shown(value))
    return json.dumps(value, ensure_ascii=False, default=_shown)


def _shown_or_plain(value: Any) -> Any:
    return _shown(value) if isinstance(value, Decimal | date) else value


def _shown(value: Any) -> Any:
    """Return what JSON has no form for: amounts as plain digits, times and days in ISO 8601."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Frozen):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no form in an export")
