"""One pass of the committee over one instrument."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from core.domain.ballot import Abstention, Ballot, MemberResult
from core.domain.books import Fill, Order, Portfolio
from core.domain.member import MemberKind
from core.domain.memory import Memory
from core.domain.prompt_terms import PromptTerms
from core.domain.season import Season
from core.domain.stage import Preset
from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import Frozen, Ratio, Written
from core.domain.verdict import Verdict

ASKED_ONCE = "asked:"
"""So begins the `once` of a run that one person or program asked for, and that a repeated question joins."""


class RunState(StrEnum):
    """Where a run stands. A `running` run whose process died is resumed; the others are final."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RunRequest(Frozen):
    """What a person asked for. `as_of` None means now; `members` empty means all enabled ones.

    `requested_by` and `requested_in` are platform ids such as `telegram:1001`, for quotas and budgets.
    `season` is that of a replay; None means the arena's own, live or, for sample prices, the sample's.
    `once` names the occasion of a run that is made a single time for all who wait for it: whoever asks with
    the same one, now or later and in any process, gets the same run; one that begins with `ASKED_ONCE` counts
    for who asked like any other. `fresh` refuses a run on an older price
    than that of the last session that has closed. `present` is what now means to the several tickers of one
    command, so that all their evidence is of one moment; it matters only without `as_of`. `rerun_of` is the
    run whose evidence is put before members again: its ticker and moment count, and no vendor is asked.
    `caveat` is what else is to be said of the run wherever it is shown. `weights` are how much the ballots of
    some members count in this run alone, by name; the committee's and the crowd's books take no part then.
    """

    ticker: str
    preset: Preset
    as_of: AwareDatetime | None = None
    members: tuple[str, ...] = ()
    requested_by: str = "terminal"
    requested_in: str = "terminal"
    season: Season | None = None
    once: str | None = None
    fresh: bool = False
    present: AwareDatetime | None = None
    rerun_of: str | None = None
    caveat: str | None = None
    weights: Mapping[str, Ratio] = Field(default_factory=dict)

    @property
    def is_asked_for(self) -> bool:
        """Say whether somebody asks for this run, to whom it counts: no replay, and not for all who wait."""
        once = self.once
        return self.season is None and (once is None or once.startswith(ASKED_ONCE))

    @property
    def key(self) -> str:
        """Two requests with the same key while one is in flight are the same run."""
        moment = self.as_of.isoformat() if self.as_of else "now"
        occasion = [] if self.once is None else [self.once]
        again = [] if self.rerun_of is None else [f"again {self.rerun_of}"]
        own = [f"{name}={weight.normalize():f}" for name, weight in sorted(self.weights.items())]
        weighed = [f"weights {','.join(own)}"] if own else []
        members = ",".join(sorted(self.members))
        return "|".join([self.ticker, self.preset, moment, members, *occasion, *again, *weighed])


class Briefing(Written):
    """What a member is told about its own books when a run starts; kept so that a resumed run says the same.

    `equity_usd` is None when a holding cannot be priced. `memory` is what the member remembers, None where
    there is nothing or it is switched off.
    """

    portfolio: Portfolio
    equity_usd: Decimal | None
    pending: tuple[Order, ...] = ()
    memory: Memory | None = None


class Seat(Frozen):
    """A member's place in one run.

    One that `follows` is not heard: its result is made from the verdict or from the votes.
    """

    member: str
    number: int
    kind: str
    weight: Decimal
    briefing: Briefing
    result: MemberResult | None = None

    @property
    def follows(self) -> bool:
        """Say whether the committee or the crowd sits here, whose ballots are in no tally."""
        return MemberKind(self.kind).follows


class RunRecord(Frozen):
    """All that is known of one run; the record alone explains it.

    Until the run is finished, `verdict` is None and `orders` and `fills` are empty. `is_replay` says that it
    is part of a replay of the past, with books of its own. `once` is that of the request. `prompt_terms` are
    the settings that its prompts were made by, None in records of before they were kept. `rerun_of` is the
    run whose evidence was put before members again; then there are no books, and nothing is traded.
    """

    run_id: str
    ticker: str
    as_of: AwareDatetime
    preset: Preset
    season: Season
    is_replay: bool = False
    state: RunState
    reason: str | None = None
    config_hash: str
    evidence_sha256: str
    source: str
    caveat: str | None = None
    requested_by: str
    requested_in: str
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    seats: tuple[Seat, ...]
    verdict: Verdict | None = None
    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    once: str | None = None
    prompt_terms: PromptTerms | None = None
    rerun_of: str | None = None

    @property
    def voters(self) -> tuple[Seat, ...]:
        """The seats of the members that are heard and whose ballots are counted."""
        return tuple(seat for seat in self.seats if not seat.follows)

    @property
    def followers(self) -> tuple[Seat, ...]:
        """The seats of the committee and the crowd, as far as they take part."""
        return tuple(seat for seat in self.seats if seat.follows)

    def follower(self, kind: MemberKind) -> Seat | None:
        """Return the seat of the committee or of the crowd, or None where it does not take part."""
        return next((seat for seat in self.followers if seat.kind == kind), None)

    @property
    def ballots(self) -> tuple[Ballot, ...]:
        """The ballots that are counted, in the order of the seats; no follower's is among them."""
        return tuple(seat.result for seat in self.voters if isinstance(seat.result, Ballot))

    @property
    def abstentions(self) -> tuple[Abstention, ...]:
        """The abstentions of members that could have voted, in the order of the seats."""
        return tuple(seat.result for seat in self.voters if isinstance(seat.result, Abstention))

    @property
    def spend(self) -> Spend:
        """What all members' model calls used together."""
        return sum((seat.result.spend for seat in self.seats if seat.result), NOTHING_SPENT)

    @property
    def cost_usd(self) -> Decimal:
        """What all members' model calls cost together, in USD, as far as that is known."""
        return self.spend.cost_usd

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens of all members together."""
        return self.spend.tokens

    def latency_ms(self, now: datetime) -> int:
        """Milliseconds from the start to the end, or to `now` while it runs."""
        return int(((self.finished_at or now) - self.started_at).total_seconds() * 1000)
