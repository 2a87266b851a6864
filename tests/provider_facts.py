"""Two providers as an admin finds them: one with a route that is down and an empty key, one that is well."""

from datetime import UTC, datetime

from core.domain.provider_health import (
    Condition,
    KeyCondition,
    KeyHealth,
    ProviderHealth,
    RouteHealth,
)

SINCE = datetime(2025, 10, 29, 18, 2, tzinfo=UTC)
UNTIL = datetime(2025, 10, 29, 20, 5, tzinfo=UTC)
PROVIDERS = (
    ProviderHealth(
        name="openrouter",
        condition=Condition.DEGRADED,
        since=SINCE,
        reason="openai/gpt-5: did not answer within 60 s",
        keys=(
            KeyHealth(name="main", shown="main …3f9a", condition=KeyCondition.USABLE, calls_today=42),
            KeyHealth(
                name="premium",
                shown="premium …77c1",
                condition=KeyCondition.NO_CREDIT,
                model="openai/gpt-5",
                since=SINCE,
                until=UNTIL,
                reason="openrouter:openai/gpt-5 refused the request (402): This requires more credits",
            ),
        ),
        routes=(
            RouteHealth(
                model="anthropic/claude-sonnet-4.5",
                condition=Condition.HEALTHY,
                calls=40,
                p50_ms=2100,
                p95_ms=5400,
                members=("claude",),
            ),
            RouteHealth(
                model="openai/gpt-5",
                condition=Condition.DOWN,
                since=SINCE,
                until=UNTIL,
                reason="did not answer within 60 s",
                breaker="open",
                calls=6,
                failures=6,
                members=("gpt5",),
            ),
        ),
    ),
    ProviderHealth(
        name="ollama",
        condition=Condition.HEALTHY,
        routes=(RouteHealth(model="llama3.2", condition=Condition.HEALTHY, members=("llama",)),),
    ),
)
