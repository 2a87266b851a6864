"""What people vote in a run, and the counting of it."""

from collections.abc import Iterable

from pydantic import AwareDatetime

from core.domain.ballot import Action
from core.domain.values import Frozen, Ratio


class Vote(Frozen):
    """The newest vote of one person in one run.

    `person` and `chat` are platform ids such as `telegram:1001`; who writes on two platforms is two persons.
    """

    person: str
    action: Action
    confidence: Ratio | None = None
    chat: str
    at: AwareDatetime


def count_votes(votes: Iterable[Vote]) -> dict[Action, int]:
    """Return how many votes each action has, every action included."""
    counts = dict.fromkeys(Action, 0)
    for vote in votes:
        counts[vote.action] += 1
    return counts


class VoteTaken(Frozen):
    """A vote that counts: in which run, what the person voted there before, and how all votes stand now."""

    run_id: str
    ticker: str
    vote: Vote
    before: Vote | None
    counts: dict[Action, int]
