"""Realistic facts of what is posted by itself, and their cards: for tests of what is shown of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.cards import PostedCard
from bot.present.alerts import alert_card
from bot.present.digest import digest_card
from bot.present.review import review_card
from bot.present.summary import verdicts_card
from core.domain.actions import ActionKind, CorporateAction
from core.domain.alert import Alert, AlertKind
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import Order, OrderCause, OrderState, Side
from core.domain.calibration import Calibration
from core.domain.digest import (
    Digest,
    Disagreement,
    Earning,
    Judged,
    Manner,
    Move,
    RankChange,
    Review,
    SettledCall,
    Trade,
    VerdictSoFar,
)
from core.domain.member import MemberKind
from core.domain.run import RunState
from core.domain.scores import Figure
from core.domain.season import Season
from core.domain.usage import Spend
from core.domain.verdict import Dissent
from tests import arena_facts

ZONE = ZoneInfo("America/New_York")
SINCE = datetime(2025, 10, 28, 20, 0, tzinfo=UTC)
UNTIL = datetime(2025, 10, 29, 20, 30, tzinfo=UTC)
LATE = "Due at 16:30, delivered at 18:05. Two earlier ones were missed."


def verdict(
    ticker: str, decision: Action, agreement: str, then: str, now: str | None, ratio: str | None
) -> VerdictSoFar:
    return VerdictSoFar(
        run_id=f"run{ticker.lower()}",
        ticker=ticker,
        at=SINCE + timedelta(hours=1),
        decision=decision,
        agreement=Decimal(agreement),
        confidence=Decimal("0.7"),
        price_then=Decimal(then),
        price_now=Decimal(now) if now else None,
        return_ratio=Decimal(ratio) if ratio else None,
    )


def earning(member: str, kind: MemberKind, value: str, change: str, ratio: str) -> Earning:
    return Earning(
        member=member,
        kind=kind,
        value_usd=Decimal(value),
        change_usd=Decimal(change),
        change_ratio=Decimal(ratio),
    )


def trade(member: str, side: Side, shares: str, ticker: str, price: str, cause: OrderCause) -> Trade:
    return Trade(
        member=member,
        ticker=ticker,
        side=side,
        shares=Decimal(shares),
        price=Decimal(price),
        amount_usd=(Decimal(shares) * Decimal(price)).quantize(Decimal("0.01")),
        cause=cause,
        at=SINCE + timedelta(hours=18),
    )


WAITING = Order(
    id="o1",
    season=Season.LIVE,
    run_id="runmsft",
    member="gpt-5",
    ticker="MSFT",
    side=Side.BUY,
    shares=Decimal("4.75"),
    reference_price=Decimal("541.55"),
    decided_session=date(2025, 10, 29),
    created_at=UNTIL,
    state=OrderState.PENDING,
)

DIGEST = Digest(
    season=Season.LIVE,
    since=SINCE,
    until=UNTIL,
    verdicts=(
        verdict("NVDA", Action.BUY, "0.75", "201.03", "207.04", "0.0299"),
        verdict("AAPL", Action.SELL, "0.6", "269.00", "269.70", "0.0026"),
        verdict("MSFT", Action.BUY, "1", "541.55", None, None),
        verdict("IBM", Action.HOLD, "0.5", "312.57", "308.21", "-0.0139"),
    ),
    earnings=(
        earning("gpt-5", MemberKind.LLM, "10212.40", "84.11", "0.0083"),
        earning("claude-sonnet-4.5", MemberKind.LLM, "10167.90", "61.20", "0.0061"),
        earning("committee", MemberKind.COMMITTEE, "10134.20", "34.20", "0.0034"),
        earning("gemini-2.5-pro", MemberKind.LLM, "9964.02", "-12.15", "-0.0012"),
        earning("crowd", MemberKind.CROWD, "10000.00", "0", "0"),
    ),
    disagreement=Disagreement(
        run_id="runibm",
        ticker="IBM",
        decision=Action.HOLD,
        agreement=Decimal("0.5"),
        supporters=("claude-sonnet-4.5", "gemini-2.5-pro"),
        against=(("gpt-5", Action.BUY), ("grok-4", Action.SELL)),
        strongest=Dissent(
            member="grok-4", action=Action.SELL, reason="The gap above $310 has no volume behind it."
        ),
    ),
    trades=(
        trade("claude-sonnet-4.5", Side.BUY, "12.065817", "NVDA", "202.15", OrderCause.BALLOT),
        trade("gpt-5", Side.BUY, "9.65", "NVDA", "202.15", OrderCause.BALLOT),
        trade("gemini-2.5-pro", Side.SELL, "5", "AAPL", "262.50", OrderCause.STOP),
    ),
    waiting=(WAITING,),
    movers=(
        Move(ticker="NVDA", price=Decimal("207.04"), ratio=Decimal("0.0299")),
        Move(ticker="AAPL", price=Decimal("269.70"), ratio=Decimal("0.0026")),
        Move(ticker="IBM", price=Decimal("308.21"), ratio=Decimal("-0.0139")),
    ),
    actions=(
        CorporateAction(
            ticker="IBM",
            kind=ActionKind.DIVIDEND,
            ex_date=date(2025, 10, 29),
            value=Decimal("1.68"),
            source="csv",
        ),
    ),
    spend=Spend(prompt_tokens=150_000, completion_tokens=38_410, cost_usd=Decimal("0.3124"), calls=212),
    runs=5,
    undecided=1,
    abstentions=((AbstentionKind.TIMEOUT, 2), (AbstentionKind.BAD_ANSWER, 1)),
)
QUIET = Digest(season=Season.LIVE, since=SINCE, until=UNTIL)


def rate(value: float | None, sample: int) -> Figure:
    return Figure(value=value, sample=sample)


def calibration(
    member: str,
    one: Figure,
    five: Figure,
    twenty: Figure,
    brier: float | None = None,
    ece: float | None = None,
) -> Calibration:
    return Calibration(
        season=Season.LIVE,
        member=member,
        as_of=UNTIL,
        horizon=5,
        settled=five.sample,
        holds=2,
        brier=rate(brier, five.sample),
        ece=rate(ece, five.sample),
        bins=(),
        configured=Decimal(1),
        hit_rates={1: one, 5: five, 20: twenty},
    )


def call(
    member: str, ticker: str, action: Action, confidence: str, horizon: int, earned: str, kind: MemberKind
) -> SettledCall:
    return SettledCall(
        run_id=f"run{ticker.lower()}",
        member=member,
        kind=kind,
        ticker=ticker,
        action=action,
        confidence=Decimal(confidence),
        horizon=horizon,
        earned=Decimal(earned),
    )


REVIEW = Review(
    season=Season.LIVE,
    since=UNTIL - timedelta(days=7),
    until=UNTIL,
    judged=(
        Judged(
            member="claude-sonnet-4.5",
            kind=MemberKind.LLM,
            season=calibration(
                "claude-sonnet-4.5", rate(0.53, 45), rate(0.6, 42), rate(None, 6), brier=0.231, ece=0.041
            ),
            lately=calibration("claude-sonnet-4.5", rate(0.667, 3), rate(0.5, 2), rate(None, 0)),
            manner=Manner.FITTING,
        ),
        Judged(
            member="gpt-5",
            kind=MemberKind.LLM,
            season=calibration(
                "gpt-5", rate(0.49, 41), rate(0.43, 40), rate(None, 5), brier=0.291, ece=0.312
            ),
            lately=calibration("gpt-5", rate(0.25, 4), rate(0.333, 3), rate(None, 0)),
            manner=Manner.OVER,
        ),
        Judged(
            member="gemini-2.5-pro",
            kind=MemberKind.LLM,
            season=calibration("gemini-2.5-pro", rate(None, 4), rate(None, 2), rate(None, 0)),
            lately=calibration("gemini-2.5-pro", rate(None, 0), rate(None, 0), rate(None, 0)),
        ),
    ),
    ranks=(
        RankChange(
            member="gpt-5",
            kind=MemberKind.LLM,
            rank=1,
            rank_before=3,
            value_usd=Decimal("10212.40"),
            change_ratio=Decimal("0.0183"),
        ),
        RankChange(
            member="claude-sonnet-4.5",
            kind=MemberKind.LLM,
            rank=2,
            rank_before=1,
            value_usd=Decimal("10167.90"),
            change_ratio=Decimal("0.0061"),
        ),
        RankChange(member="gemini-2.5-pro", kind=MemberKind.LLM, rank=0),
    ),
    best=(
        call("gpt-5", "NVDA", Action.BUY, "0.81", 5, "0.0512", MemberKind.LLM),
        call("claude-sonnet-4.5", "IBM", Action.SELL, "0.6", 1, "0.0139", MemberKind.LLM),
    ),
    worst=(call("gpt-5", "AAPL", Action.SELL, "0.9", 5, "-0.0433", MemberKind.LLM),),
    followers=(call("committee", "NVDA", Action.BUY, "0.71", 5, "0.0512", MemberKind.COMMITTEE),),
    settled=12,
    minimum=10,
)
EMPTY_REVIEW = Review(season=Season.LIVE, since=UNTIL - timedelta(days=7), until=UNTIL, minimum=10)

ALERTS = (
    Alert(
        key="alert:stop:live:NVDA:2025-10-29",
        kind=AlertKind.STOP,
        at=UNTIL,
        season=Season.LIVE,
        members=("claude-sonnet-4.5", "gpt-5"),
        ticker="NVDA",
        run_id=arena_facts.RUN_ID,
        price=Decimal("186.50"),
    ),
    Alert(
        key="alert:take_profit:live:NVDA:2025-10-29",
        kind=AlertKind.TAKE_PROFIT,
        at=UNTIL,
        season=Season.LIVE,
        members=("gpt-5",),
        ticker="NVDA",
        price=Decimal(236),
    ),
    Alert(
        key="alert:flip:runnvda",
        kind=AlertKind.FLIP,
        at=UNTIL,
        season=Season.SAMPLE,
        members=("gpt-5", "committee"),
        ticker="NVDA",
        run_id=arena_facts.RUN_ID,
        before=Action.BUY,
        after=Action.SELL,
    ),
    Alert(
        key="alert:model_down:grok-4:run1",
        kind=AlertKind.MODEL_DOWN,
        at=UNTIL,
        members=("grok-4",),
        run_id=arena_facts.RUN_ID,
        reason="no answer within 120 s at the stage research",
    ),
    Alert(
        key="alert:budget:today-s-budget:2025-10-29:80",
        kind=AlertKind.BUDGET,
        at=UNTIL,
        percent=80,
        limit_usd=Decimal(5),
        reason="today's budget",
    ),
    Alert(
        key="alert:budget:today-s-budget:2025-10-29:100",
        kind=AlertKind.BUDGET,
        at=UNTIL,
        percent=100,
        limit_usd=Decimal(5),
        reason="today's budget",
    ),
)

UNDECIDED = arena_facts.record(
    run_id="5h8n3p2r",
    ticker="AAPL",
    verdict=arena_facts.VERDICT.model_copy(
        update={"decision": None, "rule": "1 ballot, 2 needed", "outliers": (), "dissent": ()}
    ),
    orders=(),
)
STOPPED = arena_facts.record(
    run_id="6j9w4x5z",
    ticker="MSFT",
    state=RunState.CANCELLED,
    reason="Stopped by Alice; what was done is kept.",
    verdict=None,
    orders=(),
)
CARDS: dict[str, PostedCard] = {
    "digest": digest_card(DIGEST, ZONE, LATE),
    "quiet digest": digest_card(QUIET, ZONE),
    "review": review_card(REVIEW, ZONE),
    "empty review": review_card(EMPTY_REVIEW, ZONE),
    "summary": verdicts_card(
        "Verdicts",
        (arena_facts.record(), UNDECIDED),
        (("SAP.DE", "Xetra is closed today."),),
        ZONE,
        prices={"5h8n3p2r": Decimal("269.70")},
        note=LATE,
    ),
    "runs asked for together": verdicts_card(
        "Verdicts",
        (arena_facts.record(), UNDECIDED, STOPPED),
        (("NVDAA", "It did not start; its own message says why."),),
        ZONE,
    ),
    **{f"{alert.kind} alert {place}": alert_card(alert, ZONE) for place, alert in enumerate(ALERTS)},
}
