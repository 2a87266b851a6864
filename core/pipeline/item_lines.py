"""Each item of evidence as text for members: one line, and for news a second one with the summary.

Every word of outside passes through `shown`, so that it stays in its line, holds no link and ends no fence.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.domain.evidence_items import (
    Figure,
    Filing,
    Identity,
    MacroReading,
    Mood,
    NewsItem,
    Snapshot,
    plain,
)
from core.pipeline.fences import spaced, without_links
from core.pipeline.number_format import figure, moment


@dataclass(frozen=True, slots=True)
class Item:
    """One item: a line that is never cut, what may be left out below it, and its time as a sortable number.

    An item without a time counts as the oldest.
    """

    line: str
    more: str = ""
    at: float = -math.inf


def shown(text: str) -> str:
    """Return a text from outside as it may stand in a line of the evidence."""
    # Items are plain by their types; this holds for what has no such type, and costs next to nothing.
    return spaced(without_links(text if text.isprintable() else str(plain(text))))


def identity_lines(identity: Identity) -> list[str]:
    """Return what is known of the instrument, one field a line; what is not known has no line."""
    fields = (
        ("name", identity.name),
        ("kind", identity.kind),
        ("exchange", identity.exchange),
        ("currency", identity.currency),
        ("sector", identity.sector),
        ("industry", identity.industry),
        ("told by", identity.vendor),
    )
    return [f"{name}: {shown(value)}" for name, value in fields if value]


def news_items(news: Iterable[NewsItem]) -> list[Item]:
    """Return news: time, publisher, vendor, title; the summary below."""
    return [
        Item(
            f"- {moment(item.published_at)}, {_source(item.publisher, item.vendor)}"
            f"{', market-wide' if item.market_wide else ''}: {shown(item.title)}",
            f"  {shown(item.summary)}" if item.summary and item.summary != item.title else "",
            _order(item.published_at),
        )
        for item in news
    ]


def filing_items(filings: Iterable[Filing]) -> list[Item]:
    """Return filings: period, since when they are known and how that is known, vendor, figures."""
    return [
        Item(
            f"- {'year' if filing.annual else 'quarter'} to {filing.period_end}, {_known(filing)} "
            f"({shown(filing.vendor)}): {_figures(filing.figures)}",
            at=filing.period_end.toordinal(),
        )
        for filing in filings
    ]


def ratio_items(snapshot: Snapshot) -> list[Item]:
    """Return the ratios of one moment, one a line, in the order of the vendor."""
    return [Item(f"- {_figure(each)}") for each in snapshot.figures]


def mood_items(moods: Iterable[Mood]) -> list[Item]:
    """Return moods: time, vendor, score and voices where there are any, text."""
    return [
        Item(
            ": ".join(
                [
                    f"- {moment(mood.at)} ({shown(mood.vendor)})",
                    *([_score(mood)] if mood.score is not None or mood.voices is not None else []),
                    *([shown(mood.text)] if mood.text else []),
                ]
            ),
            at=_order(mood.at),
        )
        for mood in moods
    ]


def macro_items(readings: Iterable[MacroReading]) -> list[Item]:
    """Return readings of the economy: series, title, begin of the period, value, day of release, vendor."""
    return [
        Item(
            f"- {shown(each.series)}, {shown(each.title)}, {each.period}: "
            f"{_with_unit(each.value, each.unit)}, released {each.released_on} ({shown(each.vendor)})",
            at=each.released_on.toordinal(),
        )
        for each in readings
    ]


def _source(publisher: str, vendor: str) -> str:
    return f"{shown(publisher)} via {shown(vendor)}" if publisher else shown(vendor)


def _known(filing: Filing) -> str:
    if filing.filed_on is not None:
        return f"filed {filing.filed_on}"
    if filing.reported_on is not None:
        return f"reported {filing.reported_on}"
    if filing.known_on is None:
        return "day of filing unknown"
    return f"period end + {filing.lag_days} days, so taken as known on {filing.known_on}"


def _figures(figures: Sequence[Figure]) -> str:
    return "; ".join(map(_figure, figures)) if figures else "no figures"


def _figure(each: Figure) -> str:
    return f"{shown(each.name)} {_with_unit(each.value, each.unit)}"


def _with_unit(value: Decimal, unit: str) -> str:
    return f"{figure(value)} {shown(unit)}".rstrip()


def _score(mood: Mood) -> str:
    score = "no score" if mood.score is None else f"score {figure(mood.score)}"
    return score if mood.voices is None else f"{score} of {mood.voices} voices"


def _order(at: datetime | None) -> float:
    return -math.inf if at is None else at.timestamp()
