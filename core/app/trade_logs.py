"""Reading a log of trades: `date,seq,action,symbol,shares[,price]`, one row an action, a header first."""

import csv
import hashlib
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from core.domain.books import Side
from core.domain.errors import BadTicker, Refused
from core.domain.instrument import parse_ticker
from core.domain.trade_log import LoggedTrade, LogPrice, TradeLog
from core.domain.values import PRICE_STEP, SHARE_STEP

COLUMNS = ("date", "seq", "action", "symbol", "shares")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)
_ACTIONS = {"buy": Side.BUY, "sell": Side.SELL, "none": None}
_LARGEST = 64 * 1024 * 1024


def read_log(path: Path, price: LogPrice) -> TradeLog:
    """Return the log in `path`; blocks on the disk.

    Rows with the action `none`, and rows of zero shares, are counted and trade nothing.

    Raises:
        Refused: the file cannot be read, or a row is broken; names the line, what is wrong and what to do.
    """
    name = path.name[:80]
    try:
        if path.stat().st_size > _LARGEST:
            raise Refused(f"{name} is larger than 64 MiB; split the log.")
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(f"{name} is not UTF-8 text.") from None
    rows = list(_rows(name, text, price))
    if not rows:
        raise Refused(f"{name} has no row below its header.")
    _check_order(name, rows)
    trades = tuple(trade for _, _, _, trade in rows if trade)
    return TradeLog(
        file_name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        trades=trades,
        first=rows[0][1],
        last=rows[-1][1],
        rows=len(rows),
        without_trade=len(rows) - len(trades),
    )


_Row = tuple[int, date, int, LoggedTrade | None]


def _rows(name: str, text: str, price: LogPrice) -> Iterator[_Row]:
    lines = csv.reader(text.splitlines(), strict=True)
    wanted = (*COLUMNS, "price") if price is LogPrice.COLUMN else COLUMNS
    try:
        header = [cell.strip().lower() for cell in next(lines, [])]
        if missing := [column for column in wanted if column not in header]:
            raise Refused(f"{name} line 1: the header lacks {', '.join(missing)}.")
        for cells in lines:
            if not cells:
                continue
            if len(cells) != len(header):
                raise Refused(f"{name} line {lines.line_num}: {len(cells)} cells, not {len(header)}.")
            named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            try:
                yield _row(lines.line_num, named, price)
            except ValueError as error:
                raise Refused(f"{name} line {lines.line_num}: {error}.") from None
    except csv.Error as error:
        raise Refused(f"{name} line {lines.line_num}: {error}.") from None


def _row(line: int, cells: dict[str, str], price: LogPrice) -> _Row:
    day, seq, action = _day(cells["date"]), _whole(cells["seq"]), cells["action"].lower()
    if action not in _ACTIONS:
        raise ValueError(f"action {_shown(cells['action'])} is none of buy, sell and none")
    side, shares = _ACTIONS[action], _number("shares", cells["shares"], SHARE_STEP)
    if side is None or shares == 0:
        return line, day, seq, None
    try:
        ticker = parse_ticker(cells["symbol"])
    except BadTicker:
        raise ValueError(f"symbol {_shown(cells['symbol'])} is not a ticker such as NVDA") from None
    own = _number("price", cells["price"], PRICE_STEP) if price is LogPrice.COLUMN else None
    if own == 0:
        raise ValueError("price is zero")
    trade = LoggedTrade(line=line, day=day, ticker=ticker, side=side, shares=shares, price=own)
    return line, day, seq, trade


def _check_order(name: str, rows: list[_Row]) -> None:
    for (_, day, seq, _), (line, later, next_seq, _) in pairwise(rows):
        if (later, next_seq) <= (day, seq):
            raise Refused(
                f"{name} line {line}: {later} seq {next_seq} stands after {day} seq {seq}; "
                "sort the log by date and seq, each pair once."
            )


def _day(cell: str) -> date:
    try:
        if _DATE.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        pass
    raise ValueError(f"date {_shown(cell)} is not a date such as 2025-10-29")


def _whole(cell: str) -> int:
    if not re.fullmatch(r"\d{1,12}", cell, re.ASCII):
        raise ValueError(f"seq {_shown(cell)} is not a whole number")
    return int(cell)


def _number(column: str, cell: str, step: Decimal) -> Decimal:
    if column == "shares" and not cell:
        return Decimal(0)
    if not _NUMBER.fullmatch(cell):
        raise ValueError(f"{column} {_shown(cell)} is not a number of zero or more")
    number = Decimal(cell)
    if number != number.quantize(step):
        raise ValueError(f"{column} {_shown(cell)} has more than six decimal places")
    return number


def _shown(cell: str) -> str:
    return "“" + "".join(sign for sign in cell if sign.isprintable())[:24] + "”"
