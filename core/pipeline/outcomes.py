"""From prices to what became of a ballot. Pure."""

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from core.pipeline.history import History, Moved

_RETURN_STEP = Decimal("1e-12")


class Span(NamedTuple):
    """One ticker from the open of its entry session to the close of its exit session, in USD a share."""

    entry_session: date
    exit_session: date
    entry_price: Decimal
    exit_price: Decimal
    return_ratio: Decimal
    opens: datetime
    closes: datetime


def span(history: History, ticker: str, decided: date, horizon: int) -> Span | None:
    """Return what `ticker` did in the `horizon` sessions after `decided`, or None without the bars for it.

    An instrument that did not trade in the last of these sessions is valued at its last close before.
    """
    sessions = history.sessions(ticker)
    entry = history.first_after(ticker, decided)
    left = history.last_closed(ticker, sessions.after(decided, horizon).closes)
    if entry is None or left is None or left.closes < entry.closes:
        return None
    return _between(history, entry, left)


def same_time(history: History, ticker: str, found: Span) -> Decimal | None:
    """Return the total return of `ticker` within the time of another's span, or None without the bars.

    From its first open to its last close in that time, so that nothing of it is from after the span's end.
    """
    first, last = history.first_open(ticker, found.opens), history.last_closed(ticker, found.closes)
    if first is None or last is None or last.closes < first.closes:
        return None
    return _between(history, first, last).return_ratio


def _between(history: History, entry: Moved, left: Moved) -> Span:
    """Total return: one share, its splits, and its dividends kept as cash."""
    shares, cash = history.one_share(entry.ticker, entry.bar.date, left.bar.date)
    ratio = (shares * left.bar.close + cash) / entry.bar.open - 1
    return Span(
        entry_session=entry.bar.date,
        exit_session=left.bar.date,
        entry_price=entry.bar.open,
        exit_price=left.bar.close,
        return_ratio=ratio.quantize(_RETURN_STEP, ROUND_HALF_EVEN),
        opens=entry.opens,
        closes=left.closes,
    )
