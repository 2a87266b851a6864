"""Facts of live seasons, made without any arena: for tests of what is shown of them."""

from datetime import UTC, date, datetime
from decimal import Decimal

from core.domain.ballot import Action
from core.domain.live_season import Call, FinalLine, FinalTable, LiveSeason, SeasonStatus
from core.domain.season import Season

AUTUMN = LiveSeason(
    season=Season("autumn"),
    begins_at=datetime(2025, 9, 1, 4, tzinfo=UTC),
    first_day=date(2025, 9, 1),
    last_day=date(2025, 12, 31),
)


def line(rank: int, medal: str, member: str, value: str | None, fall: float | None = 0.031) -> FinalLine:
    worth = None if value is None else Decimal(value)
    return FinalLine(
        rank=rank,
        medal=medal,
        member=member,
        kind="llm",
        value_usd=worth,
        return_ratio=None if worth is None else worth / 10_000 - 1,
        max_drawdown=fall,
        trades=1_204,
        token_cost_usd=Decimal("1.25"),
    )


FINAL = FinalTable(
    season=Season("summer"),
    first=date(2025, 6, 2),
    last=date(2025, 8, 29),
    ended_at=datetime(2025, 8, 29, 20, tzinfo=UTC),
    initial_cash_usd=Decimal(10_000),
    benchmark="SPY",
    benchmark_return=0.0512,
    lines=(
        line(1, "🥇", "claude", "10910.00"),
        line(2, "🥈", "gpt", "10420.00", 0.12),
        line(3, "🥉", "gemini", "9100.50"),
        line(0, "", "qwen", None, None),
    ),
    best=Call(
        member="gpt", ticker="NVDA", action=Action.BUY, session=date(2025, 7, 1), earned=Decimal("0.183")
    ),
    worst=Call(
        member="qwen", ticker="AAPL", action=Action.SELL, session=date(2025, 7, 2), earned=Decimal("-0.09")
    ),
    runs=1_310,
    cost_usd=Decimal("5.00"),
)
STATUS = SeasonStatus(
    live=AUTUMN, day=41, days=85, leader="gpt", leader_return=Decimal("0.042"), past=(FINAL,)
)
