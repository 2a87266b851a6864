"""What people call the figures of the evidence, and what the evidence says of each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.domain.evidence import Evidence
from core.domain.evidence_items import Figure

Kind = Literal["price", "points", "fraction", "amount"]
"""USD a share; a plain number; a fraction that may be written in percent; anything that a vendor names."""


@dataclass(frozen=True)
class Named:
    """A figure by name. `values` are what may be meant; the first is what people are told."""

    pattern: re.Pattern[str]
    kind: Kind
    values: tuple[Decimal, ...]


def named_figures(evidence: Evidence) -> tuple[Named, ...]:
    """Return every figure of a pack that has a name."""
    return (*_indicators(evidence), *_vendors(evidence), *_prices(evidence))


def _prices(evidence: Evidence) -> Iterator[Named]:
    price, close = evidence.quote.price, evidence.bars[-1].close if evidence.bars else evidence.quote.price
    word = r"(?:share |stock |market |spot )?price"
    yield Named(_words(rf"{word}|trad(?:es|ing) at|changes hands at|quoted at"), "price", (price, close))
    yield Named(
        _words(r"clos(?:e|ed|es|ing)(?: price)?(?: at)?|settled at|last price"), "price", (close, price)
    )


def _indicators(evidence: Evidence) -> Iterator[Named]:
    found = evidence.indicators
    for span in (20, 50, 200):
        yield from _one(_average("sma", "simple", span), "price", getattr(found, f"sma_{span}"))
    for span in (12, 26):
        yield from _one(_average("ema", "exponential", span), "price", getattr(found, f"ema_{span}"))
    macd, sets = r"macd", r"(?:[ (]*12[,/ ]+26[,/ ]+9\)?)?"
    yield from _one(rf"(?:{macd}{sets}[ _-]+)?signal line|{macd}[ _-]+signal", "points", found.macd_signal)
    yield from _one(rf"{macd}{sets}[ _-]+histogram", "points", found.macd_histogram)
    yield from _one(rf"{macd}(?: line)?{sets}", "points", found.macd)
    yield from _one(rf"(?:14[ -](?:day|session) )?rsi{_span(14)}", "points", found.rsi_14)
    atr = rf"(?:14[ -](?:day|session) )?(?:atr|average true range){_span(14)}"
    yield from _one(atr, "price", found.atr_14)
    for side, value in (
        ("upper", found.bollinger_upper),
        ("middle", found.bollinger_middle),
        ("lower", found.bollinger_lower),
    ):
        yield from _one(rf"bollinger[ _-]{side}|{side} bollinger(?: band)?", "price", value)
    for sessions in (1, 5, 20, 60, 250):
        again = rf"return_{sessions}|{sessions}[ -](?:session|day) return"
        yield from _one(again, "fraction", getattr(found, f"return_{sessions}"))
    volatile = r"volatility_20|20[ -](?:session|day) volatility"
    yield from _one(volatile, "fraction", found.volatility_20)
    yield from _one(r"volume[ _]ratio(?:_20)?", "points", found.volume_ratio_20)


def _average(short: str, long: str, span: int) -> str:
    of = r"[ -](?:day|session|period)[ -]"
    return rf"{short}[ _-]?\(?{span}\)?|{span}{of}(?:{short}|(?:{long} )?(?:moving )?average)|{span}[ -]?d?ma"


def _span(sessions: int) -> str:
    return rf"(?:[ _-]?\(?{sessions}\)?)?"


def _one(pattern: str, kind: Kind, value: Decimal | None) -> Iterator[Named]:
    if value is not None:
        yield Named(_words(pattern), kind, (value,))


def _vendors(evidence: Evidence) -> Iterator[Named]:
    """Tell what vendors name: ratios of the moment, figures of filings, and readings of the economy.

    Of several periods the newest is told, but each is known.
    """
    filings = sorted(evidence.fundamentals, key=lambda filing: filing.period_end, reverse=True)
    figures: list[Figure] = list(evidence.snapshot.figures) if evidence.snapshot else []
    figures += [figure for filing in filings for figure in filing.figures]
    by_name: dict[str, list[Decimal]] = {}
    for figure in figures:
        by_name.setdefault(_plain_name(figure.name), []).append(figure.value)
    for reading in sorted(evidence.macro, key=lambda reading: reading.period, reverse=True):
        for name in {_plain_name(reading.title), _plain_name(reading.series)}:
            by_name.setdefault(name, []).append(reading.value)
    for name in sorted(by_name, key=len, reverse=True):
        yield Named(_words(_called(name)), "amount", tuple(by_name[name]))


def _plain_name(name: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9/&]+", " ", name.lower()).split())[:80]


_EARNINGS = r"p/e(?: ratio| multiple)?|pe ratio|pe multiple|price[ -](?:to[ -])?earnings(?: ratio)?"
_CALLED = {
    "pe": rf"(?:trailing |ttm )?(?:{_EARNINGS})",
    "forward pe": rf"forward (?:{_EARNINGS}|pe)",
    "eps": r"(?:diluted |basic )?eps|earnings per share",
    "market cap": r"market cap(?:italisation|italization)?",
    "price to book": r"price[ -]to[ -]book(?: ratio)?|p/b(?: ratio)?",
    "price to sales": r"price[ -]to[ -]sales(?: ratio)?|p/s(?: ratio)?",
    "revenue": r"(?:total )?revenues?",
}
_ALSO = {
    "p/e": "pe",
    "p/e ratio": "pe",
    "trailing p/e": "pe",
    "trailing pe": "pe",
    "pe ratio": "pe",
    "price earnings": "pe",
    "price earnings ratio": "pe",
    "trailingpe": "pe",
    "forward p/e": "forward pe",
    "forwardpe": "forward pe",
    "forward price earnings": "forward pe",
    "diluted eps": "eps",
    "earnings per share": "eps",
    "market capitalisation": "market cap",
    "market capitalization": "market cap",
    "marketcap": "market cap",
    "p/b": "price to book",
    "p/s": "price to sales",
    "total revenue": "revenue",
    "revenues": "revenue",
}


def _called(name: str) -> str:
    """Return the pattern of all that a figure is called beside its own name."""
    own = r"[ _-]".join(re.escape(word) for word in name.split()) or r"(?!)"
    more = _CALLED.get(_ALSO.get(name, name))
    return f"{own}|{more}" if more else own


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_/])(?:{pattern})(?![A-Za-z0-9_])", re.IGNORECASE)


def vendor_values(evidence: Evidence) -> Iterator[Decimal]:
    """Tell the figures of vendors, also in thousands to trillions, as people may write them."""
    figures: list[Iterable[Figure]] = [filing.figures for filing in evidence.fundamentals]
    figures += [evidence.snapshot.figures] if evidence.snapshot else []
    every = [figure.value for group in figures for figure in group]
    every += [reading.value for reading in evidence.macro]
    for value in every:
        for exponent in (0, 3, 6, 9, 12):
            if not exponent or abs(value) >= Decimal(10) ** exponent:
                yield value / Decimal(10) ** exponent
            # A vendor may write 57,000 for 57 billion, in its unit of millions.
            yield value * Decimal(10) ** exponent
