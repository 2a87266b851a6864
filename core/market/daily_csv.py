"""Files of daily bars: `date,open,high,low,close,volume`, one session a row, a header first."""

import csv
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from core.domain.bars import Bar
from core.domain.errors import BadTicker, BadVendorData
from core.domain.instrument import parse_ticker
from core.domain.values import to_price

COLUMNS = ("date", "open", "high", "low", "close", "volume")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def read_bars(vendor: str, path: Path, start: date, end: date) -> tuple[Bar, ...]:
    """Return the bars of `path` from `start` to `end`, both included, in the order of the file.

    A file that does not exist gives none. Every row of the file must be whole, also outside the range;
    columns beyond the six are passed over.

    Raises:
        BadVendorData: names the file, the line and the fault.
    """
    try:
        if not path.is_file():
            return ()
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return tuple(bar for bar in _bars(vendor, path.name, lines) if start <= bar.date <= end)
    except UnicodeDecodeError:
        raise BadVendorData(vendor, f"{path.name} is not UTF-8 text") from None
    except OSError as error:
        raise BadVendorData(vendor, f"{path.name} cannot be read ({error.strerror})") from None


def tickers_in(folder: Path, pattern: str) -> tuple[str, ...]:
    """Return the tickers that have a file in `folder` by the name `pattern`, in order of the alphabet."""
    before, _, after = pattern.partition("{ticker}")
    found = []
    for path in folder.iterdir():
        named = path.name
        if not (named.startswith(before) and named.endswith(after) and path.is_file()):
            continue
        ticker = named[len(before) : len(named) - len(after)]
        try:
            if parse_ticker(ticker) == ticker:
                found.append(ticker)
        except BadTicker:
            continue
    return tuple(sorted(found))


def _bars(vendor: str, name: str, lines: Iterator[str]) -> Iterator[Bar]:
    rows = csv.reader(lines, strict=True)
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise BadVendorData(vendor, f"{name} line 1: the header lacks {', '.join(missing)}")
        places = [header.index(column) for column in COLUMNS]
        for row in rows:
            if not row:
                continue
            try:
                yield _bar([row[place].strip() for place in places])
            except IndexError:
                fault = f"the row has {len(row)} cells, not {len(header)}"
                raise BadVendorData(vendor, f"{name} line {rows.line_num}: {fault}") from None
            except ValueError as error:
                raise BadVendorData(vendor, f"{name} line {rows.line_num}: {error}") from None
    except csv.Error as error:
        raise BadVendorData(vendor, f"{name} line {rows.line_num}: {error}") from None


def _bar(cells: list[str]) -> Bar:
    day, *prices, volume = cells
    if not _ISO_DATE.fullmatch(day):
        raise ValueError(f"date {_shown(day)} is not of the form 2025-10-29")
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise ValueError(f"date {_shown(day)} does not exist") from None
    named = dict(zip(COLUMNS[1:5], map(_price, COLUMNS[1:5], prices), strict=True))
    if not _NUMBER.fullmatch(volume) or Decimal(volume) % 1:
        raise ValueError(f"volume {_shown(volume)} is not a whole number")
    return Bar(date=when, volume=int(Decimal(volume)), **named)


def _price(column: str, cell: str) -> Decimal:
    if not _NUMBER.fullmatch(cell):
        raise ValueError(f"{column} {_shown(cell)} is not a price")
    price = to_price(cell)
    if price <= 0:
        raise ValueError(f"{column} {_shown(cell)} is not more than zero")
    return price


def _shown(cell: str) -> str:
    return "“" + "".join(sign for sign in cell if sign.isprintable())[:24] + "”"
