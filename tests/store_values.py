"""Made-up runs, stages, orders and fills for tests of the store."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from core.domain.bars import Bar, Quote
from core.domain.books import Fill, Order, OrderState, Portfolio, Side
from core.domain.evidence import Evidence, Indicators
from core.domain.member import MemberKind
from core.domain.run import Briefing, RunRecord, RunState, Seat
from core.domain.season import Season
from core.domain.stage import Preset, Stage, StageRecord
from core.domain.usage import ServedBy, Spend
from core.store.store import Store

START = datetime(2025, 10, 29, 20, 0, tzinfo=UTC)
WANTED = (
    ("alpha", MemberKind.LLM, Decimal("0.5"), ("openrouter:alpha/one", "local:alpha"), True),
    ("beta", MemberKind.LLM, Decimal("0.3"), ("openrouter:beta/two",), True),
    ("momentum", MemberKind.BASELINE, Decimal("0.2"), (), True),
)
NAMES = tuple(name for name, *_ in WANTED)


def evidence_of(ticker: str = "NVDA", price: str = "207.04") -> Evidence:
    day = date(2025, 10, 29)
    bar = Bar(date=day, open="205.1", high="212.19", low="204.78", close=price, volume=308_829_600)
    quote = Quote(price=price, at=START, session=day, session_open=False)
    pack = Indicators(sma_20=Decimal("186.123456"), rsi_14=Decimal("71.2"))
    return Evidence(ticker=ticker, as_of=START, source="csv", quote=quote, indicators=pack, bars=(bar,))


def record_of(run_id: str = "run00001", **changes: Any) -> RunRecord:
    briefing = Briefing(portfolio=Portfolio(member="alpha", cash_usd=Decimal("10000.00")), equity_usd=None)
    seats = tuple(
        Seat(member=name, number=number, kind=kind, weight=weight, briefing=briefing)
        for number, (name, kind, weight, *_) in enumerate(WANTED, start=1)
    )
    pack = evidence_of(changes.get("ticker", "NVDA"))
    facts: dict[str, Any] = {
        "run_id": run_id,
        "ticker": pack.ticker,
        "as_of": pack.as_of,
        "preset": Preset.STANDARD,
        "season": Season.LIVE,
        "state": RunState.RUNNING,
        "config_hash": "c0ffee",
        "evidence_sha256": pack.sha256,
        "source": pack.source,
        "requested_by": "telegram:1001",
        "requested_in": "telegram:-100123",
        "started_at": START,
        "seats": seats,
    }
    return RunRecord(**facts | changes)


async def begun(store: Store, run_id: str = "run00001", **changes: Any) -> RunRecord:
    """Store a run in flight, with all that it refers to."""
    record = record_of(run_id, **changes)
    await store.members.seat(WANTED)
    await store.runs.save_evidence(evidence_of(record.ticker))
    assert await store.runs.begin(record, run_id, "host-1", START + timedelta(minutes=1)) is None
    return record


def stage_of(
    run_id: str = "run00001", member: str = "alpha", stage: Stage = Stage.MARKET, **changes: Any
) -> StageRecord:
    facts: dict[str, Any] = {
        "run_id": run_id,
        "member": member,
        "stage": stage,
        "prompt": "What does the market say?",
        "output": "It rises.",
        "answer": {"summary": "It rises.", "confidence": 0.25, "points": ["one", None, 3]},
        "key_points": ("one", "two"),
        "sentiment": "bullish",
        "served_by": ServedBy(provider="openrouter", model="alpha/one", key="main"),
        "spend": Spend(prompt_tokens=1200, completion_tokens=340, cost_usd=Decimal("0.00123456"), calls=1),
        "latency_ms": 1043,
        "started_at": START,
        "completed_at": START + timedelta(seconds=1),
    }
    return StageRecord(**facts | changes)


def order_of(
    order_id: str, member: str = "alpha", side: Side = Side.BUY, shares: str = "10", **changes: Any
) -> Order:
    facts: dict[str, Any] = {
        "id": order_id,
        "season": Season.LIVE,
        "run_id": "run00001",
        "member": member,
        "ticker": "NVDA",
        "side": side,
        "shares": Decimal(shares),
        "reference_price": Decimal("200.00"),
        "decided_session": date(2025, 10, 29),
        "created_at": START,
        "state": OrderState.PENDING,
    }
    return Order(**facts | changes)


def fill_of(order: Order, price: str = "200.00", fee: str = "1.00", **changes: Any) -> Fill:
    shares = changes.get("shares", order.shares)
    amount = (shares * Decimal(price)).quantize(Decimal("0.01"))
    facts: dict[str, Any] = {
        "id": f"fill-{order.id}",
        "order_id": order.id,
        "season": order.season,
        "run_id": order.run_id,
        "member": order.member,
        "ticker": order.ticker,
        "side": order.side,
        "shares": shares,
        "price": Decimal(price),
        "amount_usd": -amount if order.side is Side.BUY else amount,
        "fee_usd": Decimal(fee),
        "session": date(2025, 10, 30),
        "filled_at": START + timedelta(hours=17),
    }
    return Fill(**facts | changes)
