"""The names of stages, members and models in front of people."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from bot.present import numbers
from core.domain.ballot import Abstention, Action
from core.domain.member import Member
from core.domain.stage import Stage
from core.domain.usage import ServedBy, Spend

PAPER = "Paper trading, not advice."

SCALE = (Action.BUY, Action.HOLD, Action.SELL)
"""From the most to the least favourable, as people read a scale."""

_TITLES = {
    Stage.MARKET: "Market analyst",
    Stage.NEWS: "News analyst",
    Stage.FUNDAMENTALS: "Fundamentals analyst",
    Stage.SENTIMENT: "Sentiment analyst",
    Stage.BULL: "Bull",
    Stage.BEAR: "Bear",
    Stage.RESEARCH: "Research judge",
    Stage.TRADER: "Trader",
    Stage.RISK_AGGRESSIVE: "Risk, aggressive",
    Stage.RISK_NEUTRAL: "Risk, neutral",
    Stage.RISK_CONSERVATIVE: "Risk, conservative",
    Stage.DECISION: "Decision",
}
_SHORT = {
    Stage.FUNDAMENTALS: "Fundam.",
    Stage.RISK_AGGRESSIVE: "Risk +",
    Stage.RISK_NEUTRAL: "Risk =",
    Stage.RISK_CONSERVATIVE: "Risk −",
}
_MOST_CHECKS, _MOST_SIGNS = 5, 160
# Providers add the day on which they froze a model to the name under which it was asked for.
_FROZEN_ON = re.compile(r"[-@](?:20\d{2}-?[01]\d-?[0-3]\d)$", re.ASCII)


def stage_title(stage: Stage, round_: int = 1) -> str:
    """Return the stage's title on a page: `Bull`, or `Bull, round 2`."""
    return _TITLES[stage] + (f", round {round_}" if round_ > 1 else "")


def stage_label(stage: Stage, round_: int = 1) -> str:
    """Return the stage's name where there is little room, as on a button: `Risk +`, `Bull 2`."""
    label = _SHORT.get(stage, stage.value.capitalize())
    return label + (f" {round_}" if round_ > 1 else "")


def stage_name(stage: Stage, round_: int = 1) -> str:
    """Return the stage's name within a line of progress: `bull`, `risk aggressive`, `bull, round 2`."""
    return stage.value.replace("_", " ") + (f", round {round_}" if round_ > 1 else "")


def checks_of(marks: Sequence[str]) -> tuple[str, ...]:
    """Say what the checks of a stage have found, as in `Check: cites 181.30; evidence says 199.80.`."""
    return tuple(
        f"Check: {' '.join(mark.split()).rstrip('.')[:_MOST_SIGNS]}." for mark in marks[:_MOST_CHECKS]
    )


COST_UNKNOWN = "cost unknown"


def cost_of(spend: Spend) -> str:
    """Say what model calls cost; what nobody knows is not said to be nothing."""
    if not spend.unpriced_calls:
        return numbers.cost(spend.cost_usd)
    return f"over {numbers.cost(spend.cost_usd)}" if spend.cost_usd else COST_UNKNOWN


def tokens_of(spend: Spend) -> str:
    """Say how many tokens were used: `18,240 tokens (9,000 cached, 700 for reasoning)`."""
    kinds = [
        f"{numbers.whole(count)} {kind}"
        for count, kind in ((spend.cached_tokens, "cached"), (spend.reasoning_tokens, "for reasoning"))
        if count
    ]
    return numbers.tokens(spend.tokens) + (f" ({', '.join(kinds)})" if kinds else "")


def abstained(abstention: Abstention) -> str:
    """Say that a member abstained and why."""
    reason = " ".join(abstention.reason.split()).rstrip(".")
    return f"abstained: {reason or abstention.kind.value}"


def votes(counts: Mapping[Action, int]) -> str:
    """Say how people have voted: `3 BUY, 1 SELL`, or `no votes yet`."""
    told = [f"{counts[action]} {action}" for action in SCALE if counts.get(action)]
    return ", ".join(told) or "no votes yet"


def other_model(asked: str | None, served_by: ServedBy | None) -> str | None:
    """Say which model answered if it is not the one asked for, the first hop `provider:model` of a route.

    The same model with its provider's date behind the name, or without the maker's name before it, is the
    one asked for; the same model from another provider is not.
    """
    if asked is None or served_by is None:
        return None
    provider, _, model = asked.partition(":")
    if provider == served_by.provider and _plain(model) == _plain(served_by.model):
        return None
    return f"answered by {served_by}"


def asked_of(members: Mapping[str, Member], name: str) -> str | None:
    """Return the first hop by which a member decides; None where it has none or is not known any more."""
    member = members.get(name)
    return asked_at(member, Stage.DECISION) if member else None


def asked_at(member: Member, stage: Stage) -> str | None:
    """Return the first hop by which a member is asked in a stage, or None for one without a model."""
    return next(iter(member.route_of(stage)), None)


def _plain(model: str) -> str:
    return _FROZEN_ON.sub("", model.lower().rpartition("/")[2])


def reset(on: date, was_usd: Decimal) -> str:
    """Say when a portfolio began again, and what it was worth before."""
    return f"reset on {numbers.day(on)} (was {numbers.usd(was_usd)})"
