"""What the choice of a model is made from, and what came of such choices."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from core.domain.asking import Asked, AskRequest, Task
from core.domain.stage import StageRecord
from core.domain.values import Frozen

Count = Annotated[int, Field(ge=0)]
NonNegative = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Situation(Frozen):
    """The facts that rules look at; None is what nobody knows.

    `volume_ratio` is the last volume over the mean of the twenty sessions before it, `volatility` the yearly
    one of twenty sessions as a fraction, `sentiment` a mean score from -1 to 1. `budget_left_usd` is what
    the day's limits leave, None where there are none.
    """

    ticker: str
    task: Task | None = None
    private: bool = False
    offline: bool = False
    urgent: bool = False
    stake_usd: NonNegative | None = None
    has_position: bool | None = None
    volume_ratio: NonNegative | None = None
    volatility: NonNegative | None = None
    sentiment: Annotated[Decimal, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None
    budget_left_usd: Decimal | None = None


class ArmFigures(Frozen):
    """What came of the questions that one candidate was chosen for.

    `answered` are those to which it gave a ballot itself. Latency and cost are means of those, None without
    any. `right` of `settled` ballots, those of its member in the season, were right five sessions later.
    """

    name: str
    asked: Count = 0
    answered: Count = 0
    latency_ms: NonNegative | None = None
    cost_usd: NonNegative | None = None
    right: Count = 0
    settled: Count = 0


class AskRecord(Frozen):
    """All that is kept of one question: what was asked and answered, every stage, and why this model.

    `candidate` was chosen, whoever answered in the end. `figures` are those that the choice weighed up, empty
    where it weighed none. `test` and `arm` say which test it belongs to, and on which side.
    """

    request: AskRequest
    asked: Asked
    stages: tuple[StageRecord, ...] = ()
    situation: Situation
    candidate: str
    figures: tuple[ArmFigures, ...] = ()
    test: str | None = None
    arm: Literal["a", "b"] | None = None


class Trial(Frozen):
    """One question of a test: on which side, whether it was answered, and what that took."""

    arm: Literal["a", "b"]
    answered: bool
    cost_usd: NonNegative
    latency_ms: Count


class Interval(Frozen):
    """An estimate with the interval that holds the true value in so many of a hundred cases (95)."""

    estimate: Decimal
    low: Decimal
    high: Decimal


class ArmReport(Frozen):
    """One side of a test: what it stands for, its sample, and its figures with their intervals.

    `answered` is a share of the questions, cost in USD and latency in milliseconds a question; None where
    there are too few.
    """

    arm: Literal["a", "b"]
    stands_for: str
    asked: Count
    answered: Interval | None = None
    cost_usd: Interval | None = None
    latency_ms: Interval | None = None


class TestReport(Frozen):
    """How a test stands. `clear` has in words what the intervals tell apart, empty where they overlap."""

    __test__ = False  # the name is that of the thing; pytest need not look at it

    name: str
    kind: str
    enabled: bool
    arms: tuple[ArmReport, ArmReport]
    clear: tuple[str, ...] = ()
