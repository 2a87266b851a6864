"""The evidence and a member's own books as text, always in the same order and the same number format."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property

from core.config.settings import Trading
from core.domain.books import Position
from core.domain.evidence import Evidence
from core.domain.run import Briefing

BARS_SHOWN = 30
SECTIONS = ("indicators", "bars", "news", "fundamentals", "sentiment")
"""The parts of the evidence behind its head, in the order in which every run shows them."""


class Facts:
    """The evidence of one run as text, the same for all its members; made when the first one reads it."""

    def __init__(self, evidence: Evidence, order: Sequence[str] = SECTIONS) -> None:
        self._evidence = evidence
        self._order = order

    @cached_property
    def text(self) -> str:
        """What `evidence_text` makes of it."""
        return evidence_text(self._evidence, self._order)


def evidence_text(evidence: Evidence, order: Sequence[str] = SECTIONS) -> str:
    """Return the pack as a member reads it: identity and quote, then the `SECTIONS` in this order."""
    quote = evidence.quote
    state = "open" if quote.session_open else "closed"
    traded = f", traded in {evidence.converted_from}" if evidence.converted_from else ""
    head = [
        f"instrument: {evidence.ticker} ({evidence.currency}{traded})",
        f"as of: {evidence.as_of.isoformat()} (exchange {state})",
        f"prices from: {evidence.source}",
        *([f"note: {evidence.caveat}"] if evidence.caveat else []),
        f"last price: {price(quote.price)} (session {quote.session.isoformat()})",
        "",
    ]
    sections = {
        "indicators": ["indicators", *_indicators(evidence), ""],
        "bars": [*_bars(evidence), ""],
        "news": _other("news", [item.title for item in evidence.news]),
        "fundamentals": _other(
            "fundamentals", [filing.period_end.isoformat() for filing in evidence.fundamentals]
        ),
        "sentiment": _other("sentiment", [mood.text for mood in evidence.sentiment]),
    }
    return "\n".join([*head, *(line for name in order for line in sections[name])])


def _bars(evidence: Evidence) -> list[str]:
    return [
        f"last {min(BARS_SHOWN, len(evidence.bars))} of {len(evidence.bars)} sessions: "
        "date open high low close volume",
        *(
            f"{bar.date} {price(bar.open)} {price(bar.high)} {price(bar.low)} {price(bar.close)} {bar.volume}"
            for bar in evidence.bars[-BARS_SHOWN:]
        ),
    ]


def _indicators(evidence: Evidence) -> Iterable[str]:
    figures = evidence.indicators
    for name in type(figures).model_fields:
        value: Decimal | None = getattr(figures, name)
        shown = f"n/a (needs more than {len(evidence.bars)} sessions)" if value is None else f"{value:.4f}"
        yield f"{name}: {shown}"


def _other(name: str, items: Sequence[str]) -> list[str]:
    return [f"{name}:", *(f"- {item}" for item in items)] if items else [f"{name}: no data was given"]


def briefing_text(briefing: Briefing, ticker: str, terms: Trading) -> str:
    """Return a member's own books and the rules of trading."""
    book = briefing.portfolio
    equity = "unknown, a holding has no price" if briefing.equity_usd is None else usd(briefing.equity_usd)
    waiting = [f"- {o.side} {quantity(o.shares)} {o.ticker}" for o in briefing.pending]
    position = book.position(ticker)
    return "\n".join(
        [
            f"cash: {usd(book.cash_usd)}",
            f"equity: {equity}",
            f"position in {ticker}: {_position(position)}",
            "other positions:" if len(book.positions) > bool(position) else "other positions: none",
            *(f"- {held.ticker}: {_position(held)}" for held in book.positions if held.ticker != ticker),
            "orders that wait for the next open:" if waiting else "orders that wait for the next open: none",
            *waiting,
            f"largest position: {terms.max_position:.1%} of equity",
            f"largest exposure, all positions together: {terms.max_gross_exposure:.1%} of equity",
            _short_positions(terms),
            f"costs a trade: fee {terms.fee_bps:f} bps, slippage {terms.slippage_bps:f} bps",
            "a stop loss or take profit closes the position when a session reaches it; without a new one, "
            "those that stand stay",
            "trades fill at the next session's open"
            if terms.fill == "next_open"
            else "trades fill at the last price while the exchange is open, else at the next session's open",
        ]
    )


def _short_positions(terms: Trading) -> str:
    if not terms.allow_short:
        return "short positions are not allowed"
    return (
        "short positions are allowed: SELL with a target weight below zero; "
        f"borrowing costs {terms.borrow_fee:.1%} a year"
    )


def _position(held: Position | None) -> str:
    if held is None:
        return "none"
    levels = (("stop", held.stop_loss), ("take profit", held.take_profit))
    guarded = "".join(f", {name} {price(level)}" for name, level in levels if level is not None)
    return f"{quantity(held.shares)} shares at {price(held.average_cost)}{guarded}"


def price(value: Decimal) -> str:
    """Return a price with two to six decimals, for instance 207.04 or 0.000123."""
    text = f"{value.normalize():f}"
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def quantity(value: Decimal) -> str:
    """Return a number of shares without trailing zeros."""
    return f"{value.normalize():f}"


def usd(value: Decimal) -> str:
    """Return an amount of USD in dollars and cents."""
    return f"${value:,.2f}"
