"""Made-up calls to models, and their sums worked out slowly, one call after another."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal
from zoneinfo import ZoneInfo

from core.domain.calls import Call, Caller, CallOutcome, Purpose
from core.domain.costs import MIN_MEDIAN, MIN_P95, CostGroup, CostLine
from core.domain.usage import NOTHING_SPENT, Spend

NOON = datetime(2025, 10, 29, 16, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


def call_of(number: int = 1, *, at: datetime = NOON, usd: str = "0.01", **more: object) -> Call:
    """A call of a run that was answered; `more` are fields of the call, of its caller, or of its spend."""
    facts: dict[str, object] = {
        "id": f"call-{number}",
        "at": at,
        "stage": "bear",
        "provider": "openrouter",
        "model": "anthropic/claude-sonnet-4.5",
        "key": "main",
        "outcome": CallOutcome.ANSWERED,
        "latency_ms": 950,
    }
    caller: dict[str, object] = {"member": "alpha", "chat": "telegram:-100123", "person": "telegram:1001"}
    spend: dict[str, object] = {"prompt_tokens": 1200, "completion_tokens": 80, "cost_usd": usd, "calls": 1}
    for name, value in more.items():
        own = caller if name in Caller.model_fields else spend if name in Spend.model_fields else facts
        own[name] = value
    return Call.model_validate({**facts, "caller": caller, "spend": spend})


KEYS: Mapping[CostGroup, Callable[[Call], str]] = {
    CostGroup.DAY: lambda call: call.at.astimezone(NEW_YORK).date().isoformat(),
    CostGroup.MODEL: lambda call: call.model,
    CostGroup.KEY: lambda call: f"{call.provider}:{call.key}" if call.key else "",
    CostGroup.TIER: lambda call: call.caller.tier or "",
    CostGroup.CHAT: lambda call: call.caller.chat,
    CostGroup.PERSON: lambda call: call.caller.person,
    CostGroup.STAGE: lambda call: call.stage,
    CostGroup.PURPOSE: lambda call: call.caller.purpose.value,
    CostGroup.PROVIDER: lambda call: call.provider,
}


def slowly(
    calls: Sequence[Call], name: str = "", decided: Mapping[tuple[str, str], bool | None] | None = None
) -> CostLine:
    """Sum up calls in plain loops; `decided` has by run and member whether its ballot was right."""
    spend, counts = NOTHING_SPENT, Counter[str]()
    for call in calls:
        booked = call.spend.cost_usd.quantize(Decimal("1e-12"), ROUND_UP)
        spend += call.spend.model_copy(update={"cost_usd": booked})
        counts["from_cache" if call.from_cache else "sent"] += 1
        if not call.from_cache and call.outcome in {CallOutcome.ANSWERED, CallOutcome.CANCELLED}:
            counts[call.outcome.value] += 1
    took = sorted(
        _cut(call.latency_ms)
        for call in calls
        if call.outcome is CallOutcome.ANSWERED and not call.from_cache
    )
    pairs = {
        (call.caller.run_id, call.caller.member)
        for call in calls
        if call.caller.run_id and call.caller.purpose in {Purpose.RUN, Purpose.REPLAY}
    }
    known = [right for pair, right in (decided or {}).items() if pair in pairs]
    return CostLine(
        name=name,
        spend=spend,
        ballots=len(known),
        settled=sum(right is not None for right in known),
        right=sum(right is True for right in known),
        median_ms=_rank(took, 0.5) if len(took) >= MIN_MEDIAN else None,
        p95_ms=_rank(took, 0.95) if len(took) >= MIN_P95 else None,
        **counts,
    )


def _cut(latency_ms: int) -> int:
    digits = str(latency_ms)
    return int(digits[:2] + "0" * (len(digits) - 2))


def _rank(took: Sequence[int], share: float) -> int:
    return took[math.ceil(round(len(took) * share, 6)) - 1]


def grouped(
    calls: Sequence[Call], by: CostGroup, decided: Mapping[tuple[str, str], bool | None] | None = None
) -> dict[str, CostLine]:
    """Return the sums of each group by its name."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        groups.setdefault(KEYS[by](call), []).append(call)
    return {name: slowly(found, name, decided) for name, found in groups.items()}


def over_days(days: int, usd: str = "0.50", *, until: datetime = NOON) -> list[Call]:
    """One call a day at the same time, the last one at `until`."""
    return [call_of(n, at=until - timedelta(days=n), usd=usd) for n in range(days)]
