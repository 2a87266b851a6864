"""One call to a model: for whom it was made, who answered, what it used, and how it ended."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import Frozen


class Purpose(StrEnum):
    """What a call was made for."""

    RUN = "run"
    REPLAY = "replay"
    ASK = "ask"
    REFLECTION = "reflection"
    STABILITY = "stability"
    CHECK = "check"


class CallOutcome(StrEnum):
    """How a call ended. `LOST`: its process died meanwhile, so the most that it may have cost is booked."""

    ANSWERED = "answered"
    BAD_ANSWER = "bad_answer"
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"
    KEY_REFUSED = "key_refused"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


class Caller(Frozen):
    """For whom a call is made.

    `chat` and `person` are platform ids such as `telegram:-100123`, or `terminal`; "" where nobody has asked.
    `evidence_sha256` is the pack that the prompt shows, None where it shows none.
    """

    purpose: Purpose = Purpose.RUN
    member: str = ""
    tier: str | None = None
    run_id: str | None = None
    season: str | None = None
    chat: str = "terminal"
    person: str = "terminal"
    evidence_sha256: str | None = None


class Call(Frozen):
    """One request and how it ended; `at` is when it began: when its money was reserved, where it was.

    `model` is what was asked for and `served_by` what the provider says has answered, "" without an answer.
    `key` is our name for the key. `stage` is a stage of the pipeline, or "" outside of one. One `from_cache`
    was not sent at all and cost nothing.
    """

    id: str
    at: AwareDatetime
    caller: Caller
    stage: str = ""
    provider: str
    model: str
    served_by: str = ""
    key: str = ""
    outcome: CallOutcome
    spend: Spend = NOTHING_SPENT
    latency_ms: Annotated[int, Field(ge=0)] = 0
    from_cache: bool = False
