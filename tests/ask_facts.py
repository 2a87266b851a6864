"""Realistic questions to one model and their answers, made without any arena."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.domain.asking import Asked, AskRequest, Routed
from core.domain.ballot import Abstention, AbstentionKind, Ballot, Rating
from core.domain.routing import AskRecord, Situation, Trial
from core.domain.stage import Stage, StageRecord
from core.domain.usage import ServedBy
from tests.arena_facts import AS_OF, SHA, STARTED, ballot, spend

QUESTION = "7h3p9wdk"
_REASONING = (
    "Revenue grew by 56 % on the year and guidance was raised, while the shares stand 4 % above their mean "
    "of 50 sessions on 2.1 times the usual volume. The nearest support is 192.40. A stop below it limits the "
    "loss to 4.3 %."
)


def answered(rating: Rating = Rating.OVERWEIGHT, **more: Any) -> Ballot:
    given = ballot("finance", rating, "0.72", reasoning=_REASONING)
    changes = {
        "target_weight": Decimal("0.02"),
        "stop_loss": Decimal("192.40"),
        "take_profit": Decimal("221.50"),
        "horizon": "2 to 6 weeks",
        "key_points": ("Guidance was raised.", "Target weight cut from 20.0 % to 2.0 %."),
        "served_by": ServedBy(provider="openrouter", model="fingpt/fingpt-mt", key="main"),
        "spend": spend("0.0042", 3120),
    }
    return given.model_copy(update=changes | more)


def asked(**more: Any) -> Asked:
    given = {
        "id": QUESTION,
        "ticker": "NVDA",
        "as_of": AS_OF,
        "asked_at": STARTED,
        "evidence_sha256": SHA,
        "source": "yfinance",
        "routed": Routed(
            rule="position_and_volume",
            reason="A position is held and volume is 2.1 times its mean, so finance answers as the financial "
            "model.",
            member="finance",
            route=("openrouter:fingpt/fingpt-mt", "openrouter:openai/gpt-5"),
        ),
        "result": answered(),
        "served_by": ServedBy(provider="openrouter", model="fingpt/fingpt-mt", key="main"),
        "spend": spend("0.0042", 3120),
        "latency_ms": 2410,
    }
    return Asked.model_validate(given | more)


CONFIRMED = asked(
    caveat="Sample prices from 2013, for trying things out: not today's market.",
    confirmed_by=ballot("claude", Rating.BUY, "0.81"),
)
CONTRADICTED = asked(
    result=answered(
        Rating.HOLD,
        target_weight=None,
        stop_loss=None,
        take_profit=None,
        reasoning="finance says BUY, and claude says SELL. An order worth $12,000.00 needs two that agree, "
        f"so the answer is HOLD. finance argued: {_REASONING}",
    ),
    confirmed_by=ballot("claude", Rating.SELL, "0.66"),
    disagreed=True,
    routed=Routed(
        rule="model_preference",
        reason="phi was asked for; it gave no answer (decision: no answer within 60 s), so the balanced "
        "default finance did.",
        member="phi",
        route=("ollama:phi3", "openrouter:fingpt/fingpt-mt"),
    ),
)
UNSURE = asked(
    result=answered(
        Rating.HOLD,
        target_weight=None,
        stop_loss=None,
        take_profit=None,
        reasoning="finance says BUY with a confidence of 72%, below the minimum of 75%, so the answer is "
        f"HOLD. finance argued: {_REASONING}",
    ),
    unsure=True,
)
UNANSWERED = asked(
    result=Abstention(
        member="phi", kind=AbstentionKind.TIMEOUT, reason="phi: decision: no answer within 60 s; finance: 402"
    ),
    served_by=None,
)


def stage(member: str, output: str) -> StageRecord:
    return StageRecord(
        run_id=QUESTION,
        member=member,
        stage=Stage.DECISION,
        prompt="What now?",
        output=output,
        answer={},
        key_points=("Guidance was raised.",),
        marks=("cites 181.30; evidence says 199.80",),
        served_by=ServedBy(provider="openrouter", model="fingpt/fingpt-mt", key="main"),
        spend=spend("0.0042", 3120),
        latency_ms=2410,
        started_at=STARTED,
        completed_at=STARTED + timedelta(seconds=2),
    )


RECORD = AskRecord(
    request=AskRequest(ticker="NVDA"),
    asked=CONFIRMED,
    stages=(
        stage("finance", f"BUY (Overweight), confidence 72%. {_REASONING}"),
        stage("claude", "BUY (Buy), confidence 81%. I agree."),
    ),
    situation=Situation(ticker="NVDA"),
    candidate="finance",
)


def trials(arm: str, count: int, *, answered_each: int = 1, cost: str, latency_ms: int) -> list[Trial]:
    return [
        Trial.model_validate(
            {
                "arm": arm,
                "answered": number % answered_each == 0,
                "cost_usd": Decimal(cost) * (1 + number % 3),
                "latency_ms": latency_ms + 100 * (number % 5),
            }
        )
        for number in range(count)
    ]
