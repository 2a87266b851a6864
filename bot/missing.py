"""A command that lacks a word: what it lacks, so that it can be asked for by buttons."""

from collections.abc import Sequence
from enum import StrEnum

from core.domain.errors import Refused
from core.domain.stage import Stage


class Lacks(StrEnum):
    """What is missing."""

    TICKER = "ticker"
    """Any ticker: one of the watchlist, or one that was run."""
    RUN_TICKER = "a ticker with a run"
    """A ticker of which there is a verdict."""
    OPEN_RUN = "a ticker with a run that goes on"
    UNWATCHED = "a ticker that the chat does not watch"
    WATCHED = "a ticker that the chat watches"
    MEMBER = "member"
    ACTION = "action"


class Missing(Refused):
    """A command cannot be read because a word is missing, in the end or where `{}` stands in `command`.

    `command` is what there is, without its slash: `vote NVDA` lacks an action. The sentence says how to
    write it, for where nobody can press buttons.
    """

    def __init__(self, sentence: str, *, lacks: Lacks, command: str) -> None:
        super().__init__(sentence)
        self.lacks = lacks
        self.command = command if "{}" in command else f"{command} {{}}"

    @property
    def name(self) -> str:
        """The name of the command."""
        return self.command.split()[0]


def ticker_to_run(words: Sequence[str]) -> Missing:
    """Return that `/run` lacks a ticker before `words`, which are its other arguments."""
    return Missing(
        "Which ticker? Write for instance /run NVDA.",
        lacks=Lacks.TICKER,
        command=" ".join(["run {}", *words]),
    )


def ticker_to_ask(words: Sequence[str]) -> Missing:
    """Return that `/ask` lacks a ticker before `words`, which are its other arguments."""
    return Missing(
        "Which ticker? Write for instance /ask NVDA.",
        lacks=Lacks.TICKER,
        command=" ".join(["ask {}", *words]),
    )


def run_to_explain() -> Missing:
    """Return that `/why` lacks the run."""
    return Missing(
        "Which run? Write for instance /why NVDA or /why NVDA claude bear.",
        lacks=Lacks.RUN_TICKER,
        command="why",
    )


def member_to_explain(reference: str, said: str, stage: Stage) -> Missing:
    """Return that `/why` lacks whose stage is meant; `said` is the stage as the person wrote it."""
    return Missing(
        f"Whose {said} stage? Write /why {reference} MODEL {said}.",
        lacks=Lacks.MEMBER,
        command=f"why {reference} {{}} {stage.value}",
    )


def run_to_vote_in() -> Missing:
    """Return that `/vote` lacks the run."""
    return Missing(
        "Vote on which run? Write for instance /vote NVDA buy 70.", lacks=Lacks.OPEN_RUN, command="vote"
    )


def vote_itself(reference: str, ticker: str) -> Missing:
    """Return that `/vote` lacks what the vote is for."""
    return Missing(
        f"What is your vote? Write /vote {ticker} buy, sell or hold.",
        lacks=Lacks.ACTION,
        command=f"vote {reference}",
    )


def ticker_to_watch(what: str) -> Missing:
    """Return that `/watch add` or `/watch remove` lacks a ticker."""
    return Missing(
        f"Which ticker? Write for instance /watch {what} NVDA.",
        lacks=Lacks.WATCHED if what == "remove" else Lacks.UNWATCHED,
        command=f"watch {what}",
    )


def members_to_compare(named: Sequence[str]) -> Missing:
    """Return that `/compare` lacks the other model, or both."""
    which = "With which other model" if named else "Which two models"
    return Missing(
        f"{which}? Write for instance /compare claude gpt or /compare claude gpt NVDA.",
        lacks=Lacks.MEMBER,
        command=" ".join(["compare", *named]),
    )
