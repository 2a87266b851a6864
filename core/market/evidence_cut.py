"""The cut of what vendors said: nothing from after `as_of`, nothing twice, and no more than configured.

Pure, and the same for all vendors. Where two items come first alike, their whole text decides, so that the
order in which a vendor told them changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from core.config.market import EvidenceLimits
from core.domain.evidence_items import Filing, MacroReading, Mood, NewsItem, Snapshot

SNAPSHOT_WITHIN = timedelta(minutes=15)
"""A snapshot is taken a moment after the run's own; one from further ahead is wrong."""
_FIRST = datetime(1, 1, 1, tzinfo=UTC)

T = TypeVar("T", NewsItem, Mood)


def cut_news(
    items: Iterable[NewsItem], as_of: datetime, limits: EvidenceLimits, *, live: bool
) -> tuple[NewsItem, ...]:
    """Return the news that may be known at `as_of`, newest first, undated last (and only when `live`)."""
    since = _back(as_of, limits.news_days)
    known = [
        item.model_copy(update={"published_at": _utc(item.published_at)})
        for item in items
        if _in_time(item.published_at, since, as_of, live=live)
    ]
    newest = _newest_first(_once(_newest_first(known, _published)[::-1]), _published)
    signs = (len(item.title) + len(item.summary) + len(item.publisher) for item in newest)
    return _as_fit(newest, signs, limits.news_items, limits.news_characters)


def cut_moods(
    moods: Iterable[Mood], as_of: datetime, limits: EvidenceLimits, *, live: bool
) -> tuple[Mood, ...]:
    """Return the posts and scores that may be known at `as_of`, in the order of news."""
    since = _back(as_of, limits.sentiment_days)
    known = [
        mood.model_copy(update={"at": _utc(mood.at)})
        for mood in moods
        if _in_time(mood.at, since, as_of, live=live)
    ]
    newest = _newest_first(dict.fromkeys(known), lambda mood: mood.at)
    signs = (len(mood.text) for mood in newest)
    return _as_fit(newest, signs, limits.sentiment_items, limits.sentiment_characters)


def cut_filings(filings: Iterable[Filing], as_of: datetime, limits: EvidenceLimits) -> tuple[Filing, ...]:
    """Return the statements known before the day of `as_of` (in UTC), the newest period first.

    A day has no hour, so what became known on the very day may have become known after `as_of`. Where nobody
    knows the day of the filing, the configured lag is put in. Of several statements for one period the one
    that was known last counts.
    """
    today = as_of.astimezone(UTC).date()
    newest: dict[tuple[object, bool], Filing] = {}
    for filing in sorted((with_lag(one, limits) for one in filings), key=_json):
        known_on = filing.known_on
        if not filing.figures or known_on is None or known_on >= today or filing.period_end > today:
            continue
        period = filing.period_end, filing.annual
        other = newest.get(period)
        if other is None or other.known_on is None or other.known_on <= known_on:
            newest[period] = filing
    ordered = sorted(newest.values(), key=lambda one: (one.period_end, one.annual), reverse=True)
    return tuple(ordered[: limits.filings])


def cut_snapshot(snapshot: Snapshot | None, as_of: datetime, *, live: bool) -> Snapshot | None:
    """Return a snapshot with figures, and only when `live`."""
    if not live or snapshot is None or not snapshot.figures or snapshot.at > as_of + SNAPSHOT_WITHIN:
        return None
    return snapshot.model_copy(update={"at": snapshot.at.astimezone(UTC)})


def cut_readings(
    readings: Iterable[MacroReading], as_of: datetime, limits: EvidenceLimits
) -> tuple[MacroReading, ...]:
    """Return the readings released before the day of `as_of` (in UTC): by series, each with its newest first.

    Of several releases for one period the last one counts.
    """
    today = as_of.astimezone(UTC).date()
    known = (one for one in readings if one.released_on < today and one.period <= today)
    last = {
        (one.series, one.period): one for one in sorted(known, key=lambda one: (one.released_on, _json(one)))
    }
    series: dict[str, list[MacroReading]] = {}
    for one in sorted(last.values(), key=lambda one: one.period, reverse=True):
        series.setdefault(one.series, []).append(one)
    return tuple(one for name in sorted(series) for one in series[name][: limits.macro_readings])


def _in_time(at: datetime | None, since: datetime, as_of: datetime, *, live: bool) -> bool:
    return live if at is None else since <= at <= as_of


def _newest_first(items: Iterable[T], at: Callable[[T], datetime | None]) -> list[T]:
    return sorted(items, key=lambda item: (at(item) or _FIRST, _json(item)), reverse=True)


def _published(item: NewsItem) -> datetime | None:
    return item.published_at


def _once(items: Iterable[NewsItem]) -> Iterator[NewsItem]:
    """Leave out what an earlier item told already; what has a time comes before what has none."""
    seen: set[str] = set()
    for item in sorted(items, key=lambda item: item.published_at is None):
        marks = _marks(item)
        if not marks & seen:
            yield item
        seen |= marks


def _marks(item: NewsItem) -> set[str]:
    """Return by what an item is known again: its title, and its address without query and fragment."""
    plain = "".join(sign for sign in item.title.casefold() if sign.isalnum())
    marks = {f"title {plain or item.title}"}
    if item.url is not None:
        marks.add(f"url {_address(item.url)}")
    return marks


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _as_fit(items: list[T], signs: Iterable[int], most: int, most_signs: int) -> tuple[T, ...]:
    """Return the first items, whole ones, that are not too many and together not too long."""
    fitting: list[T] = []
    for item, length in zip(items[:most], signs, strict=False):
        most_signs -= length
        if most_signs < 0:
            break
        fitting.append(item)
    return tuple(fitting)


def with_lag(filing: Filing, limits: EvidenceLimits) -> Filing:
    """Return a filing with the configured lag, where nobody knows its day."""
    if filing.filed_on is not None:
        return filing.model_copy(update={"lag_days": None})
    lag = limits.year_lag_days if filing.annual else limits.quarter_lag_days
    return filing.model_copy(update={"lag_days": lag})


def _back(as_of: datetime, days: int) -> datetime:
    return as_of - min(timedelta(days=days), as_of - _FIRST)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


def _json(item: NewsItem | Mood | Filing | MacroReading) -> str:
    return item.model_dump_json()
