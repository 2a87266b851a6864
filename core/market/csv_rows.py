"""CSV files with a header, read row by row; whatever is wrong is told by file and line."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from core.domain.errors import BadVendorData

NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

T = TypeVar("T")


def read_rows(
    vendor: str, path: Path, columns: Sequence[str], read: Callable[[list[str]], T]
) -> tuple[T, ...]:
    """Return what `read` makes of the cells of `columns` in each row, in the order of the file.

    A file that does not exist gives none. Columns may stand in any order, and others are passed over. `read`
    raises `ValueError` with a sentence about what is wrong with the cells.

    Raises:
        BadVendorData: names the file, the line and the fault.
    """
    try:
        if not path.is_file():
            return ()
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(_rows(vendor, path.name, lines, columns, read))
    except UnicodeDecodeError:
        raise BadVendorData(vendor, f"{path.name} is not UTF-8 text") from None
    except OSError as error:
        raise BadVendorData(vendor, f"{path.name} cannot be read ({error.strerror})") from None


def a_date(cell: str) -> date:
    """Return the date of a cell such as 2025-10-29.

    Raises:
        ValueError: says what the cell is not.
    """
    if not _ISO_DATE.fullmatch(cell):
        raise ValueError(f"date {shown(cell)} is not of the form 2025-10-29")
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"date {shown(cell)} does not exist") from None


def a_positive(column: str, cell: str, what: str, make: Callable[[str], Decimal]) -> Decimal:
    """Return the number above zero that `make` reads from a cell; `what` is the word for such a number.

    Raises:
        ValueError: says what the cell of `column` is not.
    """
    if not NUMBER.fullmatch(cell):
        raise ValueError(f"{column} {shown(cell)} is not a {what}")
    number = make(cell)
    if number <= 0:
        raise ValueError(f"{column} {shown(cell)} is not more than zero")
    return number


def shown(cell: str) -> str:
    """Return a cell as a message may quote it."""
    return "“" + "".join(sign for sign in cell if sign.isprintable())[:24] + "”"


def _rows(
    vendor: str, name: str, lines: Iterator[str], columns: Sequence[str], read: Callable[[list[str]], T]
) -> Iterator[T]:
    rows = csv.reader(lines, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        missing = [column for column in columns if column not in header]
        if missing:
            raise BadVendorData(vendor, f"{name} line 1: the header lacks {', '.join(missing)}")
        places = [header.index(column) for column in columns]
        for row in rows:
            if not row:
                continue
            try:
                yield read([row[place].strip() for place in places])
            except IndexError:
                fault = f"the row has {len(row)} cells, not {len(header)}"
                raise BadVendorData(vendor, f"{name} line {rows.line_num}: {fault}") from None
            except ValueError as error:
                raise BadVendorData(vendor, f"{name} line {rows.line_num}: {error}") from None
    except csv.Error as error:
        raise BadVendorData(vendor, f"{name} line {rows.line_num}: {error}") from None
