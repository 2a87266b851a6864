"""The evidence and a member's own books as text, always in the same order and the same number format."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from core.config.settings import EvidenceTokens, Trading
from core.domain.books import Position
from core.domain.evidence import Evidence
from core.domain.prompt_terms import EvidenceBudget, TradingTerms
from core.domain.run import Briefing
from core.pipeline.number_format import price, quantity, usd
from core.pipeline.sections import Section, section_texts

CORE = (Section.QUOTE, Section.INDICATORS)
"""What every stage reads first."""
PRICES = (*CORE, Section.BARS)
"""The sections about prices, which every pack has."""
SECTIONS: tuple[Section, ...] = tuple(section for section in Section if section is not Section.QUOTE)
"""The sections behind the quote, which stands on top, in the order in which every run shows them."""

_Budget = EvidenceTokens | EvidenceBudget
_Terms = Trading | TradingTerms

_STANDARD = EvidenceTokens()


class Facts:
    """The evidence of one run as text, the same for all its members; made when the first one reads it."""

    def __init__(
        self, evidence: Evidence, order: Sequence[Section] = SECTIONS, budget: _Budget = _STANDARD
    ) -> None:
        self._evidence = evidence
        self._order = order
        self._budget = budget
        self._made: dict[tuple[Section, ...], str] = {}

    @cached_property
    def _sections(self) -> Mapping[Section, str]:
        return section_texts(self._evidence, self._budget)

    @property
    def text(self) -> str:
        """All sections, as `evidence_text` makes them."""
        return self.of(*SECTIONS)

    def of(self, *sections: Section) -> str:
        """Return the quote and these sections, in the order of this object."""
        if sections not in self._made:
            order = [section for section in self._order if section in sections]
            self._made[sections] = _joined(self._sections, order)
        return self._made[sections]


def evidence_text(
    evidence: Evidence, order: Sequence[Section] = SECTIONS, budget: _Budget = _STANDARD
) -> str:
    """Return the pack as a member reads it, as safe to stand in a fence as it is.

    The quote stands on top, the other sections in `order`; those that it does not name are left out.
    """
    return _joined(section_texts(evidence, budget), order)


def _joined(texts: Mapping[Section, str], order: Sequence[Section]) -> str:
    names = [name for name in (Section.QUOTE, *order) if name in texts]
    return "\n".join(f"{texts[name]}\n" if name in PRICES else texts[name] for name in names)


def briefing_text(briefing: Briefing, ticker: str, terms: _Terms) -> str:
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


def _short_positions(terms: _Terms) -> str:
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
