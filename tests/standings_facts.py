"""Realistic rankings, books and calibrations, made without any arena: for tests of what is shown of them."""

from datetime import date
from decimal import Decimal

from core.domain.bars import Mark
from core.domain.books import (
    Happening,
    HappeningKind,
    Holding,
    Leaderboard,
    OrderState,
    Position,
    Standing,
    Statement,
)
from core.domain.calibration import Calibration, ReliabilityBin
from core.domain.scores import Figure
from core.domain.season import Season
from core.domain.verdict import WeightUsed
from tests.arena_facts import AS_OF, FILLS, FINISHED, order


def standing(rank: int, member: str, value: str | None, **more: object) -> Standing:
    worth = Decimal(value) if value else None
    facts: dict[str, object] = {
        "rank": rank,
        "medal": {1: "🥇", 2: "🥈", 3: "🥉"}.get(rank, ""),
        "member": member,
        "kind": "llm",
        "value_usd": worth,
        "pnl_usd": worth - 10_000 if worth else None,
        "return_ratio": (worth - 10_000) / 10_000 if worth else None,
        "trades": 4,
        "win_rate": Decimal("0.6667"),
        "closed_trades": 3,
        "cash_usd": Decimal("7499.75"),
        "token_cost_usd": Decimal("0.34"),
    }
    return Standing.model_validate(facts | more)


LEADERBOARD = Leaderboard(
    season=Season.LIVE,
    initial_cash_usd=Decimal("10000.00"),
    standings=(
        standing(1, "gpt-5", "10231.40"),
        standing(2, "claude-sonnet-4.5", "10120.07"),
        standing(3, "momentum", "10000.00", trades=0, win_rate=None, closed_trades=0),
        standing(4, "gemini-2.5-pro", "9871.33"),
        standing(5, "grok-4", None, unpriced=("XYZ",)),
    ),
    marks_from=date(2025, 10, 28),
    marks_to=date(2025, 10, 29),
)

STATEMENT = Statement(
    season=Season.LIVE,
    member="claude-sonnet-4.5",
    kind="llm",
    initial_cash_usd=Decimal("10000.00"),
    cash_usd=Decimal("7499.86"),
    holdings=(
        Holding(
            position=Position(
                ticker="NVDA",
                shares=Decimal("12.072"),
                average_cost=Decimal("207.081408"),
                stop_loss=Decimal(190),
            ),
            mark=Mark(ticker="NVDA", price=Decimal("207.04"), at=AS_OF, source="csv"),
            value_usd=Decimal("2499.39"),
        ),
        Holding(
            position=Position(ticker="XYZ", shares=Decimal(3), average_cost=Decimal("11.5")),
            unpriced="no usable price since 2025-09-30",
        ),
    ),
    value_usd=None,
    pnl_usd=None,
    return_ratio=None,
    pending=(order("claude-sonnet-4.5", "2", OrderState.PENDING),),
    fills=FILLS,
    history=(
        Happening(
            kind=HappeningKind.SPLIT,
            session=date(2025, 10, 28),
            at=AS_OF,
            ticker="NVDA",
            ratio=Decimal(4),
            shares_before=Decimal("3.018"),
            shares=Decimal("12.072"),
        ),
    ),
)


def reliability_bin(low: str, count: int, mean: str, right: str, calibrated: str | None) -> ReliabilityBin:
    return ReliabilityBin(
        low=Decimal(low),
        high=Decimal(low) + Decimal("0.1"),
        count=count,
        mean_confidence=Decimal(mean) if count else None,
        right_fraction=Decimal(right) if count else None,
        calibrated=Decimal(calibrated) if calibrated else None,
    )


CALIBRATION = Calibration(
    season=Season.LIVE,
    member="claude-sonnet-4.5",
    as_of=FINISHED,
    horizon=5,
    settled=42,
    holds=7,
    newest=AS_OF,
    brier=Figure(value=0.2514, sample=42),
    ece=Figure(value=0.1143, sample=42),
    bins=(
        *(reliability_bin(f"0.{place}", 0, "0", "0", None) for place in range(6)),
        reliability_bin("0.6", 12, "0.66", "0.5833", "0.6120"),
        reliability_bin("0.7", 21, "0.75", "0.6190", "0.6702"),
        reliability_bin("0.8", 9, "0.88", "0.5556", "0.7011"),
        reliability_bin("0.9", 0, "0", "0", None),
    ),
    configured=Decimal(1),
    weight=WeightUsed(
        member="claude-sonnet-4.5",
        configured=Decimal(1),
        weight=Decimal("0.8712"),
        sample=42,
        effective=Decimal("18.3806"),
    ),
    hit_rates={
        1: Figure(value=0.5333, sample=45),
        5: Figure(value=0.5952, sample=42),
        20: Figure(value=None, sample=6),
    },
)
