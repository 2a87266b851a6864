"""What model calls have cost, as a card."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.button import Button
from bot.cost_buttons import PERIODS, ShowCosts, encode
from bot.cost_cards import UNKNOWN, CostCard, CostRow
from bot.present import numbers
from core.domain.cost_period import TODAY
from core.domain.costs import MIN_DAYS, MIN_MEDIAN, CostGroup, CostLine, CostReport, LimitLeft
from core.domain.period import ALL
from core.domain.usage import Spend
from core.domain.values import to_ratio

MOST_ROWS = 12
FOR_ADMINS = frozenset({CostGroup.KEY, CostGroup.CHAT, CostGroup.PERSON})
"""What only those see who see all chats."""
_NAMELESS = {
    CostGroup.TIER: "no tier",
    CostGroup.KEY: "no key",
    CostGroup.STAGE: "outside of stages",
}
_PERIOD_NAMES = {TODAY: "today", ALL: "of all time"}


def costs_card(
    report: CostReport, zone: ZoneInfo, *, note: str | None = None, turns: bool = True
) -> CostCard:
    """Return costs for people; where it `turns`, buttons show other groups and times in its place."""
    return CostCard(
        title="Costs" if not report.period else f"Costs {period_words(report.period)}",
        subtitle=f"{_whose(report)} · {_time(report, zone)}",
        facts=(*_facts(report), *_forecasts(report)),
        left=tuple(map(_left, report.limits)),
        head=f"By {report.by}",
        rows=tuple(_row(report, line) for line in report.lines[:MOST_ROWS]),
        more=report.more + max(len(report.lines) - MOST_ROWS, 0),
        notes=_notes(report.total),
        footer=_footer(report),
        note=note,
        buttons=_buttons(report) if turns else (),
    )


def period_words(period: str) -> str:
    """Return a period in words: `today`, `of 7 days`, `of all time`."""
    return _PERIOD_NAMES.get(period) or f"of {numbers.counted(int(period.removesuffix('d')), 'day')}"


def name_of(by: CostGroup, line: CostLine) -> str:
    """Return how a group is called."""
    if by is CostGroup.DAY:
        return numbers.day(date.fromisoformat(line.name))
    return line.name or _NAMELESS.get(by, "unknown")


def _footer(report: CostReport) -> str:
    told = "A decision is a ballot, and right or not after 5 sessions. Latencies are those of answers."
    days = report.forecast.days
    return told if days < MIN_DAYS else f"{told} What is to come is told by the last {days} days."


def _whose(report: CostReport) -> str:
    if report.scope.everything:
        return "All chats"
    return "Your calls" if report.scope.person else "This chat"


def _time(report: CostReport, zone: ZoneInfo) -> str:
    if report.since is None:
        return f"up to {numbers.moment(report.until, zone)}"
    return f"{_moment(report.since, zone)} to {numbers.moment(report.until, zone)}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{numbers.day(there)} {numbers.clock(there)}"


def _facts(report: CostReport) -> list[tuple[str, str]]:
    total, spend = report.total, report.total.spend
    facts = [
        ("Total", numbers.cost(spend.cost_usd)),
        ("Calls", _calls(total)),
        ("Tokens in", numbers.whole(spend.prompt_tokens)),
        *_read_before(spend),
        ("Tokens out", numbers.whole(spend.completion_tokens)),
        ("Latency", _latencies(total)),
        ("A decision", _priced(total.usd_per_ballot, numbers.counted(total.ballots, "ballot"))),
        ("A right one", _right(report)),
    ]
    if total.cache_share:
        share, asked = total.cache_share, total.sent + total.from_cache
        told = f"{numbers.percent(share)} ({numbers.whole(total.from_cache)} of {numbers.whole(asked)})"
        facts.insert(2, ("Our cache", told))
    return facts


def _read_before(spend: Spend) -> list[tuple[str, str]]:
    """Return the share of the prompts' tokens that providers had read before, where there is any."""
    if not spend.cached_tokens or not spend.prompt_tokens:
        return []
    share = to_ratio(Decimal(min(spend.cached_tokens, spend.prompt_tokens)) / spend.prompt_tokens)
    return [("Cached in", numbers.percent(share))]


def _calls(line: CostLine) -> str:
    if line.success is None:
        return numbers.whole(line.sent)
    ended = f", {numbers.whole(line.cancelled)} cancelled" if line.cancelled else ""
    return f"{numbers.whole(line.sent)}, {numbers.percent(line.success)} OK{ended}"


def _latencies(line: CostLine) -> str:
    if line.median_ms is None:
        return f"{UNKNOWN} ({line.answered} of {MIN_MEDIAN} answers)"
    slow = UNKNOWN if line.p95_ms is None else numbers.duration(line.p95_ms)
    return f"{numbers.duration(line.median_ms)}, p95 {slow}"


def _right(report: CostReport) -> str:
    total = report.total
    if total.settled < report.minimum:
        return f"{UNKNOWN} ({total.settled}/{report.minimum} settled)"
    sample = f"{numbers.whole(total.right)} of {numbers.whole(total.settled)}"
    return _priced(total.usd_per_right(report.minimum), sample)


def _priced(usd: Decimal | None, sample: str) -> str:
    return f"{UNKNOWN if usd is None else numbers.cost(usd)} ({sample})"


def _forecasts(report: CostReport) -> list[tuple[str, str]]:
    found = report.forecast
    if found.day_end_usd is None or found.month_end_usd is None:
        why = f"{UNKNOWN} ({found.days} of {MIN_DAYS} days)"
        return [("Today so far", numbers.cost(found.today_usd)), ("By tonight", why), ("By month end", why)]
    return [
        ("Today so far", numbers.cost(found.today_usd)),
        ("By tonight", f"about {numbers.cost(found.day_end_usd)}"),
        ("By month end", f"about {numbers.cost(found.month_end_usd)}"),
    ]


def _left(limit: LimitLeft) -> str:
    whose = "this chat's" if limit.what == "chat" else f"the {limit.what}'s"
    return f"{numbers.usd(limit.left_usd)} of {whose} {numbers.usd(limit.limit_usd)}"


def _notes(total: CostLine) -> tuple[str, ...]:
    told = (
        (total.spend.unpriced_calls, "without a known price", "as $0"),
        (total.spend.estimated_calls, "whose tokens nobody told", "by estimate"),
    )
    return tuple(
        f"{numbers.counted(count, 'call')} {which} {'counts' if count == 1 else 'count'} {how}."
        for count, which, how in told
        if count
    )


def _row(report: CostReport, line: CostLine) -> CostRow:
    total = report.total.spend.cost_usd
    share = to_ratio(line.spend.cost_usd / total) if total else None
    slow = "" if line.p95_ms is None else f" / {numbers.duration(line.p95_ms)}"
    each = line.usd_per_ballot
    return CostRow(
        name=name_of(report.by, line),
        cost=numbers.cost(line.spend.cost_usd),
        share=UNKNOWN if share is None else numbers.percent(share),
        calls=numbers.whole(line.sent),
        answered=UNKNOWN if line.success is None else numbers.percent(line.success),
        latency=UNKNOWN if line.median_ms is None else f"{numbers.duration(line.median_ms)}{slow}",
        decision=UNKNOWN if each is None else numbers.cost(each),
    )


def _buttons(report: CostReport) -> tuple[Button, ...]:
    groups = [one for one in CostGroup if report.scope.everything or one not in FOR_ADMINS]
    by = [
        Button(label=f"By {one.value}", data=encode(ShowCosts(report.period, one)))
        for one in groups
        if one is not report.by
    ]
    when = [
        Button(label=_label(one), data=encode(ShowCosts(one, report.by)))
        for one in PERIODS
        if one != report.period
    ]
    return (*by, *when)


def _label(period: str) -> str:
    return period_words(period).removeprefix("of ").capitalize()
