"""Scales: which ticks a plot has, how they are written, and where labels go that would overlap."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bot.present.numbers import MINUS

_TICKS = 6
_MONTH_DAYS = 31
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = (1, 2, 2.5, 5, 10)
_UNITS = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


def limits(values: Iterable[float], *, also: float | None = None) -> tuple[float, float]:
    """Return the ends of an axis that shows all values, with a little room; 0 to 1 without any."""
    known = [value for value in (*values, *([] if also is None else [also])) if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    room = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    return low - room, high + room


def round_ticks(low: float, high: float) -> list[float]:
    """Return about six round numbers from `low` to `high`."""
    rough = (high - low) / _TICKS
    if not (rough > 0 and math.isfinite(rough)):
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * 0.8)
    first = math.ceil(low / step)
    ticks = [(first + number) * step for number in range(_TICKS + 2)]
    return [tick for tick in ticks if tick <= high]


def money_tick(value: float) -> str:
    """Write an amount of USD on an axis: `$10,500`, `$1.25M`."""
    size, sign = abs(value), MINUS if value < 0 else ""
    for unit, letter in _UNITS:
        if size >= unit:
            return f"{sign}${size / unit:,.4g}{letter}"
    places = 0 if size >= 100 or size == int(size) else 2  # noqa: PLR2004 - cents matter below $100 only
    return f"{sign}${size:,.{places}f}"


def percent_tick(value: float) -> str:
    """Write a fraction on an axis: `−7.5 %`."""
    percent = value * 100
    return f"{MINUS if percent < 0 else ''}{abs(percent):,.4g} %"


def date_ticks(first: date, last: date) -> list[tuple[date, str]]:
    """Return about five days of a period with their labels; the year stands where it is new."""
    span = (last - first).days
    if span <= 0:
        return [(first, f"{first.day} {_MONTHS[first.month - 1]} {first.year}")]
    if span <= 2 * _MONTH_DAYS:
        step = max(1, round(span / 4))
        days = [first + timedelta(days=step * number) for number in range(span // step + 1)]
        return [(day, f"{day.day} {_MONTHS[day.month - 1]}") for day in days]
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((size for size in (1, 2, 3, 6) if months / size <= _TICKS - 1), 12 * math.ceil(months / 60))
    ticks: list[tuple[date, str]] = []
    year = None
    for count in range(first.year * 12, last.year * 12 + last.month):
        at = date(count // 12, count % 12 + 1, 1)
        if count % step or not first <= at <= last:
            continue
        name = f"{at.year}" if step % 12 == 0 else _MONTHS[at.month - 1]
        ticks.append((at, name if at.year == year or step % 12 == 0 else f"{name} {at.year}"))
        year = at.year
    return ticks


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places between `low` and `high`, near the wanted ones and in their order, `gap` apart.

    Where there is no room for all, the gap is smaller. This is isotonic regression of the wanted places less
    their gaps (pool adjacent violators; Robertson, Wright and Dykstra, 1988), so no label moves needlessly.
    """
    count = len(wanted)
    if count > 1:
        gap = min(gap, (high - low) / (count - 1))
    order = sorted(range(count), key=lambda index: wanted[index])
    pools: list[list[float]] = []
    for place, index in enumerate(order):
        pools.append([wanted[index] - place * gap, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, size = pools.pop()
            before, many = pools[-1]
            pools[-1] = [(before * many + mean * size) / (many + size), many + size]
    level = [mean for mean, size in pools for _ in range(int(size))]
    top = high - max(count - 1, 0) * gap
    placed = [0.0] * count
    for place, index in enumerate(order):
        placed[index] = min(max(level[place], low), max(top, low)) + place * gap
    return placed
