"""What happened to a member's books that no ballot asked for: one line each."""

from decimal import Decimal

from bot.present import numbers
from core.domain.books import Happening, HappeningKind, Side

_CLOSED = {
    HappeningKind.STOP: "stop of {ticker} reached",
    HappeningKind.TAKE_PROFIT: "take-profit of {ticker} reached",
    HappeningKind.MARGIN_CALL: "margin call for {ticker}",
    HappeningKind.RESET: "reset, {ticker}",
}
_DID = {Side.BUY: "bought", Side.SELL: "sold"}


def happening_line(happening: Happening) -> str:
    """Say what happened, its day first: `2025-10-30 NVDA split 4 for 1: 20 became 80`."""
    return f"{numbers.day(happening.session)} {_what(happening)}"


def _what(happening: Happening) -> str:
    ticker, amount = happening.ticker, happening.amount_usd or Decimal(0)
    moved = numbers.usd_change(amount)
    match happening.kind:
        case HappeningKind.SPLIT:
            ratio = numbers.split(happening.ratio or Decimal(1))
            before, after = _count(happening.shares_before), _count(happening.shares)
            return f"{ticker} split {ratio}: {before} became {after}"
        case HappeningKind.DIVIDEND:
            return f"dividend {'owed for short' if amount < 0 else 'of'} {ticker}: {moved}"
        case HappeningKind.CASH_IN_LIEU:
            return f"the part of a {ticker} share that a split left over: {moved}"
        case HappeningKind.INTEREST:
            return f"interest on cash so far: {moved}"
        case HappeningKind.BORROW:
            return f"fees for borrowed {ticker} so far: {moved}"
        case HappeningKind.RESET if ticker is None:
            return f"the portfolio was reset, cash brought to the start: {moved}"
        case _:
            return _closed(happening)


def _closed(happening: Happening) -> str:
    about = _CLOSED[happening.kind].format(ticker=happening.ticker)
    side, count = happening.side or Side.SELL, _count(happening.shares)
    if happening.reason:
        return f"{about}: could not {side} {count}, {happening.reason.rstrip('.')}"
    return f"{about}: {_DID[side]} {count}"


def _count(shares: Decimal | None) -> str:
    return numbers.shares(shares or Decimal(0))
