"""From prices to what became of a ballot. Pure."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from core.domain.actions import ActionKind
from core.pipeline.history import History, Moved

_RETURN_STEP = Decimal("1e-12")


class Span(NamedTuple):
    """One ticker from the open of its entry session to the close of its exit session, in USD a share."""

    entry_session: date
    exit_session: date
    entry_price: Decimal
    exit_price: Decimal
    return_ratio: Decimal
    closes: datetime


def span(history: History, ticker: str, decided: date, horizon: int) -> Span | None:
    """Return what `ticker` did in the `horizon` sessions after `decided`, or None without the bars for it.

    An instrument that did not trade in the last of these sessions is valued at its last close before.
    """
    entry = history.first_after(ticker, decided)
    if entry is None:
        return None
    last = decided
    for _ in range(horizon):
        last = history.sessions(ticker).after(last).day
    left = history.last_at(ticker, last)
    if left is None or left.bar.date < entry.bar.date:
        return None
    return _between(history, entry, left)


def same_span(history: History, ticker: str, entry: date, exit_: date) -> Decimal | None:
    """Return the total return of `ticker` from the open of `entry` to the close of `exit_`, or None."""
    first, last = history.last_at(ticker, entry), history.last_at(ticker, exit_)
    if first is None or last is None or first.bar.date != entry:
        return None
    return _between(history, first, last).return_ratio


def _between(history: History, entry: Moved, left: Moved) -> Span:
    """Total return: one share, its splits, and its dividends kept as cash."""
    shares, cash = Decimal(1), Decimal(0)
    for action in history.acted(entry.ticker, entry.bar.date, left.bar.date):
        if action.kind is ActionKind.SPLIT:
            shares *= action.value
        else:
            cash += shares * action.value
    ratio = (shares * left.bar.close + cash) / entry.bar.open - 1
    return Span(
        entry_session=entry.bar.date,
        exit_session=left.bar.date,
        entry_price=entry.bar.open,
        exit_price=left.bar.close,
        return_ratio=ratio.quantize(_RETURN_STEP, ROUND_HALF_EVEN),
        closes=left.closes,
    )
