"""What the answers of the interface look like, for `/openapi.json`; a test holds them against real ones.

They describe the documents of `bot.documents`, which the terminal's `--json` prints as well. Money is a
decimal string, ratios are numbers from 0 to 1, times are ISO 8601 with their offset. Further fields may come.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Money = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2,}$", examples=["0.41"])]
Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Decision = Literal["BUY", "SELL", "HOLD"]
Part = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="allow")


class ProblemAnswer(Answer):
    """What went wrong (RFC 9457): `detail` is one sentence, and the log knows the `request_id`."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str


class Confirmed(Answer):
    """What a second, premium model said."""

    model: str
    decision: Decision | None
    confidence: Part | None
    reasoning: str
    abstained: str | None


class DecideAnswer(Answer):
    """The answer of one routed model; `decision` is null where it abstained, and `abstained` says why."""

    id: str
    request_id: str
    bot_id: str
    symbol: str
    ticker: str
    as_of: AwareDatetime
    asked_at: AwareDatetime
    decision: Decision | None
    confidence: Part | None
    target_weight: float | None
    stop_loss: Money | None
    take_profit: Money | None
    risk_level: Literal["low", "medium", "high"] | None
    reasoning: str
    key_points: list[str]
    abstained: str | None
    model: str | None
    served_by: str | None
    rule: str
    why: str
    route: list[str]
    confirmed_by: Confirmed | None
    disagreed: bool
    unsure: bool
    cost_usd: Money
    tokens: int
    latency_ms: int
    evidence_sha256: str
    source: str
    caveat: str | None


class StartedAnswer(Answer):
    """A run that goes on, or went on before."""

    run_id: str
    ticker: str
    state: str
    url: str


class RefusedAnswer(ProblemAnswer):
    """A ticker of which no run was begun, and why."""

    ticker: str


class RunsAnswer(Answer):
    """What was begun."""

    request_id: str
    runs: list[StartedAnswer]
    refused: list[RefusedAnswer]


class AbstentionAnswer(Answer):
    """A member that cast no ballot."""

    member: str
    reason: str


class BallotAnswer(Answer):
    """A member's decision."""

    member: str
    action: Decision
    rating: str
    confidence: Part
    target_weight: float | None
    reasoning: str
    served_by: str | None
    latency_ms: int
    cost_usd: Money
    tokens: int
    stop_loss: Money | None
    take_profit: Money | None
    risk_level: str
    horizon: str
    key_points: list[str]


class RunAnswer(Answer):
    """A run as `conclave run --json` prints it; `decision` is null without a verdict."""

    run_id: str
    ticker: str
    as_of: AwareDatetime
    evidence_sha256: Sha
    state: Literal["running", "finished", "cancelled", "failed"]
    preset: Literal["quick", "standard", "deep"]
    season: str
    source: str
    caveat: str | None
    decision: Decision | None
    confidence: Part
    agreement: Part
    high_consensus: bool
    risk_level: str | None
    stop_loss: Money | None
    take_profit: Money | None
    votes: dict[str, int]
    weighted_votes: dict[str, float]
    largest_orders: dict[str, Money]
    outliers: list[str]
    abstentions: list[AbstentionAnswer]
    ballots: list[BallotAnswer]
    committee: BallotAnswer | AbstentionAnswer | None
    crowd: BallotAnswer | AbstentionAnswer | None
    fills: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    total_cost_usd: Money
    total_tokens: int
    latency_ms: int


class StageAnswer(Answer):
    """One step of a member, with its whole prompt."""

    stage: str
    round: int
    prompt: str
    output: str
    answer: dict[str, Any]
    key_points: list[str]
    served_by: str | None
    cost_usd: Money
    latency_ms: int
    started_at: AwareDatetime
    completed_at: AwareDatetime


class ChatAnswer(Answer):
    """The complete record of one member in a run."""

    run_id: str
    ticker: str
    as_of: AwareDatetime
    member: str
    stages: list[StageAnswer]
    result: dict[str, Any] | None
    reflection: dict[str, Any] | None


class StandingAnswer(Answer):
    """One line of a leaderboard."""

    rank: int | None
    member: str
    kind: str
    value_usd: Money | None
    pnl_usd: Money | None
    return_: Annotated[float | None, Field(alias="return")]
    trades: int
    token_cost_usd: Money


class LeaderboardAnswer(Answer):
    """A ranking."""

    season: str
    by: str
    period: str
    net_of_tokens: bool
    initial_cash_usd: Money
    caveat: str | None
    standings: list[StandingAnswer]


class ModelAnswer(Answer):
    """A member."""

    member: str
    kind: str
    route: list[str]
    weight: float
    enabled: bool
    removed_at: AwareDatetime | None
    stability: dict[str, Any] | None


class BudgetAnswer(Answer):
    """What is left today of one budget: of the day, a tier or a key."""

    scope: str
    left_usd: Money
    limit_usd: Money


class StatusAnswer(Answer):
    """How the service is."""

    status: Literal["ok", "degraded"]
    version: str | None
    since: AwareDatetime
    uptime_s: float
    members: list[str]
    budgets: list[BudgetAnswer]
    at: AwareDatetime
    platforms: dict[str, str]
    connections: dict[str, list[dict[str, Any]]]
    runs: int
    books_until: str | None
    lag_s: float
    upcoming: list[dict[str, Any]]
    ended: list[dict[str, Any]]
    providers: list[dict[str, Any]]
    shut: list[dict[str, Any]]


class AliveAnswer(Answer):
    """The process lives."""

    status: Literal["ok"]


class ReadyAnswer(Answer):
    """The database and the event loop answer, and how quickly."""

    status: Literal["ok"]
    database_s: float
    event_loop_s: float
