"""Files of daily bars: `date,open,high,low,close,volume`, one session a row, a header first."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from core.domain.bars import Bar
from core.domain.errors import BadTicker
from core.domain.instrument import parse_ticker
from core.domain.values import to_price
from core.market.csv_rows import NUMBER, a_date, a_positive, read_rows, shown

COLUMNS = ("date", "open", "high", "low", "close", "volume")


def read_bars(vendor: str, path: Path, start: date, end: date) -> tuple[Bar, ...]:
    """Return the bars of `path` from `start` to `end`, both included, in the order of the file.

    A file that does not exist gives none. Every row of the file must be whole, also outside the range;
    columns beyond the six are passed over.

    Raises:
        BadVendorData: names the file, the line and the fault.
    """
    return tuple(bar for bar in read_rows(vendor, path, COLUMNS, _bar) if start <= bar.date <= end)


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


def _bar(cells: list[str]) -> Bar:
    day, *prices, volume = cells
    when = a_date(day)
    named = dict(zip(COLUMNS[1:5], map(_price, COLUMNS[1:5], prices), strict=True))
    if not NUMBER.fullmatch(volume) or Decimal(volume) % 1:
        raise ValueError(f"volume {shown(volume)} is not a whole number")
    return Bar(date=when, volume=int(Decimal(volume)), **named)


def _price(column: str, cell: str) -> Decimal:
    return a_positive(column, cell, "price", to_price)
