"""The evidence as text, section by section, each within its budget of tokens; the same for all members.

What is given beside prices stands in a fence of its own inside the evidence, so that no headline or post can
pass for another section. Trimming follows one rule. Sections claim their tokens in the order of `_CLAIMS`,
each at most its own budget and what the earlier ones left of the total: so bars are the last to be reduced.
Within a section the oldest items go first; if not even the newest one fits, summaries go, and the rule is
applied again. No line is ever cut. What was left out is said in the section's first line.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from core.config.settings import EvidenceTokens
from core.domain.bars import Bar
from core.domain.evidence import Evidence
from core.domain.evidence_items import EvidenceKind, MacroReading, NewsItem
from core.domain.prompt_terms import EvidenceBudget
from core.domain.tokens import all_tokens
from core.pipeline.fences import key_of, marked, spaced
from core.pipeline.item_lines import (
    Item,
    filing_items,
    identity_lines,
    macro_items,
    mood_items,
    news_items,
    ratio_items,
    shown,
)
from core.pipeline.number_format import moment, price

BARS_SHOWN = 30
_LONGEST_REASON = 200


class Section(StrEnum):
    """A part of the evidence's text, in the order in which members read them."""

    QUOTE = "quote"
    INDICATORS = "indicators"
    BARS = "bars"
    NEWS = "news"
    FUNDAMENTALS = "fundamentals"
    RATIOS = "ratios of the moment"
    SENTIMENT = "sentiment"
    MACRO = "macro"


_CLAIMS = (
    Section.BARS,
    Section.RATIOS,
    Section.FUNDAMENTALS,
    Section.NEWS,
    Section.MACRO,
    Section.SENTIMENT,
)
_FENCES = {
    Section.NEWS: "news_items",
    Section.FUNDAMENTALS: "filings",
    Section.RATIOS: "ratios",
    Section.SENTIMENT: "moods",
    Section.MACRO: "readings",
}
"""Fences have other names than the stages, whose outputs stand in fences as well."""
_COUNTED = {
    Section.NEWS: "items",
    Section.FUNDAMENTALS: "filings",
    Section.RATIOS: "figures",
    Section.SENTIMENT: "items",
    Section.MACRO: "readings",
}
_KINDS = {
    Section.NEWS: EvidenceKind.NEWS,
    Section.FUNDAMENTALS: EvidenceKind.FUNDAMENTALS,
    Section.SENTIMENT: EvidenceKind.SENTIMENT,
    Section.MACRO: EvidenceKind.MACRO,
}


def section_texts(evidence: Evidence, budget: EvidenceTokens | EvidenceBudget) -> Mapping[Section, str]:
    """Return the text of each section, in reading order."""
    texts = {
        Section.QUOTE: "\n".join(_quote(evidence)),
        Section.INDICATORS: "\n".join(["indicators", *_indicators(evidence)]),
    }
    left = budget.total - all_tokens(texts.values())
    for section in _CLAIMS:
        allowance = min(getattr(budget, section.name.lower()), left)
        text = _bars(evidence, allowance) if section is Section.BARS else _given(section, evidence, allowance)
        if text:
            texts[section] = text
            left = max(0, left - all_tokens([text]))
    return {section: texts[section] for section in Section if section in texts}


def _quote(evidence: Evidence) -> Iterable[str]:
    quote = evidence.quote
    state = "open" if quote.session_open else "closed"
    traded = f", traded in {evidence.converted_from}" if evidence.converted_from else ""
    yield f"instrument: {evidence.ticker} ({evidence.currency}{traded})"
    if evidence.identity:
        yield marked("identity", key_of(evidence.sha256), "\n".join(identity_lines(evidence.identity)))
    elif _reasons(evidence, EvidenceKind.IDENTITY):
        yield f"identity: {_nothing(evidence, EvidenceKind.IDENTITY)}"
    yield f"as of: {evidence.as_of.isoformat()} (exchange {state})"
    yield f"prices from: {spaced(evidence.source)}"
    if evidence.caveat:
        yield f"note: {spaced(evidence.caveat)}"
    yield f"last price: {price(quote.price)} (session {quote.session.isoformat()})"


def _indicators(evidence: Evidence) -> Iterable[str]:
    figures = evidence.indicators
    for name in type(figures).model_fields:
        value: Decimal | None = getattr(figures, name)
        written = f"n/a (needs more than {len(evidence.bars)} sessions)" if value is None else f"{value:.4f}"
        yield f"{name}: {written}"


def _bars(evidence: Evidence, allowance: int) -> str:
    lines = [Item(_bar(bar), at=bar.date.toordinal()) for bar in evidence.bars[-BARS_SHOWN:]]
    kept = _newest_that_fit(lines, allowance)
    head = f"last {len(kept)} of {len(evidence.bars)} sessions: date open high low close volume"
    return "\n".join([head, *(item.line for item in kept)])


def _bar(bar: Bar) -> str:
    return f"{bar.date} {price(bar.open)} {price(bar.high)} {price(bar.low)} {price(bar.close)} {bar.volume}"


def _given(section: Section, evidence: Evidence, allowance: int) -> str:
    """Return a section of what was gathered; an empty text where packs with prices alone have none."""
    items = _ITEMS[section](evidence)
    if not items:
        if section in (Section.RATIOS, Section.MACRO) and not _was_gathered(evidence):
            return ""
        return f"{section}: {_nothing(evidence, _KINDS.get(section))}"
    kept = _newest_that_fit(items, allowance)
    head = f"{section}: {', '.join(_said(section, evidence, items, kept))}"
    if not kept:
        return head
    lines = "\n".join(line for item in kept for line in (item.line, item.more) if line)
    return f"{head}\n{marked(_FENCES[section], key_of(evidence.sha256), lines)}"


def _said(section: Section, evidence: Evidence, items: Sequence[Item], kept: Sequence[Item]) -> Iterable[str]:
    """What the first line of a section says: how many items, of when, and what was left out."""
    left_out = len(items) - len(kept)
    counted = _COUNTED[section]
    yield f"{len(kept)} {counted if len(kept) != 1 else counted.removesuffix('s')}"
    if section is Section.RATIOS and evidence.snapshot:
        yield f"at {moment(evidence.snapshot.at)} UTC, from {shown(evidence.snapshot.vendor)}"
    elif section in (Section.NEWS, Section.SENTIMENT):
        yield "times in UTC"
    if left_out:
        older = "" if section is Section.RATIOS else "older "
        yield f"{left_out} {older}{'item is' if left_out == 1 else 'items are'} left out"
    if any(item.more for item in items) and not any(item.more for item in kept):
        yield "summaries are left out"
    yield from _lacks(section, evidence)


def _lacks(section: Section, evidence: Evidence) -> Iterable[str]:
    """Say what the vendor of a section could not tell of it; the other absences are of vendors before it."""
    told: Sequence[NewsItem | MacroReading] = ()
    if section is Section.NEWS:
        told = evidence.news
    elif section is Section.MACRO:
        told = evidence.macro
    vendors = {one.vendor for one in told}
    return (
        shown(absence.reason)[:_LONGEST_REASON]
        for absence in evidence.absences
        if absence.kind == _KINDS.get(section) and absence.vendor in vendors
    )


def _newest_that_fit(items: Sequence[Item], allowance: int) -> list[Item]:
    """Return the newest items that fit into `allowance` tokens, in the order in which they were given."""
    kept = _fitting(items, allowance)
    if kept or not any(item.more for item in items):
        return kept
    return _fitting([Item(item.line, at=item.at) for item in items], allowance)


def _fitting(items: Sequence[Item], allowance: int) -> list[Item]:
    # Of equal age the earlier one stays; sorting keeps their order.
    ranked = sorted(range(len(items)), key=lambda place: -items[place].at)
    places = []
    for place in ranked:
        allowance -= all_tokens(line for line in (items[place].line, items[place].more) if line)
        if allowance < 0:
            break
        places.append(place)
    return [items[place] for place in sorted(places)]


def _was_gathered(evidence: Evidence) -> bool:
    """Say whether anything beside prices was looked for."""
    return bool(
        evidence.absences
        or evidence.identity
        or evidence.news
        or evidence.fundamentals
        or evidence.snapshot
        or evidence.sentiment
        or evidence.macro
    )


def _nothing(evidence: Evidence, kind: EvidenceKind | None) -> str:
    reasons = _reasons(evidence, kind)
    return f"no data was given{f' ({reasons})' if reasons else ''}"


def _reasons(evidence: Evidence, kind: EvidenceKind | None) -> str:
    return "; ".join(
        f"{shown(absence.vendor)}: {shown(absence.reason)[:_LONGEST_REASON]}"
        for absence in evidence.absences
        if absence.kind == kind
    )


_ITEMS: Mapping[Section, Callable[[Evidence], list[Item]]] = {
    Section.NEWS: lambda evidence: news_items(evidence.news),
    Section.FUNDAMENTALS: lambda evidence: filing_items(evidence.fundamentals),
    Section.RATIOS: lambda evidence: ratio_items(evidence.snapshot) if evidence.snapshot else [],
    Section.SENTIMENT: lambda evidence: mood_items(evidence.sentiment),
    Section.MACRO: lambda evidence: macro_items(evidence.macro),
}
