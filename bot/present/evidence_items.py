"""Each item of evidence in words for people: what it says, when it was known, who told it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.evidence_buttons import Part
from bot.evidence_card import EvidenceItem
from bot.present import numbers
from core.domain.bars import Bar
from core.domain.evidence import Evidence, Indicators
from core.domain.evidence_items import Figure, Filing, MacroReading, Mood, NewsItem, Snapshot

BARS_SHOWN = 5
_LARGE = ((Decimal(10) ** 12, "trillion"), (Decimal(10) ** 9, "billion"), (Decimal(10) ** 6, "million"))
_LONGEST_NAME = 100
_PLACES = 4
_MOST_PLACES = 12
_SMALL = Decimal("0.1")
_ACRONYMS = frozenset({"sma", "ema", "macd", "rsi", "atr"})
_FRACTIONS = ("return_", "volatility_")
_SESSION = "{}: open {}, high {}, low {}, close {}, volume {}"


def items_of(evidence: Evidence, part: Part, zone: ZoneInfo) -> list[EvidenceItem]:
    """Return the items of a section in the order of the pack; times are told in `zone`."""
    match part:
        case Part.PRICES:
            return [_bars(evidence.bars)] if evidence.bars else []
        case Part.NEWS:
            return [_news(one, zone) for one in evidence.news]
        case Part.FUNDAMENTALS:
            return [_filing(one) for one in evidence.fundamentals]
        case Part.RATIOS:
            return [_snapshot(evidence.snapshot, zone)] if evidence.snapshot else []
        case Part.SENTIMENT:
            return [_mood(one, zone) for one in evidence.sentiment]
        case Part.MACRO:
            return [_reading(one) for one in evidence.macro]
        case Part.OVERVIEW:
            return []


def price_facts(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """Return the last price and every indicator that the bars were enough for."""
    quote = evidence.quote
    found = ((name, getattr(evidence.indicators, name)) for name in Indicators.model_fields)
    return (
        ("Last price", numbers.price(quote.price)),
        ("Session", f"{numbers.day(quote.session)}, {'open' if quote.session_open else 'closed'}"),
        *((_indicator(name), _value(name, value)) for name, value in found if value is not None),
    )


def _news(item: NewsItem, zone: ZoneInfo) -> EvidenceItem:
    told = f"{item.publisher[:_LONGEST_NAME]} via {item.vendor}" if item.publisher else item.vendor
    wide = ["market-wide"] if item.market_wide else []
    return EvidenceItem(
        title=item.title,
        detail=" · ".join([_time(item.published_at, zone), told, *wide]),
        text=item.summary if item.summary != item.title else "",
        url=item.url,
    )


def _mood(mood: Mood, zone: ZoneInfo) -> EvidenceItem:
    score = [] if mood.score is None else [f"score {figure(mood.score)}"]
    voices = [] if mood.voices is None else [numbers.counted(mood.voices, "voice")]
    return EvidenceItem(
        detail=" · ".join([_time(mood.at, zone), mood.vendor, *score, *voices]), text=mood.text, url=mood.url
    )


def _filing(filing: Filing) -> EvidenceItem:
    return EvidenceItem(
        title=f"{'Year' if filing.annual else 'Quarter'} to {numbers.day(filing.period_end)}",
        detail=f"{_known(filing)} · {filing.vendor}",
        text=_figures(filing.figures),
    )


def _known(filing: Filing) -> str:
    if filing.filed_on is not None:
        return f"filed {numbers.day(filing.filed_on)}"
    if filing.known_on is None:
        return "day of filing unknown"
    return f"{filing.lag_days} days assumed, so known on {numbers.day(filing.known_on)}"


def _snapshot(snapshot: Snapshot, zone: ZoneInfo) -> EvidenceItem:
    return EvidenceItem(
        title="Ratios of the moment",
        detail=f"{_time(snapshot.at, zone)} · {snapshot.vendor}",
        text=_figures(snapshot.figures),
    )


def _reading(reading: MacroReading) -> EvidenceItem:
    period, released = numbers.day(reading.period), numbers.day(reading.released_on)
    return EvidenceItem(
        title=f"{reading.title}: {figure(reading.value)} {reading.unit}".rstrip(),
        detail=f"{reading.series}, period from {period} · released {released} · {reading.vendor}",
    )


def _bars(bars: Sequence[Bar]) -> EvidenceItem:
    shown = bars[-BARS_SHOWN:]
    lines = [
        _SESSION.format(
            numbers.day(bar.date),
            *(numbers.price(value) for value in (bar.open, bar.high, bar.low, bar.close)),
            numbers.whole(bar.volume),
        )
        for bar in reversed(shown)
    ]
    sessions = numbers.counted(len(bars), "session")
    return EvidenceItem(title=f"The last {len(shown)} of {sessions}", text="\n".join(lines))


def _figures(figures: Iterable[Figure]) -> str:
    lines = []
    for one in figures:
        unit = "" if one.unit == "ratio" else one.unit
        lines.append(f"{one.name[:1].upper()}{one.name[1:]}: {figure(one.value)} {unit}".rstrip())
    return "\n".join(lines) or "No figures."


def figure(value: Decimal) -> str:
    """Write a figure of a statement: `46.743 billion`, `1,250.5`, `0.1234`."""
    for size, word in _LARGE:
        if abs(value) >= size:
            return f"{_rounded(value / size, 3)} {word}"
    small = value and abs(value) < _SMALL
    places = _PLACES - 1 - value.adjusted() if small else _PLACES
    return _rounded(value, min(places, _MOST_PLACES))


def _rounded(value: Decimal, places: int) -> str:
    text = f"{abs(value):,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{numbers.MINUS if value < 0 and text.strip('0.,') else ''}{numbers.written(text)}"


def _indicator(name: str) -> str:
    words = [word.upper() if word in _ACRONYMS else word for word in name.split("_")]
    return f"{words[0][:1].upper()}{' '.join(words)[1:]}"


def _value(name: str, value: Decimal) -> str:
    return numbers.ratio_percent(value) if name.startswith(_FRACTIONS) else numbers.ratio(value)


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return "undated" if at is None else numbers.moment(at, zone)
