"""How providers, their keys and the routes to their models are, as it is kept and as it is shown."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.values import Frozen


class KeyCondition(StrEnum):
    """What a key is good for. `unreadable`: its secret is not where the configuration says."""

    USABLE = "usable"
    RESTING = "resting"
    NO_CREDIT = "no_credit"
    REFUSED = "refused"
    SPENT = "spent"
    UNREADABLE = "unreadable"


class KeyState(Frozen):
    """What is kept of a key, for all processes and across restarts. Never the secret.

    `model` is set where the key is refused, or has no credit, for one model alone. `since` is when the
    condition began, `until` when it is over by itself (None: not by itself). `mark` tells whether the secret
    has changed since: a salt and a short hash. `at` is when this was noted; the newest note counts.
    """

    provider: str
    key: str
    model: str = ""
    condition: KeyCondition = KeyCondition.USABLE
    since: AwareDatetime
    until: AwareDatetime | None = None
    reason: str = ""
    mark: str = ""
    at: AwareDatetime


class RouteState(Frozen):
    """What is kept of a route: whether it is down, since when and why, and when it is tried again.

    Of one that is up again, `since` is when it came back and `was_down_since` when it had gone down.
    """

    provider: str
    model: str
    down: bool
    since: AwareDatetime
    until: AwareDatetime | None = None
    was_down_since: AwareDatetime | None = None
    reason: str = ""
    at: AwareDatetime


class DialectState(Frozen):
    """What was learned of how a model wants to be asked at an address, in the words of `core.llm.dialect`."""

    provider: str
    base_url: str
    model: str
    form: str
    limit_field: str
    temperature: bool
    at: AwareDatetime


class Condition(StrEnum):
    """How a provider or a route is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    DOWN = "down"


class KeyHealth(Frozen):
    """A key for people: its name and, of a long secret, the last four signs."""

    name: str
    shown: str
    condition: KeyCondition
    model: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    reason: str = ""
    calls_today: Annotated[int, Field(ge=0)] = 0
    under_way: Annotated[int, Field(ge=0)] = 0


class RouteHealth(Frozen):
    """A model of a provider for people. `calls` and `failures` are those of the window that is looked at.

    `p50_ms` and `p95_ms` are of the answers in that window, None without any. `members` are routed there.
    """

    model: str
    condition: Condition
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    reason: str = ""
    breaker: str = "closed"
    calls: int = 0
    failures: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None
    members: tuple[str, ...] = ()


class ProviderHealth(Frozen):
    """A provider, its keys, and its models to which enabled members are routed."""

    name: str
    condition: Condition
    since: AwareDatetime | None = None
    reason: str = ""
    keys: tuple[KeyHealth, ...] = ()
    routes: tuple[RouteHealth, ...] = ()


class RouteTrial(Frozen):
    """What one real request to a route has shown. `served_model` is "" where it gave no complete answer."""

    provider: str
    model: str
    condition: Condition
    served_model: str = ""
    key: str = ""
    latency_ms: int | None = None
    cost_usd: Decimal = Decimal(0)
    tokens: int = 0
    reason: str = ""
