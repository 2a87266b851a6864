"""One model's answer, and tests of the routing, as JSON documents."""

from decimal import Decimal
from typing import Any

from core.domain.asking import Asked
from core.domain.ballot import Ballot, MemberResult
from core.domain.routing import Interval, TestReport

Document = dict[str, Any]


def asked_document(asked: Asked) -> Document:
    """Return an answer; money is a decimal string, ratios are fractions, times have their offset."""
    result = asked.result
    return {
        "id": asked.id,
        "ticker": asked.ticker,
        "as_of": asked.as_of.isoformat(),
        "asked_at": asked.asked_at.isoformat(),
        "evidence_sha256": asked.evidence_sha256,
        "source": asked.source,
        "caveat": asked.caveat,
        "decision": result.action.value if isinstance(result, Ballot) else None,
        **_result(result),
        "routed": {
            "rule": asked.routed.rule,
            "reason": asked.routed.reason,
            "member": asked.routed.member or None,
            "route": list(asked.routed.route),
        },
        "served_by": str(asked.served_by) if asked.served_by else None,
        "confirmed_by": _result(asked.confirmed_by) if asked.confirmed_by else None,
        "disagreed": asked.disagreed,
        "unsure": asked.unsure,
        "latency_ms": asked.latency_ms,
        "cost_usd": f"{asked.spend.cost_usd:f}",
        "tokens": asked.spend.tokens,
    }


def tests_document(tests: tuple[TestReport, ...]) -> list[Document]:
    """Return how tests stand; each estimate has the ends of its interval beside it."""
    return [
        {
            "test": test.name,
            "kind": test.kind,
            "enabled": test.enabled,
            "arms": [
                {
                    "arm": arm.arm,
                    "stands_for": arm.stands_for,
                    "asked": arm.asked,
                    "answered": _interval(arm.answered),
                    "cost_usd": _interval(arm.cost_usd),
                    "latency_ms": _interval(arm.latency_ms),
                }
                for arm in test.arms
            ],
            "clear": list(test.clear),
        }
        for test in tests
    ]


def _result(result: MemberResult) -> Document:
    if not isinstance(result, Ballot):
        return {"model": result.member, "action": None, "abstained": result.reason}
    return {
        "model": result.member,
        "action": result.action.value,
        "rating": result.rating.value,
        "confidence": float(result.confidence),
        "target_weight": _number(result.target_weight),
        "stop_loss": _text(result.stop_loss),
        "take_profit": _text(result.take_profit),
        "risk_level": result.risk_level.value,
        "horizon": result.horizon,
        "reasoning": result.reasoning,
        "key_points": list(result.key_points),
        "abstained": None,
    }


def _interval(value: Interval | None) -> Document | None:
    if value is None:
        return None
    return {"estimate": float(value.estimate), "low": float(value.low), "high": float(value.high)}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
