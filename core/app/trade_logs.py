"""Logs of trades: `date,seq,action,symbol,shares[,price]`, one row an action, a header first."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from core.domain.books import Side
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker
from core.domain.trade_log import LoggedTrade, LogPrice, TradeLog, refusal
from core.domain.values import SHARE_STEP, to_price
from core.market.calendar import FIRST_DAY, LAST_DAY

COLUMNS = ("date", "seq", "action", "symbol", "shares")
LARGEST = 64 * 1024 * 1024
"""The bytes that a log may have."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WHOLE = re.compile(r"\d{1,12}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,40})?", re.ASCII)
_ACTIONS = {"buy": Side.BUY, "sell": Side.SELL, "none": None}


def read_log(path: Path, price: LogPrice) -> TradeLog:
    """Return the log in `path`; blocks on the disk. See `parse_log`.

    Raises:
        Refused: the file cannot be read, is too large, or a row is broken.
    """
    name = _printable(path.name, 80) or "the log"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Refused(f"{name} cannot be read: {why}.") from None
    if len(content) > LARGEST:
        raise Refused(f"{name} is larger than {LARGEST // 1024**2} MiB, the most that one import takes.")
    return parse_log(name, content, price)


def parse_log(name: str, content: bytes, price: LogPrice) -> TradeLog:
    """Return the log that the bytes of a file hold; `name` is what refusals call it.

    Rows with the action `none`, and rows of zero shares, are counted and trade nothing. Columns may stand in
    any order, and others are passed over; rows of empty cells are none.

    Raises:
        Refused: a row is broken, or stands in the wrong order; names the line, and what is wrong.
    """
    trades: list[LoggedTrade] = []
    first = last = (date.min, -1)
    rows = 0
    for line, cells in _cells(name, content, price):
        try:
            moment, trade = _row(line, cells, price)
        except ValueError as error:
            raise refusal(name, line, str(error)) from None
        if rows and moment <= last:
            why = f"{moment[0]} seq {moment[1]} stands after {last[0]} seq {last[1]}"
            raise refusal(name, line, f"{why}; sort the log by date and seq, each pair once")
        if trade:
            trades.append(trade)
        first, last, rows = first if rows else moment, moment, rows + 1
    if not rows:
        raise Refused(f"{name} has no row below its header.")
    return TradeLog(
        file_name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        trades=tuple(trades),
        first=first[0],
        last=last[0],
        rows=rows,
        without_trade=rows - len(trades),
    )


def _cells(name: str, content: bytes, price: LogPrice) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of the known columns of each row, in their order, with the line where it begins."""
    wanted = (*COLUMNS, "price") if price is LogPrice.COLUMN else COLUMNS
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    line = 1
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if missing := [column for column in wanted if column not in header]:
            raise refusal(name, 1, f"the header lacks {', '.join(missing)}")
        if twice := [column for column in wanted if header.count(column) > 1]:
            raise refusal(name, 1, f"the header has {', '.join(twice)} more than once")
        places = [header.index(column) for column in wanted]
        line = reader.line_num + 1
        for cells in reader:
            if any(cell and not cell.isspace() for cell in cells):
                if len(cells) != len(header):
                    raise refusal(name, line, f"{len(cells)} cells, where the header has {len(header)}")
                yield line, [cells[place].strip() for place in places]
            line = reader.line_num + 1
    except UnicodeDecodeError:
        raise Refused(f"{name} is not UTF-8 text. Nothing was imported.") from None
    except csv.Error as error:
        raise refusal(name, line, str(error).rstrip(".")) from None


def _row(line: int, cells: list[str], price: LogPrice) -> tuple[tuple[date, int], LoggedTrade | None]:
    """Return the date and seq of a row, and its trade, if it has one."""
    day_cell, seq, action, symbol, count, *own = cells
    day = _day(day_cell)
    if not _WHOLE.fullmatch(seq):
        raise ValueError(f"seq {_shown(seq)} is not a whole number")
    if action.lower() not in _ACTIONS:
        raise ValueError(f"action {_shown(action)} is none of buy, sell and none")
    side = _ACTIONS[action.lower()]
    shares = _shares(count) if side or count else Decimal(0)
    if side is None or shares == 0:
        return (day, int(seq)), None
    paid = _price(own[0]) if price is LogPrice.COLUMN else None
    return (day, int(seq)), LoggedTrade(line, day, _ticker(symbol), side, shares, paid)


@lru_cache(maxsize=4096)
def _day(cell: str) -> date:
    if not _DATE.fullmatch(cell):
        raise ValueError(f"date {_shown(cell)} is not of the form 2025-10-29")
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise ValueError(f"date {_shown(cell)} does not exist") from None
    if not FIRST_DAY < day < LAST_DAY:
        raise ValueError(f"date {cell} lies outside {FIRST_DAY:%Y} to {LAST_DAY:%Y}")
    return day


@lru_cache(maxsize=4096)
def _ticker(cell: str) -> str:
    try:
        return parse_ticker(cell)
    except BadTicker:
        raise ValueError(f"symbol {_shown(cell)} is not a ticker such as NVDA") from None


def _shares(cell: str) -> Decimal:
    # Never rounded: a share too many cannot be sold later.
    number = _number("shares", cell)
    if number != number.quantize(SHARE_STEP):
        raise ValueError(f"shares {_shown(cell)} has more than six decimal places")
    return number


def _price(cell: str) -> Decimal:
    price = to_price(_number("price", cell))
    if price == 0:
        raise ValueError(f"price {_shown(cell)} is less than 0.000001")
    return price


def _number(column: str, cell: str) -> Decimal:
    if not cell:
        raise ValueError(f"{column} is missing")
    if not _NUMBER.fullmatch(cell):
        raise ValueError(f"{column} {_shown(cell)} is not a number from 0 to 999999999, such as 12.5")
    return Decimal(cell)


def _shown(cell: str) -> str:
    return f"“{_printable(cell, 24)}”"


def _printable(text: str, most: int) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:most]
