"""Realistic facts of one run, made without any arena: for tests of what is shown of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from core.domain.ballot import Abstention, AbstentionKind, Action, Ballot, MemberResult, Rating, RiskLevel
from core.domain.books import (
    Clamp,
    Fill,
    Order,
    OrderState,
    Portfolio,
    Side,
)
from core.domain.events import MemberFinished, RunEnded, RunEvent, RunStarted, StageFinished, StageStarted
from core.domain.member import Member, MemberKind
from core.domain.run import Briefing, RunRecord, RunState, Seat
from core.domain.season import Season
from core.domain.stage import ModelChat, Preset, Stage, StageRecord
from core.domain.usage import ServedBy, Spend
from core.domain.verdict import Dissent, Verdict, WeightUsed

AS_OF = datetime(2025, 10, 29, 20, 0, tzinfo=UTC)
STARTED = datetime(2025, 10, 29, 21, 0, tzinfo=UTC)
FINISHED = STARTED + timedelta(seconds=7, milliseconds=340)
RUN_ID = "4f7k2m9q"
SHA = "3f2a9c01d4e85b7760aa12cd34ef567890abcdef1234567890abcdef12345678"

MEMBERS = (
    Member(
        number=1,
        name="claude-sonnet-4.5",
        kind=MemberKind.LLM,
        weight=Decimal(1),
        route=("openrouter:anthropic/claude-sonnet-4.5", "direct:claude-sonnet-4.5"),
    ),
    Member(
        number=2, name="gpt-5", kind=MemberKind.LLM, weight=Decimal(1), route=("openrouter:openai/gpt-5",)
    ),
    Member(
        number=3,
        name="gemini-2.5-pro",
        kind=MemberKind.LLM,
        weight=Decimal("0.8"),
        route=("openrouter:google/gemini-2.5-pro",),
    ),
    Member(
        number=4, name="grok-4", kind=MemberKind.LLM, weight=Decimal(1), route=("openrouter:x-ai/grok-4",)
    ),
    Member(number=5, name="momentum", kind=MemberKind.BASELINE, weight=Decimal("0.5")),
    Member(number=6, name="coin_flip", kind=MemberKind.BASELINE, weight=Decimal("0.5"), enabled=False),
)


def spend(cost: str, tokens: int) -> Spend:
    return Spend(
        prompt_tokens=tokens - tokens // 5,
        completion_tokens=tokens // 5,
        cost_usd=Decimal(cost),
        calls=12,
    )


def ballot(
    member: str,
    rating: Rating,
    confidence: str,
    *,
    model: str | None = None,
    cost: str = "0",
    tokens: int = 0,
    latency_ms: int = 40,
    reasoning: str = "Earnings momentum outweighs the valuation.",
) -> Ballot:
    return Ballot(
        member=member,
        action=rating.action,
        rating=rating,
        confidence=Decimal(confidence),
        target_weight=Decimal("0.20") if rating.action is Action.BUY else None,
        risk_level=RiskLevel.MEDIUM,
        reasoning=reasoning,
        served_by=ServedBy(provider="openrouter", model=model, key="main") if model else None,
        spend=spend(cost, tokens),
        latency_ms=latency_ms,
    )


RESULTS: tuple[MemberResult, ...] = (
    ballot(
        "claude-sonnet-4.5",
        Rating.OVERWEIGHT,
        "0.72",
        model="anthropic/claude-sonnet-4.5",
        cost="0.0342",
        tokens=18_240,
        latency_ms=6_120,
    ),
    ballot(
        "gpt-5",
        Rating.BUY,
        "0.81",
        model="openai/gpt-5-2025-08-07",
        cost="0.0287",
        tokens=21_870,
        latency_ms=7_210,
    ),
    ballot(
        "gemini-2.5-pro",
        Rating.HOLD,
        "0.55",
        model="google/gemini-2.5-flash",
        cost="0.0119",
        tokens=16_004,
        latency_ms=4_870,
    ),
    Abstention(
        member="grok-4",
        kind=AbstentionKind.TIMEOUT,
        reason="no answer within 120 s at the stage research",
        spend=spend("0.0044", 5_120),
        latency_ms=7_300,
    ),
    ballot("momentum", Rating.BUY, "0.64"),
)

VERDICT = Verdict(
    decision=Action.BUY,
    method="weighted",
    agreement=Decimal("0.75"),
    high_consensus=True,
    average_confidence=Decimal("0.68"),
    weighted_confidence=Decimal("0.7139"),
    risk_level=RiskLevel.MEDIUM,
    stop_loss=Decimal("186.50"),
    take_profit=Decimal(236),
    votes={Action.BUY: 3, Action.SELL: 0, Action.HOLD: 1},
    weighted_votes={
        Action.BUY: Decimal("0.7576"),
        Action.SELL: Decimal(0),
        Action.HOLD: Decimal("0.2424"),
    },
    outliers=("gemini-2.5-pro",),
    dissent=(
        Dissent(
            member="gemini-2.5-pro", action=Action.HOLD, reason="Earnings momentum outweighs the valuation."
        ),
    ),
    weights=(
        WeightUsed(member="claude-sonnet-4.5", configured=Decimal(1), weight=Decimal(1)),
        WeightUsed(
            member="gpt-5",
            configured=Decimal(1),
            weight=Decimal("0.8333"),
            sample=41,
            calibrated=Decimal("0.74"),
        ),
        WeightUsed(member="gemini-2.5-pro", configured=Decimal("0.8"), weight=Decimal("0.8")),
        WeightUsed(member="momentum", configured=Decimal("0.5"), weight=Decimal("0.5")),
    ),
    abstained=("grok-4",),
)


def order(member: str, shares: str, state: OrderState, **more: object) -> Order:
    facts: dict[str, object] = {
        "id": f"o-{member}",
        "season": Season.LIVE,
        "run_id": RUN_ID,
        "member": member,
        "ticker": "NVDA",
        "side": Side.BUY,
        "shares": Decimal(shares),
        "reference_price": Decimal("207.04"),
        "decided_session": date(2025, 10, 29),
        "created_at": FINISHED,
        "state": state,
    }
    return Order.model_validate(facts | more)


def fill(member: str, shares: str, price: str) -> Fill:
    amount = (Decimal(shares) * Decimal(price)).quantize(Decimal("0.01"))
    return Fill(
        id=f"f-{member}",
        order_id=f"o-{member}",
        season=Season.LIVE,
        run_id=RUN_ID,
        member=member,
        ticker="NVDA",
        side=Side.BUY,
        shares=Decimal(shares),
        price=Decimal(price),
        amount_usd=-amount,
        fee_usd=Decimal("0.25"),
        session=date(2025, 10, 29),
        filled_at=FINISHED,
    )


ORDERS = (
    order(
        "claude-sonnet-4.5",
        "12.072",
        OrderState.FILLED,
        clamps=(Clamp(rule="max_position", note="kept to 25 % of equity"),),
    ),
    order("gpt-5", "9.65", OrderState.PENDING),
    order(
        "momentum", "0.003", OrderState.CANCELLED, reason="it is worth less than the smallest order of $1.00"
    ),
)
FILLS = (fill("claude-sonnet-4.5", "12.072", "207.081408"),)


def seats(
    results: Sequence[MemberResult | None] = RESULTS, members: Sequence[Member] = MEMBERS
) -> tuple[Seat, ...]:
    return tuple(
        Seat(
            member=member.name,
            number=member.number,
            kind=member.kind.value,
            weight=member.weight,
            briefing=Briefing(
                portfolio=Portfolio(member=member.name, cash_usd=Decimal("10000.00")),
                equity_usd=Decimal("10000.00"),
            ),
            result=result,
        )
        for member, result in zip(members, results, strict=False)
    )


FOLLOWERS = (
    Member(number=7, name="committee", kind=MemberKind.COMMITTEE, weight=Decimal(0)),
    Member(number=8, name="crowd", kind=MemberKind.CROWD, weight=Decimal(0)),
)
COMMITTEE_BALLOT = ballot(
    "committee",
    Rating.BUY,
    "0.7139",
    reasoning="Follows the verdict of the method weighted: BUY, agreement 75%, weighted confidence 71%.",
)
CROWD_BALLOT = ballot("crowd", Rating.SELL, "0.6", reasoning="Votes: 1 BUY, 2 SELL.")


def followed(
    results: Sequence[MemberResult | None] = RESULTS,
    committee: MemberResult | None = COMMITTEE_BALLOT,
    crowd: MemberResult | None = CROWD_BALLOT,
) -> tuple[Seat, ...]:
    """The five seats, and those of the committee and the crowd after them."""
    return seats(results) + seats((committee, crowd), FOLLOWERS)


def record(**changes: object) -> RunRecord:
    """The finished run of NVDA with five seats, or a variation of it."""
    facts: dict[str, object] = {
        "run_id": RUN_ID,
        "ticker": "NVDA",
        "as_of": AS_OF,
        "preset": Preset.STANDARD,
        "season": Season.LIVE,
        "state": RunState.FINISHED,
        "config_hash": "c0ffee",
        "evidence_sha256": SHA,
        "source": "csv",
        "requested_by": "terminal",
        "requested_in": "terminal",
        "started_at": STARTED,
        "finished_at": FINISHED,
        "seats": seats(),
        "verdict": VERDICT,
        "orders": ORDERS,
        "fills": FILLS,
    }
    return RunRecord.model_validate(facts | changes)


def running(**changes: object) -> RunRecord:
    """The same run while it goes on."""
    facts: dict[str, object] = {
        "state": RunState.RUNNING,
        "finished_at": None,
        "seats": seats([None] * 5),
        "verdict": None,
        "orders": (),
        "fills": (),
    }
    return record(**(facts | changes))


def stage(member: str, stage_: Stage, output: str, *, round_: int = 1, **more: object) -> StageRecord:
    facts: dict[str, object] = {
        "run_id": RUN_ID,
        "member": member,
        "stage": stage_,
        "round": round_,
        "prompt": "Argue.",
        "output": output,
        "answer": {"text": output},
        "key_points": ("Data centre revenue still grows", "Valuation leaves little room"),
        "served_by": ServedBy(provider="openrouter", model="anthropic/claude-sonnet-4.5", key="main"),
        "spend": spend("0.00285", 1_520),
        "latency_ms": 1_030,
        "started_at": STARTED,
        "completed_at": STARTED + timedelta(seconds=1),
    }
    return StageRecord.model_validate(facts | more)


def chat(member: str = "claude-sonnet-4.5", length: int = 700) -> ModelChat:
    """A whole ModelChat of twelve stages, each of about `length` signs."""
    sentence = "The case of the {} rests on revenue that still grows by half a year over year. "
    result = next((result for result in RESULTS if result.member == member), None)
    return ModelChat(
        run_id=RUN_ID,
        ticker="NVDA",
        as_of=AS_OF,
        member=member,
        stages=tuple(
            stage(member, each, (sentence.format(each.value) * (length // 60 + 1))[:length].strip())
            for each in Stage
        ),
        result=result,
    )


def events(of: RunRecord | None = None) -> list[RunEvent]:
    """The stream of one run, as the arena tells it."""
    end = of or record()
    started = running(run_id=end.run_id, ticker=end.ticker, caveat=end.caveat)
    told: list[RunEvent] = [RunStarted(record=started)]
    for done, each in enumerate(Stage, 1):
        for seat in end.seats:
            told.append(StageStarted(run_id=end.run_id, member=seat.member, stage=each))
            told.append(StageFinished(run_id=end.run_id, member=seat.member, stage=each, done=done, total=12))
    told += [MemberFinished(run_id=end.run_id, result=seat.result) for seat in end.seats if seat.result]
    return [*told, RunEnded(record=end)]
