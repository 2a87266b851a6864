"""What may stand behind `/subscribe`, `/subscriptions`, `/unsubscribe` and `/settings`."""

import re
from collections.abc import Sequence

from bot.arguments import (
    SettingsArguments,
    SubscribeArguments,
    SubscriptionsArguments,
    UnsubscribeArguments,
    nearest,
    shown,
)
from bot.places import split_place
from core.domain.errors import Refused
from core.domain.subscription import Wanted

SETTINGS_EXAMPLE = "/settings timezone Europe/London, /settings quiet 22:00-07:00 or /settings cheaper on"
_NUMBER = re.compile(r"#?([1-9]\d{0,8})\.?", re.ASCII)
_CLOCK = r"([\d:]{1,5}(?:\s?[ap]m)?)"
# The keyboards of phones turn two hyphens into a dash.
_QUIET = re.compile(rf"(?:from\s+)?{_CLOCK}\s*(?:[-–—―]+|to|until|till|\s)\s*{_CLOCK}", re.ASCII)
_EVERYTHING = {"all", "everything"}
_KINDS = {
    "timezone": "timezone",
    "time-zone": "timezone",
    "zone": "timezone",
    "tz": "timezone",
    "quiet": "quiet",
    "quiet-hours": "quiet",
    "cheaper": "cheaper",
    "cheap": "cheaper",
    "default": "default",
    "defaults": "default",
    "reset": "default",
}
_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False, "none": False}


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


def settings(words: Sequence[str]) -> SettingsArguments:
    """Read one change of a chat's terms: a time zone, quiet hours, cheaper runs, or the defaults.

    Raises:
        Refused: a word or value is none of these.
    """
    if not words:
        return SettingsArguments()
    first, rest = words[0].lower(), list(words[1:])
    if rest and f"{first}-{rest[0].lower()}" in _KINDS:  # "time zone", "quiet hours"
        first = f"{first}-{rest.pop(0).lower()}"
    kind = _KINDS.get(first)
    match kind:
        case "timezone":
            return SettingsArguments({"zone": _zone(" ".join(rest))})
        case "quiet":
            return SettingsArguments(_quiet(" ".join(rest).lower()))
        case "cheaper":
            return SettingsArguments({"cheaper": _switch(rest)})
        case "default":
            return SettingsArguments({})
    near = nearest(first, _KINDS)
    hint = f"Did you mean {_KINDS[near]}?" if near else f"Write {SETTINGS_EXAMPLE}."
    raise Refused(f"“{shown(words[0])}” is no setting of a chat. {hint}")


def _zone(text: str) -> str:
    from core.app.wishes import zone_from

    return zone_from(text)


def _quiet(text: str) -> dict[str, object]:
    from core.app.wishes import clock_from

    if _SWITCH.get(text) is False:
        return {"quiet_from": None, "quiet_until": None}
    found = _QUIET.fullmatch(text)
    if found is None:
        said = f"“{shown(text)}” are no quiet hours. " if text else ""
        raise Refused(f"{said}Write for instance /settings quiet 22:00-07:00, or /settings quiet off.")
    begin, end = clock_from(found[1]), clock_from(found[2])
    if begin == end:
        raise Refused(
            "Quiet hours that end when they begin are none. Write for instance 22:00-07:00, or off."
        )
    return {"quiet_from": begin, "quiet_until": end}


def _switch(words: Sequence[str]) -> bool:
    value = _SWITCH.get(words[0].lower()) if len(words) == 1 else None
    if value is None:
        raise Refused(
            "Write /settings cheaper on, to let a run be a quick one when the budget leaves no more, or off."
        )
    return value


def _wanted(words: Sequence[str]) -> Wanted:
    from core.app.wishes import wanted_from

    return wanted_from(words)


def _number(word: str) -> int | None:
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None
