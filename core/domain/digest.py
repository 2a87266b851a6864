"""What is posted about a stretch of time: the digest of a day, and the review of a week."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from core.domain.actions import CorporateAction
from core.domain.ballot import AbstentionKind, Action
from core.domain.books import Order, OrderCause, Side
from core.domain.calibration import Calibration
from core.domain.member import MemberKind
from core.domain.season import Season
from core.domain.usage import NOTHING_SPENT, Spend
from core.domain.values import Frozen, Price, Ratio
from core.domain.verdict import Dissent


class VerdictSoFar(Frozen):
    """A verdict, and what has become of it.

    `price_then` is what the committee saw and `price_now` the newest price later than that, both in USD a
    share; `price_now` is None where there is none yet. `return_ratio` is the total return between the two,
    splits and dividends included.
    """

    run_id: str
    ticker: str
    at: AwareDatetime
    decision: Action
    agreement: Ratio
    confidence: Ratio
    price_then: Price | None = None
    price_now: Price | None = None
    return_ratio: Decimal | None = None

    @property
    def earned(self) -> Decimal | None:
        """The return in the verdict's direction, a fraction: a fall earns for SELL, HOLD earns nothing."""
        if self.decision is Action.HOLD:
            return Decimal(0)
        if self.return_ratio is None:
            return None
        return self.return_ratio if self.decision is Action.BUY else -self.return_ratio


class Earning(Frozen):
    """What one member's books were worth at the end of the time in USD, and by how much that has changed.

    `change_ratio` is a fraction of the value at the beginning. None where a holding could not be priced.
    """

    member: str
    kind: MemberKind
    value_usd: Decimal | None = None
    change_usd: Decimal | None = None
    change_ratio: Decimal | None = None


class Disagreement(Frozen):
    """The verdict about which the members agreed least: who was for it, and who for something else.

    `strongest` is the most confident of those who stood against it, with its reason in one line.
    """

    run_id: str
    ticker: str
    decision: Action
    agreement: Ratio
    supporters: tuple[str, ...] = ()
    against: tuple[tuple[str, Action], ...]
    strongest: Dissent | None = None


class Trade(Frozen):
    """A fill of the time. `price` is in USD a share, `amount_usd` what was paid or received, without fee."""

    member: str
    ticker: str
    side: Side
    shares: Decimal
    price: Price
    amount_usd: Decimal
    cause: OrderCause
    at: AwareDatetime


class Move(Frozen):
    """How far a price has moved over the time, splits and dividends included, as a fraction."""

    ticker: str
    price: Price
    ratio: Decimal


class Digest(Frozen):
    """What has happened in a season after `since`, up to and with `until`.

    `verdicts` are oldest first, `earnings` in order of what was earned, unknown last; `trades` are oldest
    first, `waiting` are the orders that wait at the end. `movers` are the tickers of verdicts and holdings
    from the largest rise to the deepest fall. `actions` came into force in the time. `runs` is how many runs
    ended in it, `broken` how many of these did not finish, `undecided` how many finished without a verdict;
    `abstentions` counts the failures to vote in them by kind, the most frequent first. `caveat` must stand
    wherever a person sees these figures.
    """

    season: Season
    since: AwareDatetime
    until: AwareDatetime
    verdicts: tuple[VerdictSoFar, ...] = ()
    earnings: tuple[Earning, ...] = ()
    disagreement: Disagreement | None = None
    trades: tuple[Trade, ...] = ()
    waiting: tuple[Order, ...] = ()
    movers: tuple[Move, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    spend: Spend = NOTHING_SPENT
    runs: int = 0
    broken: int = 0
    undecided: int = 0
    abstentions: tuple[tuple[AbstentionKind, int], ...] = ()
    caveat: str | None = None

    @property
    def models(self) -> tuple[Earning, ...]:
        """What the language models have earned, the best first; those that cannot be valued are left out."""
        return tuple(
            one for one in self.earnings if one.kind is MemberKind.LLM and one.change_usd is not None
        )

    @property
    def committee(self) -> Earning | None:
        """What the committee has earned, None where it has no books."""
        return next((one for one in self.earnings if one.kind is MemberKind.COMMITTEE), None)


class Manner(StrEnum):
    """How a member's confidence relates to how often it was right."""

    FITTING = "fitting"
    OVER = "over"
    UNDER = "under"
    MIXED = "mixed"


class Judged(Frozen):
    """One member as a judge: all its settled ballots of the season, and those settled in the time alone.

    `lately` is None where none was settled in the time. `manner` is what the whole season says of its
    confidence, None below the minimum sample.
    """

    member: str
    kind: MemberKind
    season: Calibration
    lately: Calibration | None = None
    manner: Manner | None = None


class RankChange(Frozen):
    """Where a member stands by value, and where it stood when the time began; 0 is without a rank."""

    member: str
    kind: MemberKind
    rank: int
    rank_before: int | None = None
    value_usd: Decimal | None = None
    change_ratio: Decimal | None = None


class SettledCall(Frozen):
    """A ballot for BUY or SELL that was settled in the time, at its longest horizon (in sessions) there.

    `earned` is the return in its direction, a fraction.
    """

    run_id: str
    member: str
    kind: MemberKind
    ticker: str
    action: Action
    confidence: Ratio
    horizon: int
    earned: Decimal


class Review(Frozen):
    """What a stretch of time, a week as a rule, has told about the members.

    `judged` are the models first, and only whoever has a settled ballot with a direction. `best` and `worst`
    are calls of models and baselines, the most extreme first; `followers` those of the committee and the
    crowd, the best first. `settled` is how many ballots with a direction were settled in the time. Figures
    made of fewer than `minimum` ballots are left out of the calibrations of the season; those of the time
    alone are all there, however few. `caveat` as in `Digest`.
    """

    season: Season
    since: AwareDatetime
    until: AwareDatetime
    judged: tuple[Judged, ...] = ()
    ranks: tuple[RankChange, ...] = ()
    best: tuple[SettledCall, ...] = ()
    worst: tuple[SettledCall, ...] = ()
    followers: tuple[SettledCall, ...] = ()
    settled: int = 0
    minimum: int
    caveat: str | None = None
