"""Reports of costs, as an arena of some weeks and a chat that has just begun would have them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.domain.costs import CostGroup, CostLine, CostReport, CostScope, Forecast, LimitLeft
from core.domain.usage import Spend

NOON = datetime(2025, 10, 29, 16, tzinfo=UTC)


def line_of(
    name: str, usd: str, calls: int, *, lost: int = 0, ballots: int = 0, took: int | None = 2_100
) -> CostLine:
    """Sums that go well together; `took` is the median latency."""
    return CostLine(
        name=name,
        sent=calls,
        answered=calls - lost,
        from_cache=calls // 20,
        spend=Spend(
            prompt_tokens=calls * 1_180,
            completion_tokens=calls * 96,
            cached_tokens=calls * 310,
            cost_usd=Decimal(usd),
            calls=calls,
            unpriced_calls=3 if name == "" else 0,
            estimated_calls=2 if name == "" else 0,
        ),
        ballots=ballots,
        settled=ballots // 2,
        right=ballots // 4,
        median_ms=took,
        p95_ms=None if took is None else took * 4,
    )


COSTS = CostReport(
    by=CostGroup.MODEL,
    period="7d",
    zone="America/New_York",
    since=NOON - timedelta(days=6, hours=12),
    until=NOON,
    total=line_of("", "12.4031", 1_203, lost=31, ballots=85),
    lines=(
        line_of("anthropic/claude-sonnet-4.5", "8.012", 420, lost=4, ballots=35),
        line_of("openai/gpt-5", "4.39", 413, lost=27, ballots=34, took=6_300),
        line_of("deepseek/deepseek-chat", "0.0011", 366, ballots=16, took=980),
        line_of("qwen2.5-coder:7b", "0", 4, took=None),
    ),
    more=2,
    forecast=Forecast(
        today_usd=Decimal("1.31"),
        month_usd=Decimal("41.2"),
        day_end_usd=Decimal("2.04"),
        month_end_usd=Decimal("47.35"),
        days=28,
    ),
    limits=(
        LimitLeft(what="day", limit_usd=Decimal("5.00"), spent_usd=Decimal("1.31")),
        LimitLeft(what="tier premium", limit_usd=Decimal("2.00"), spent_usd=Decimal("2.40")),
        LimitLeft(what="key openrouter:main", limit_usd=Decimal("3.00"), spent_usd=Decimal("0.80")),
    ),
    minimum=10,
)
"""A week of all chats."""

_TWO = CostLine(name="2025-10-29", sent=2, answered=2, spend=Spend(cost_usd=Decimal("0.02"), calls=2))
OWN_COSTS = CostReport(
    by=CostGroup.DAY,
    period="today",
    zone="America/New_York",
    since=NOON - timedelta(hours=12),
    until=NOON,
    scope=CostScope(chats=("telegram:-100123",)),
    total=_TWO.model_copy(update={"name": ""}),
    lines=(_TWO,),
    forecast=Forecast(today_usd=Decimal("0.02"), month_usd=Decimal("0.02"), days=2),
    limits=(LimitLeft(what="chat", limit_usd=Decimal("1.00"), spent_usd=Decimal("0.02")),),
    minimum=10,
)
"""A chat that has just begun: nothing is known that needs a sample."""
