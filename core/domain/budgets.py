"""What calls hold of the limits that they count against, and whether there is room for one more.

An amount is in USD, or, in a scope of tokens, in tokens. What is spent in a scope is always the sum of the
calls that count in it; what is held is the most that calls under way may cost.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_UP, Context, Decimal
from typing import NamedTuple

from core.domain.calls import Call
from core.domain.paces import Minute, Pace, TooLong, Turn

_STEP = Decimal(1).scaleb(-12)
_ROUGHLY = Context(prec=60, rounding=ROUND_UP)
_ZERO = Decimal(0)


def counted_usd(cost_usd: Decimal) -> Decimal:
    """Return a cost in USD as sums count it: rounded up to 10^-12, for a budget must not count too little."""
    return cost_usd.quantize(_STEP, context=_ROUGHLY)


class Counts(NamedTuple):
    """Which calls count in a scope: those begun in [`since`, `until`) that have every value that is given."""

    tokens: bool = False
    since: datetime | None = None
    until: datetime | None = None
    tier: str | None = None
    provider: str | None = None
    key: str | None = None
    chat: str | None = None
    person: str | None = None
    run_id: str | None = None
    season: str | None = None


class Standing(NamedTuple):
    """What a scope has spent, and what calls under way hold of it."""

    spent: Decimal = _ZERO
    held: Decimal = _ZERO


class Limit(NamedTuple):
    """A scope that limits a call; `counts` is None where no call of before counts in it."""

    scope: str
    most: Decimal
    counts: Counts | None = None

    @property
    def of_tokens(self) -> bool:
        """Whether it limits tokens and not USD."""
        return self.counts is not None and self.counts.tokens


class Wish(NamedTuple):
    """A call that wants to be sent. `call` is as it would be booked if nobody ever heard of it again.

    Its spend is the most that it may use; with `guessed` the cost is no more than a guess, and never holds
    more than is left. `scopes` are all that it counts in, with a limit or without. `pace` is that of its key.
    """

    call: Call
    scopes: tuple[str, ...]
    limits: tuple[Limit, ...]
    lease_until: datetime
    guessed: bool = False
    pace: Pace | None = None


class Held(NamedTuple):
    """The call may be sent: so much is held in each limited scope. `call` is the wish's, at the cost held.

    Where its key has a pace, it is to wait for its `turn`.
    """

    call: Call
    amounts: Mapping[str, Decimal]
    turn: Turn | None = None


class NoRoom(NamedTuple):
    """What was spent leaves no room for the call within this limit."""

    limit: Limit


class Wait(NamedTuple):
    """There will be room in this scope, or none, when calls under way have ended."""

    limit: Limit


Reply = Held | NoRoom | Wait | TooLong


def reply_to(wish: Wish, standings: Mapping[str, Standing]) -> Reply:
    """Say whether a call may be sent, as things stand in each of its limited scopes."""
    usd = counted_usd(wish.call.spend.cost_usd)
    if wish.guessed:
        left = [limit.most - standings[limit.scope].spent for limit in wish.limits if not limit.of_tokens]
        usd = min([usd, *(max(one, _ZERO) for one in left)])
    amounts: dict[str, Decimal] = {}
    waits: Limit | None = None
    for limit in wish.limits:
        spent, held = standings[limit.scope]
        amount = Decimal(wish.call.spend.tokens) if limit.of_tokens else usd
        if spent >= limit.most or spent + amount > limit.most:
            return NoRoom(limit)
        if waits is None and spent + held + amount > limit.most:
            waits = limit
        amounts[limit.scope] = amount
    if waits is not None:
        return Wait(waits)
    call = wish.call
    if usd != call.spend.cost_usd:
        call = call.model_copy(update={"spend": call.spend.model_copy(update={"cost_usd": usd})})
    return Held(call, amounts)


def replies_to(
    wishes: Sequence[Wish], standings: dict[str, Standing], minutes: Mapping[tuple[str, str], Minute]
) -> list[Reply]:
    """Answer wishes in their order; what one is given is gone for the next.

    It stands in `standings`, and its turn in the one of `minutes` that is of its key.
    """
    replies = []
    for wish in wishes:
        reply = reply_to(wish, standings)
        if isinstance(reply, Held) and wish.pace is not None:
            turn = minutes[wish.pace.owner].book(wish.pace, wish.call.spend.tokens)
            reply = reply._replace(turn=turn) if isinstance(turn, Turn) else turn
        if isinstance(reply, Held):
            for scope, amount in reply.amounts.items():
                spent, held = standings[scope]
                standings[scope] = Standing(spent, held + amount)
        replies.append(reply)
    return replies


def booked(call: Call, scope: str) -> Decimal:
    """Return what a call books in a scope that it counts in."""
    return Decimal(call.spend.tokens) if is_of_tokens(scope) else counted_usd(call.spend.cost_usd)


def is_of_tokens(scope: str) -> bool:
    """Say whether a scope counts tokens and not USD."""
    return scope.startswith("tokens:")
