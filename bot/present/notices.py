"""Single sentences about people and what they may do."""

from bot.cards import Notice
from bot.present import numbers, words
from core.domain.vote import Vote, VoteTaken


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


def vote_notice(taken: VoteTaken) -> Notice:
    """Tell a person what counts as their vote, what it replaced, and how all votes stand."""
    now, before = _vote(taken.vote), _vote(taken.before) if taken.before else None
    yours = f"Your vote: {now}." if before in {None, now} else f"Your vote is now {now}, it was {before}."
    return Notice(text=f"{yours} So far: {words.votes(taken.counts)}.")


def _vote(vote: Vote) -> str:
    return f"{vote.action} {numbers.percent(vote.confidence)}" if vote.confidence is not None else vote.action
