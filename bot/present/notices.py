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


def whoami_notice(person: str, chat: str, role: str, name: str) -> Notice:
    """Tell a person its ids and role, as `[access]` names them; `name` may be empty."""
    who = f"{name} ({person})" if name else person
    return Notice(text=f"You are {who}, {role} in this chat ({chat}).")


def stranger_notice(person: str, chat: str) -> Notice:
    """Tell a stranger, once, what an admin needs to let them in."""
    where = "" if chat == person else f" in chat {chat}"
    return Notice(
        text=f"This committee is private. To be let in, give its admin your ids: you are {person}{where}.",
        tone="warning",
    )


def not_allowed_notice(role: str, needed: str, command: str) -> Notice:
    """Tell a person that a command needs a greater role."""
    return Notice(
        text=f"/{command} needs the role {needed}; you are {role} here. Ask an admin of this committee.",
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
