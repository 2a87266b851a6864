"""What model calls have cost, summed up by what people ask about, and what is still to come.

Each figure says how many observations it is made of, and is None below its minimum.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from core.domain.calls import CallOutcome, Purpose
from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import Frozen, to_ratio

MIN_MEDIAN = 5
"""Answers from which on half of them tell a latency."""
MIN_P95 = 20
"""Answers from which on one in twenty is one."""
MIN_DAYS = 7
"""Whole days from which on something is said of the time to come: each weekday is among them."""
FORECAST_DAYS = 28
_STEP = Decimal("0.000001")
_HOUR_S = 3_600
_NOTHING = Decimal(0)


class CostGroup(StrEnum):
    """By what costs are summed up, by the names that commands and documents use."""

    DAY = "day"
    MODEL = "model"
    KEY = "key"
    TIER = "tier"
    CHAT = "chat"
    PERSON = "person"
    STAGE = "stage"
    PURPOSE = "purpose"
    PROVIDER = "provider"


class CostScope(Frozen):
    """Whose calls are counted: those in one of `chats` or for `person`; with neither, all of the arena's."""

    chats: tuple[str, ...] = ()
    person: str | None = None

    @property
    def everything(self) -> bool:
        """Say whether nothing is left out."""
        return not self.chats and self.person is None


EVERYTHING = CostScope()


class CostLine(Frozen):
    """What the calls of one group have used and brought. `name` is "" where the group has none, as no tier.

    `sent` counts requests, `answered` those with a usable answer and `cancelled` those that we ended
    ourselves; `from_cache` were answered without a request. `ballots` are decisions that these calls have led
    to, in runs and as answers to single questions, `settled` how many of them named a direction and are
    settled after five sessions, `right` how many of these were right. `median_ms` and `p95_ms` are latencies
    of answers.
    """

    name: str = ""
    sent: int = 0
    answered: int = 0
    cancelled: int = 0
    from_cache: int = 0
    spend: Spend = NOTHING_SPENT
    ballots: int = 0
    settled: int = 0
    right: int = 0
    median_ms: int | None = None
    p95_ms: int | None = None

    @property
    def success(self) -> Decimal | None:
        """The share of answered requests, without those that we ended ourselves; None without any."""
        ended = self.sent - self.cancelled
        return to_ratio(Decimal(self.answered) / ended) if ended else None

    @property
    def cache_share(self) -> Decimal | None:
        """The share of questions that our own cache has answered; None without any."""
        asked = self.sent + self.from_cache
        return to_ratio(Decimal(self.from_cache) / asked) if asked else None

    @property
    def usd_per_ballot(self) -> Decimal | None:
        """USD a decision, with the cost of what led to none; None without any."""
        return _each(self.spend.cost_usd, self.ballots)

    def usd_per_right(self, minimum: int) -> Decimal | None:
        """Return the USD a right decision, as the scores have it; None below `minimum` settled ballots.

        The cost is that of all calls: of HOLDs, abstentions and what is not yet settled too.
        """
        return _each(self.spend.cost_usd, self.right) if self.settled >= minimum else None


class Forecast(Frozen):
    """What the day and the month will have cost at their ends, in USD; None below `MIN_DAYS` whole days.

    `days` is how many whole days it is made of. `today_usd` and `month_usd` are what is spent so far.
    """

    today_usd: Decimal
    month_usd: Decimal
    day_end_usd: Decimal | None = None
    month_end_usd: Decimal | None = None
    days: int = 0


class LimitLeft(Frozen):
    """A limit of the day in USD and what is spent of it. `what` names it: "day", "tier premium"."""

    what: str
    limit_usd: Decimal
    spent_usd: Decimal

    @property
    def left_usd(self) -> Decimal:
        """What is left, never below nothing."""
        return max(self.limit_usd - self.spent_usd, _NOTHING)


class CostReport(Frozen):
    """Costs from `since` on, up to but without `until`, by one kind of group.

    `lines` are the dearest first, days the newest first; `more` says how many groups were left out of them,
    and `total` has them all. Days are those of `zone`. `minimum` is how many settled ballots the USD a right
    decision needs. `limits` are those of today that concern the scope.
    """

    by: CostGroup
    period: str
    zone: str
    since: AwareDatetime | None
    until: AwareDatetime
    scope: CostScope = EVERYTHING
    total: CostLine
    lines: tuple[CostLine, ...] = ()
    more: int = 0
    forecast: Forecast
    limits: tuple[LimitLeft, ...] = ()
    minimum: int


class Seen(Frozen):
    """One request that may have shown a pack of evidence to a model, for whom, and how it ended."""

    id: str
    at: AwareDatetime
    provider: str
    model: str
    served_by: str
    key: str
    outcome: CallOutcome
    from_cache: bool
    purpose: Purpose
    member: str
    stage: str
    chat: str
    person: str
    run_id: str | None
    evidence_sha256: str | None


class WhoSaw(Frozen):
    """Who was shown what, oldest first; `more` says how many later requests are left out.

    `about` is the evidence's hash or the run that was asked for.
    """

    about: str
    seen: tuple[Seen, ...] = ()
    more: int = 0


class Hour(NamedTuple):
    """An hour of the wall clock on one day."""

    day: date
    hour: int


def forecast(hours: Mapping[Hour, Decimal], now: datetime, first: date | None) -> Forecast:
    """Return what the day and the month of `now`, a wall-clock time, will have cost.

    `hours` are the USD of each hour since the first of the month or for `FORECAST_DAYS` days, whichever goes
    further back, and `first` is the day of the first call ever. The rule, with W the whole days among the
    last 28 since `first`, a day without calls being worth 0:

        rest(today) = mean over days of W with today's weekday of what came after this time of day
        day_end     = spent today + rest(today)
        month_end   = spent this month + rest(today)
                      + for each later day of the month the mean of W's days with its weekday

    Of the hour of `now` the part that is left counts. With fewer than `MIN_DAYS` days in W, both are None.
    """
    today = now.date()
    spent_today = sum((usd for hour, usd in hours.items() if hour.day == today), _NOTHING)
    since = today.replace(day=1)
    spent_month = sum((usd for hour, usd in hours.items() if since <= hour.day <= today), _NOTHING)
    start = max(first, today - timedelta(days=FORECAST_DAYS)) if first else today
    whole = [start + timedelta(days=n) for n in range((today - start).days)]
    known = Forecast(today_usd=spent_today, month_usd=spent_month, days=len(whole))
    if len(whole) < MIN_DAYS:
        return known
    left = Decimal(_HOUR_S - now.minute * 60 - now.second) / _HOUR_S
    of_day = dict.fromkeys(whole, _NOTHING)
    after_now = dict.fromkeys(whole, _NOTHING)
    for hour, usd in hours.items():
        if hour.day in of_day:
            of_day[hour.day] += usd
            if hour.hour >= now.hour:
                after_now[hour.day] += usd if hour.hour > now.hour else usd * left
    rest = _mean_of(after_now, today.isoweekday())
    month, later = rest, today + timedelta(days=1)
    while later.month == today.month:
        month += _mean_of(of_day, later.isoweekday())
        later += timedelta(days=1)
    return known.model_copy(
        update={
            "day_end_usd": (spent_today + rest).quantize(_STEP),
            "month_end_usd": (spent_month + month).quantize(_STEP),
        }
    )


def _mean_of(days: Mapping[date, Decimal], weekday: int) -> Decimal:
    found = [usd for day, usd in days.items() if day.isoweekday() == weekday]
    return sum(found, _NOTHING) / len(found)


def nearest_rank(counts: Mapping[int, int], percent: int) -> int | None:
    """Return the smallest value that `percent` of all are not above; None of none.

    `counts` has how often each value occurs.
    """
    total = sum(counts.values())
    rank, passed = -(-total * percent // 100), 0
    for value in sorted(counts):
        passed += counts[value]
        if passed >= rank:
            return value
    return None


def _each(usd: Decimal, count: int) -> Decimal | None:
    return (usd / count).quantize(_STEP) if count else None
