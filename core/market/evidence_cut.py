"""The cut of what vendors said: nothing from after `as_of`, nothing twice, and no more than configured.

Pure, and the same for all vendors. Where two items come first alike, their whole text decides, so that the
order in which a vendor told them changes nothing.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from core.config.market import EvidenceLimits
from core.domain.evidence_items import Filing, MacroReading, Mood, NewsItem, Snapshot

SNAPSHOT_WITHIN = timedelta(minutes=15)
"""A snapshot is taken a moment after the run's own; one from further ahead is wrong."""
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_COUNTS_READERS = re.compile(
    r"(?:utm_\w*|mod|cid|src|\.tsrc|guc\w*|ref\w*|source|fbclid|gclid|ncid)(?:=|$)", re.IGNORECASE
)
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")

T = TypeVar("T")
D = TypeVar("D", Filing, MacroReading)


def cut_news(
    items: Iterable[NewsItem], as_of: datetime, limits: EvidenceLimits, *, live: bool
) -> tuple[NewsItem, ...]:
    """Return the news that may be known at `as_of`, newest first, undated last (and only when `live`)."""
    since = _back(as_of, limits.news_days)
    known = sorted(
        (item for item in items if _in_time(item.published_at, since, as_of, live=live)), key=_news_order
    )
    newest = sorted(_once(known), key=_news_order, reverse=True)
    # There is always news of the market: it takes the room that the instrument's own leaves.
    wanted = sorted(newest, key=lambda item: item.market_wide)
    signs = (len(item.title) + len(item.summary) + len(item.publisher) for item in wanted)
    kept = {id(item) for item in _as_fit(wanted, signs, limits.news_items, limits.news_characters)}
    fitting = [item for item in newest if id(item) in kept]
    return tuple(
        item if _is_utc(at := item.published_at) else item.model_copy(update={"published_at": _utc(at)})
        for item in fitting
    )


def cut_moods(
    moods: Iterable[Mood], as_of: datetime, limits: EvidenceLimits, *, live: bool
) -> tuple[Mood, ...]:
    """Return the posts and scores that may be known at `as_of`, in the order of news."""
    since = _back(as_of, limits.sentiment_days)
    known = {_mood_order(mood): mood for mood in moods if _in_time(mood.at, since, as_of, live=live)}
    newest = [known[order] for order in sorted(known, reverse=True)]
    signs = (len(mood.text) for mood in newest)
    fitting = _as_fit(newest, signs, limits.sentiment_items, limits.sentiment_characters)
    return tuple(
        mood if _is_utc(mood.at) else mood.model_copy(update={"at": _utc(mood.at)}) for mood in fitting
    )


def cut_filings(filings: Iterable[Filing], as_of: datetime, limits: EvidenceLimits) -> tuple[Filing, ...]:
    """Return the statements known before the day of `as_of` (in UTC), the newest period first.

    A day has no hour, so what became known on the very day may have become known after `as_of`. Where nobody
    knows the day of the filing, the configured lag is put in. Of several statements for one period the one
    that was known last counts.
    """
    today = as_of.astimezone(UTC).date()
    periods: dict[tuple[date, bool], list[tuple[date, Filing]]] = {}
    for filing in (with_lag(one, limits) for one in filings if one.figures and one.period_end <= today):
        if filing.known_on is not None and filing.known_on < today:
            periods.setdefault((filing.period_end, filing.annual), []).append((filing.known_on, filing))
    newest = sorted(periods, reverse=True)[: limits.filings]
    return tuple(_last_known(periods[period]) for period in newest)


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
    series: dict[str, dict[date, list[tuple[date, MacroReading]]]] = {}
    for one in readings:
        if one.released_on < today and one.period <= today:
            periods = series.setdefault(one.series, {})
            periods.setdefault(one.period, []).append((one.released_on, one))
    return tuple(
        _last_known(series[name][period])
        for name in sorted(series)
        for period in sorted(series[name], reverse=True)[: limits.macro_readings]
    )


def _in_time(at: datetime | None, since: datetime, as_of: datetime, *, live: bool) -> bool:
    return live if at is None else since <= at <= as_of


def _news_order(item: NewsItem) -> tuple[datetime, str, str, str, str, str, bool]:
    """Return what puts news in order: all of it, so that only what is equal stands equal."""
    at, url = item.published_at or _FIRST, item.url or ""
    return at, item.title, url, item.summary, item.publisher, item.vendor, item.market_wide


def _mood_order(mood: Mood) -> tuple[datetime, bool, str, str, str, str, str]:
    at, url = mood.at or _FIRST, mood.url or ""
    return at, mood.at is None, mood.text, url, mood.vendor, f"{mood.score}", f"{mood.voices}"


def _last_known(told: list[tuple[date, D]]) -> D:
    """Return what was known last of what was told of one period; its text decides between equals."""
    if len(told) == 1:
        return told[0][1]
    return max(told, key=lambda one: (one[0], one[1].model_dump_json()))[1]


def _once(items: Iterable[NewsItem]) -> Iterator[NewsItem]:
    """Leave out what an earlier item told already; what has a time comes before what has none."""
    seen: set[str] = set()
    for item in sorted(items, key=lambda item: item.published_at is None):
        marks = _marks(item)
        if not marks & seen:
            yield item
        seen |= marks


def _marks(item: NewsItem) -> set[str]:
    """Return by what an item is known again: its title, and its address without what only counts readers."""
    plain = _NO_LETTER_OR_DIGIT.sub("", item.title.casefold())
    marks = {f"title {plain or item.title}"}
    if item.url is not None:
        marks.add(f"url {_address(item.url)}")
    return marks


def _address(url: str) -> str:
    """Return an address without what comes before its host, and without what only counts readers."""
    rest, _, query = url.partition("://")[2].partition("#")[0].partition("?")
    host, _, path = rest.partition("/")
    # The article itself may be named there, as in `?id=7`.
    named = sorted(part for part in query.split("&") if part and not _COUNTS_READERS.match(part))
    return f"{host.lower()}/{path}".rstrip("/") + "".join(f"?{part}" for part in named)


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
    if filing.filed_on is not None or filing.reported_on is not None:
        return filing if filing.lag_days is None else filing.model_copy(update={"lag_days": None})
    lag = limits.year_lag_days if filing.annual else limits.quarter_lag_days
    return filing.model_copy(update={"lag_days": lag})


def _back(as_of: datetime, days: int) -> datetime:
    return as_of - min(timedelta(days=days), as_of - _FIRST)


def _is_utc(at: datetime | None) -> bool:
    """Say whether a time is written as one of UTC already; to copy an item costs more than to look."""
    return at is None or at.utcoffset() == timedelta(0)


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
