"""What may stand behind `/subscribe`, `/subscriptions` and `/unsubscribe`."""

import re
from collections.abc import Sequence

from bot.arguments import (
    SubscribeArguments,
    SubscriptionsArguments,
    UnsubscribeArguments,
    nearest,
    shown,
)
from bot.places import split_place
from core.domain.errors import Refused
from core.domain.subscription import Wanted

_NUMBER = re.compile(r"#?([1-9]\d{0,8})\.?", re.ASCII)
_EVERYTHING = {"all", "everything"}


def subscribe(words: Sequence[str]) -> SubscribeArguments:
    """Read a wish, behind the number of a subscription that is to become it; nothing at all asks for it.

    At its end may stand the chat that is meant: `in @channel`.

    Raises:
        Refused: it is no wish, or only a number.
    """
    words, place = split_place(words)
    if not words and place:
        raise Refused(f"Write the whole line, for instance /subscribe digest weekdays 09:00 in {place}.")
    if not words:
        return SubscribeArguments()
    number = _number(words[0])
    if number is None:
        return SubscribeArguments(_wanted(words), place=place)
    if len(words) == 1:
        raise Refused(
            f"What shall {number} become? Write for instance /subscribe {number} digest before open; "
            f"/unsubscribe {number} ends it."
        )
    return SubscribeArguments(_wanted(words[1:]), number, place)


def subscriptions(words: Sequence[str]) -> SubscriptionsArguments:
    """Read whether those of all chats are meant.

    Raises:
        Refused: a word is not `all`.
    """
    words, place = split_place(words)
    if not words:
        return SubscriptionsArguments(place=place)
    if len(words) == 1 and words[0].lower() in _EVERYTHING and not place:
        return SubscriptionsArguments(everywhere=True)
    raise Refused("/subscriptions lists those of this chat, and /subscriptions all those of every chat.")


def unsubscribe(words: Sequence[str]) -> UnsubscribeArguments:
    """Read the number of a subscription, or `all`; at its end may stand the chat that is meant.

    Raises:
        Refused: it is neither, or there are more words.
    """
    words, place = split_place(words)
    if place and (not words or _number(words[0]) is None):
        raise Refused(
            f"Name one number: /unsubscribe 3 in {place}. /subscriptions in {place} lists what there is."
        )
    if not words:
        return UnsubscribeArguments()
    if len(words) == 1 and words[0].lower() in _EVERYTHING:
        return UnsubscribeArguments(everything=True)
    number = _number(words[0])
    if number is None:
        hint = " Did you mean /unsubscribe all?" if nearest(words[0].lower(), _EVERYTHING) else ""
        raise Refused(f"“{shown(words[0])}” is no number of a subscription. /subscriptions lists them.{hint}")
    if len(words) > 1:
        raise Refused(f"One at a time: write /unsubscribe {number}, or /unsubscribe all.")
    return UnsubscribeArguments(number, place=place)


def _wanted(words: Sequence[str]) -> Wanted:
    from core.app.wishes import wanted_from

    return wanted_from(words)


def _number(word: str) -> int | None:
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None
