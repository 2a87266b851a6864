"""One question to one model that the routing chooses: cheap, and without a committee."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.ballot import Abstention, Ballot
from core.domain.usage import NOTHING_SPENT, ServedBy, Spend
from core.domain.values import Frozen, Ratio

ContextValue = Decimal | bool | str
MOST_TOLD = 40
"""So many values may a caller tell, each under a name and in a text of at most so many signs."""
LONGEST_NAME = 40
LONGEST_TEXT = 500
LARGEST_TOLD = 10**15


class Task(StrEnum):
    """How much thinking a question takes."""

    SIMPLE = "simple"
    ANALYSIS = "analysis"
    COMPLEX = "complex"


class AskRequest(Frozen):
    """What is asked. `as_of` None means now.

    `model_preference` names a member or a route `provider:model id` and overrides the rules. `private` keeps
    the question on local endpoints. `stake_usd` is the value of the order that hangs on the answer.
    `context` is what the caller tells of the market or of its own position, such as `price`, `volume` or
    `has_position`: it is data, for the prompt and for the rules. `max_position` (a fraction of equity) caps
    the target weight of the answer. `bot_id` is the caller's own name for itself.
    """

    ticker: str
    as_of: AwareDatetime | None = None
    model_preference: str | None = None
    task: Task | None = None
    private: bool = False
    urgent: bool = False
    stake_usd: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] | None = None
    max_position: Ratio | None = None
    context: Mapping[str, ContextValue] = Field(default_factory=dict)
    bot_id: str = ""
    requested_by: str = "terminal"
    requested_in: str = "terminal"


class Routed(Frozen):
    """Which model was chosen and why.

    `rule` names the rule of `[routing]`, or "model_preference", "router", "adaptive" or "test"; `reason` is
    one sentence for people. `route` is what was asked, first choice first, each `provider:model id`.
    """

    rule: str
    reason: str
    member: str = ""
    route: tuple[str, ...]


class Asked(Frozen):
    """The answer to one question, kept under `id`.

    `result` is a ballot, or an abstention with its reason. `confirmed_by` is what a second, premium model
    decided where the stake wanted that, and `disagreed` says that the two did not agree, which makes it HOLD.
    `unsure` says that the model was less confident than `consensus.min_confidence`, which makes it HOLD too.
    `evidence_sha256`, `source` and `caveat` are those of the pack that was shown.
    """

    id: str
    ticker: str
    as_of: AwareDatetime
    asked_at: AwareDatetime
    evidence_sha256: str
    source: str
    caveat: str | None = None
    routed: Routed
    result: Ballot | Abstention
    served_by: ServedBy | None = None
    confirmed_by: Ballot | Abstention | None = None
    disagreed: bool = False
    unsure: bool = False
    spend: Spend = NOTHING_SPENT
    latency_ms: Annotated[int, Field(ge=0)] = 0
