"""A wish written down again: as the line that `reading` takes, and as words for people."""

from datetime import time

from core.domain.subscription import EVERY_DAY, WEEKDAYS, AtCron, AtSession, AtTime, Topic, Wanted
from core.schedule.vocabulary import AFTER, CRON, DAY_NAMES, WATCHLIST, WEEKENDS, is_of_time

_HOUR = 60


def line_of(wanted: Wanted) -> str:
    """Return the one line for `wanted`, always the same for the same wish; `read_wanted` gives it back."""
    parts = [wanted.topic.value]
    if wanted.topic is Topic.VERDICTS:
        parts.append(_tickers(wanted.tickers))
    match wanted.when:
        case AtTime() as when:
            parts += [_days(when.days), _clock(when.at), when.zone or ""]
        case AtSession() as when:
            parts += [_days(when.days), _offset(when)]
        case AtCron() as when:
            parts += [CRON, when.expression, when.zone or ""]
    return " ".join([*filter(None, parts), *([wanted.preset.value] if wanted.preset else [])])


def in_words(when: AtTime | AtSession | AtCron | None, zone: str) -> str:
    """Return when something comes, for the end of a sentence: “on weekdays at 16:30 (America/New_York)”.

    `zone` is the chat's, for times that name none. “After the close” is 15 minutes after it, as in
    `read_wanted`; any other distance is told. None, of alerts, is “when something happens”.
    """
    match when:
        case None:
            return "when something happens"
        case AtCron():
            return f"by {CRON} {when.expression} ({when.zone or zone})"
        case AtTime():
            return f"{_on_days(when.days)} at {_clock(when.at)} ({when.zone or zone})"
    offset = _offset(when, "the ")
    if when.days == EVERY_DAY and when.minutes not in (0, AFTER):
        return offset
    return f"{_on_days(when.days)} {offset}"


def _tickers(tickers: tuple[str, ...]) -> str:
    # A ticker that is also a word of times keeps its sign, by which it is known again.
    return ",".join(f"${ticker}" if _needs_sign(ticker) else ticker for ticker in tickers) or WATCHLIST


def _needs_sign(ticker: str) -> bool:
    return is_of_time(ticker) or ticker.lower() == CRON


def _days(days: tuple[int, ...]) -> str:
    return _named(days) or ",".join(f"{DAY_NAMES[day - 1]}s" for day in days)


def _named(days: tuple[int, ...]) -> str:
    return {EVERY_DAY: "daily", WEEKDAYS: "weekdays", WEEKENDS: "weekends"}.get(days, "")


def _on_days(days: tuple[int, ...]) -> str:
    if days == EVERY_DAY:
        return "every day"
    *others, last = [f"{DAY_NAMES[day - 1].title()}s" for day in days]
    each = f"{', '.join(others)} and {last}" if others else last
    return f"on {_named(days) or each}"


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _offset(when: AtSession, the: str = "") -> str:
    """Write how a moment lies to the edge of a session: at it, after it, or so much before or after it."""
    edge = f"{the}{when.edge}"
    if when.minutes in (0, AFTER):
        return f"{'after' if when.minutes else 'at'} {edge}"
    side = "after" if when.minutes > 0 else "before"
    distance = abs(when.minutes)
    count, unit = (distance // _HOUR, "hour") if distance % _HOUR == 0 else (distance, "minute")
    return f"{count} {unit}{'s' if count != 1 else ''} {side} {edge}"
