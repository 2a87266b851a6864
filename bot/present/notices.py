"""Single sentences about people and chats, and what they may do."""

from collections.abc import Sequence
from enum import Enum

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


class NothingDone(_Marked):
    """Says that nothing was done, as there was nothing to do or it is not clear what is meant."""


class Question(NothingDone):
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


def whole_chat_notice(needed: str) -> Notice:
    """Tell somebody who has a role in one topic alone that this is about all of the chat."""
    return Refusal(
        text=f"This is about the whole chat, and you are {needed} in this topic alone. "
        f"Ask somebody who is {needed} in all of it.",
        tone="warning",
    )


def whole_arena_notice(command: str) -> Notice:
    """Tell an admin of one chat that this is about the whole arena."""
    return Refusal(
        text=f"/{command} is about the whole committee, and you are admin of this chat alone. "
        "Ask an admin of the committee.",
        tone="warning",
        needed="admin",
    )


def anonymous_notice(chat: str, role: str | None, needed: str | None, command: str | None) -> Notice:
    """Tell an anonymous administrator that only what the whole chat may do is open to them.

    `role` is that of the chat, None where it has none; `needed` is the one that `command` needs.
    """
    unseen = "You are anonymous here, and I cannot see who you are."
    if role is None:
        text = f"{unseen} Send it as yourself, or let my admin give this chat a role: its id is {chat}."
    else:
        text = (
            f"{unseen} As everybody here you are {role}, and /{command} needs the role {needed}: "
            "send it as yourself."
        )
    return Refusal(text=text, tone="warning", needed=needed or "")


def welcome_notice(chat: str, role: str | None) -> Notice:
    """Greet a group that we were added to; without a role for it, say what its id is."""
    hello = "Hello, I am Conclave: a committee of language models that trades on paper."
    if role is None:
        return Notice(
            text=f"{hello} This committee is private, and this chat is not let in yet. "
            f"My admin can let it in by its id: {chat}.",
            tone="warning",
        )
    return Notice(text=f"{hello} Everybody here is {role}; /help lists what you can send.")


def back_notice(resumed: Sequence[int]) -> Notice:
    """Tell a chat that takes messages again what goes on by itself."""
    numbers = ", ".join(map(str, resumed))
    what = f"Subscription {numbers} goes" if len(resumed) == 1 else f"Subscriptions {numbers} go"
    return Notice(
        text=f"I may post here again. {what} on, which rested meanwhile; /subscriptions shows what comes."
    )


class Place(Enum):
    """What is closed: a whole chat, one thread of it, or all of it that is outside of threads."""

    CHAT = "The chat {}"
    THREAD = "A thread of the chat {}"
    OUTSIDE = "The general topic of the chat {}"


def closed_notice(chat: str, paused: Sequence[int], reason: str, place: Place = Place.CHAT) -> Notice:
    """Tell an admin which subscriptions are paused because a chat, or one place in it, is closed to us."""
    numbers, one = ", ".join(map(str, paused)), len(paused) == 1
    what = f"its subscription {numbers} is" if one else f"its subscriptions {numbers} are"
    if place is Place.CHAT:
        goes = "It goes" if one else "They go"
        again = f"{goes} on when the chat is open again, at the latest after the next command there."
    else:
        again = "When it is open again, resume there with /subscriptions."
    return Notice(
        text=f"{place.value.format(chat)} is closed to Conclave, so {what} paused. {reason} {again}",
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
