"""Single sentences about people and chats, and what they may do."""

from collections.abc import Sequence

from bot.cards import Notice
from bot.present import numbers, words
from core.domain.vote import Vote, VoteTaken

TURNED_OFF = "not posted: the chat has turned it off in /settings"
NO_ROLE = (
    "Whoever made it may not have it in this chat any more. "
    "Resume it when [access] allows it again, or delete it."
)


class _Marked(Notice):
    """A notice that tells the desk something more; for people it is what it reads as."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notice) and _read(self) == _read(other)

    def __hash__(self) -> int:
        return hash(_read(self))


class Refusal(_Marked):
    """Says that somebody may not do something; the desk writes that down. `needed` is the role for it."""

    needed: str = ""


class Question(_Marked):
    """Asks to confirm; nothing was done yet."""


def _read(notice: Notice) -> tuple[str, str, str | None]:
    return notice.text, notice.tone, notice.reference


def whoami_notice(
    person: str, chat: str, role: str, name: str, *, left: str = "", held_back: bool = False
) -> Notice:
    """Tell a person its ids and role, as `[access]` names them; `name` may be empty.

    `left` says what is left of quotas; `held_back` that a runner is viewer by the chat's settings.
    """
    who = f"{name} ({person})" if name else person
    text = f"You are {who}, {role} in this chat ({chat})."
    text += " You would be runner, but its settings let only admins start runs." if held_back else ""
    return Notice(text=f"{text} Quota: {left}." if left else text)


def stranger_notice(person: str, chat: str) -> Notice:
    """Tell a stranger, once, what an admin needs to let them in."""
    where = "" if chat == person else f" in chat {chat}"
    return Notice(
        text=f"This committee is private. To be let in, give its admin your ids: you are {person}{where}.",
        tone="warning",
    )


def not_allowed_notice(role: str, needed: str, command: str) -> Notice:
    """Tell a person that a command needs a greater role."""
    return Refusal(
        text=f"/{command} needs the role {needed}; you are {role} here. Ask an admin of this committee.",
        tone="warning",
        needed=needed,
    )


def admins_only_notice() -> Notice:
    """Tell a runner that the chat's settings let only admins start runs and what costs money."""
    return Refusal(
        text="In this chat only admins may start runs, subscribe and change settings: its settings say so. "
        "Ask an admin, or ask me in another chat.",
        tone="warning",
    )


def place_needed_notice() -> Notice:
    """Tell an admin of one chat that roles everywhere are for admins of all chats."""
    return Refusal(
        text="You are admin of this chat alone, so add here: /people telegram:1002 runner here.",
        tone="warning",
    )


def closed_notice(chat: str, paused: Sequence[int], reason: str, *, only_thread: bool) -> Notice:
    """Tell an admin which subscriptions are paused because a chat, or one thread of it, is closed to us."""
    place = f"A thread of the chat {chat}" if only_thread else f"The chat {chat}"
    numbers = ", ".join(map(str, paused))
    what = f"its subscription {numbers} is" if len(paused) == 1 else f"its subscriptions {numbers} are"
    return Notice(
        text=f"{place} is closed to Conclave, so {what} paused. {reason} "
        "When it is open again, resume there with /subscriptions.",
        tone="warning",
    )


def role_lost_notice(number: int, chat: str) -> Notice:
    """Tell an admin that a subscription is paused because whoever made it has no role for it any more."""
    return Notice(text=f"Subscription {number} of the chat {chat} is paused. {NO_ROLE}", tone="warning")


def vote_notice(taken: VoteTaken) -> Notice:
    """Tell a person what counts as their vote, what it replaced, and how all votes stand."""
    now, before = _vote(taken.vote), _vote(taken.before) if taken.before else None
    yours = f"Your vote: {now}." if before in {None, now} else f"Your vote is now {now}, it was {before}."
    return Notice(text=f"{yours} So far: {words.votes(taken.counts)}.")


def _vote(vote: Vote) -> str:
    return f"{vote.action} {numbers.percent(vote.confidence)}" if vote.confidence is not None else vote.action
