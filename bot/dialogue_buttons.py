"""What the buttons of the dialogues about subscriptions send: all that was chosen so far.

Nothing is kept between two presses. Each begins with `s.` and a mark of the chat in which it was offered:

* `s.<chat>.a[.<topic>[.<time>[.<tickers>]]]` chooses what to receive, about which tickers, and when; `_` is
  a time that is still to be chosen, `*` are the tickers of the watchlist
* `s.<chat>.c` leaves the dialogue
* `s.<chat>.<p|r|d|u>.<number>` pauses, resumes, deletes, or deletes what was just made
* `s.<chat>.l.<page>` turns to a page of the list
* `s.<chat>.t.<setting>` changes the chat's terms
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from bot.request import Address, Person
from core.domain.errors import Refused
from core.domain.subscription import NOISY, Topic

LIMIT_BYTES = 64
PREFIX = "s."
WATCHLIST: tuple[str, ...] = ()
_MARK = "([0-9a-f]{8})"
_NUMBER = "([1-9][0-9]{0,8})"
_TICKERS = r"(\*|[A-Z0-9^][A-Z0-9.=^-]{0,14}(?:,[A-Z0-9^][A-Z0-9.=^-]{0,14}){0,9})"
_CHOOSE = re.compile(rf"s\.{_MARK}\.a(?:\.([vldrca])(?:\.([a-z_])(?:\.{_TICKERS})?)?)?", re.ASCII)
_LEAVE = re.compile(rf"s\.{_MARK}\.c", re.ASCII)
_DEED = re.compile(rf"s\.{_MARK}\.([prdu])\.{_NUMBER}", re.ASCII)
_LIST = re.compile(rf"s\.{_MARK}\.l\.{_NUMBER}", re.ASCII)
_KIND = f"n\\.(?:{'|'.join(NOISY)})"
_SETTING = "|".join(
    [
        "[dlnpz]",
        r"[hikq]\.(?:on|off)",
        r"l\.[a-z]{2}(?:-[A-Z]{2})?",
        rf"{_KIND}(?:\.(?:on|silent|off))?",
        r"p\.(?:quick|standard|deep|default)",
        r"r\.(?:runner|admin)",
        r"z\.[A-Za-z][A-Za-z0-9_+/-]{1,39}",
    ]
)
_QUESTION = re.compile(rf"[lnpz]|{_KIND}", re.ASCII)
_TERMS = re.compile(rf"s\.{_MARK}\.t\.({_SETTING})", re.ASCII)
_FORMS = (_CHOOSE, _LEAVE, _DEED, _LIST, _TERMS)
_LETTER_OF = {
    Topic.VERDICTS: "v",
    Topic.LEADERBOARD: "l",
    Topic.DIGEST: "d",
    Topic.REVIEW: "r",
    Topic.COSTS: "c",
    Topic.ALERTS: "a",
}
_TOPIC_OF = {letter: topic for topic, letter in _LETTER_OF.items()}


class Deed(StrEnum):
    """What a button does to one subscription. `UNDO` deletes the one that the dialogue has just made."""

    PAUSE = "p"
    RESUME = "r"
    DELETE = "d"
    UNDO = "u"


@dataclass(frozen=True)
class Choose:
    """Go on in the dialogue. `time` is the letter of a time; empty `tickers` are the watchlist."""

    chat: str
    topic: Topic | None = None
    time: str | None = None
    tickers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Leave:
    """End the dialogue without having done anything."""

    chat: str


@dataclass(frozen=True)
class Change:
    """Do something to one subscription."""

    chat: str
    deed: Deed
    number: int


@dataclass(frozen=True)
class ShowList:
    """Show a page of the list, counted from 1."""

    chat: str
    page: int


@dataclass(frozen=True)
class SetTerms:
    """Change the terms of the chat, or ask how.

    A letter alone asks: `l` for the language, `n` for noise, `p` for the preset, `z` for the time zone; `d`
    sets the defaults. With a value it sets: `l.de`, `n.digest.silent` (`n.digest` asks), `p.deep`,
    `z.Europe/London`, `r.admin` who may run, and on or off for `h` cheaper runs, `i` pictures, `k` dark ones
    and `q` quiet hours.
    """

    chat: str
    setting: str


DialogueWish = Choose | Leave | Change | ShowList | SetTerms


def asks_only(setting: str) -> bool:
    """Say whether the setting of a button only asks which value is wanted, and changes nothing."""
    return bool(_QUESTION.fullmatch(setting))


def mark_of(whose: Address | Person) -> str:
    """Return eight hexadecimal digits that tell a chat or a person from others."""
    text = whose.chat_id if isinstance(whose, Address) else whose.id
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def encode(wish: DialogueWish) -> str:
    """Return the data of a button for `wish`.

    Raises:
        ValueError: it would be longer than 64 bytes, or could not be read back.
    """
    match wish:
        case Choose():
            data = ".".join([f"s.{wish.chat}.a", *_chosen(wish)])
        case Leave():
            data = f"s.{wish.chat}.c"
        case Change():
            data = f"s.{wish.chat}.{wish.deed}.{wish.number}"
        case ShowList():
            data = f"s.{wish.chat}.l.{wish.page}"
        case SetTerms():
            data = f"s.{wish.chat}.t.{wish.setting}"
    if len(data.encode()) > LIMIT_BYTES or not any(form.fullmatch(data) for form in _FORMS):
        raise ValueError(f"no button can carry {data!r}")
    return data


def fits(wish: DialogueWish) -> bool:
    """Say whether a button can carry `wish`."""
    try:
        encode(wish)
    except ValueError:
        return False
    return True


def decode(data: str) -> DialogueWish:
    """Return what a button of a dialogue asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _CHOOSE.fullmatch(data):
        topic = _TOPIC_OF[match[2]] if match[2] else None
        time = match[3] if match[3] and match[3] != "_" else None
        return Choose(match[1], topic, time, _tickers(match[4]))
    if match := _LEAVE.fullmatch(data):
        return Leave(match[1])
    if match := _DEED.fullmatch(data):
        return Change(match[1], Deed(match[2]), int(match[3]))
    if match := _LIST.fullmatch(data):
        return ShowList(match[1], int(match[2]))
    if match := _TERMS.fullmatch(data):
        return SetTerms(match[1], match[2])
    raise Refused("This button is too old. Send /subscribe, /subscriptions or /settings again.")


def _chosen(wish: Choose) -> Sequence[str]:
    if wish.topic is None:
        return ()
    told = [_LETTER_OF[wish.topic]]
    if wish.time is not None or wish.tickers is not None:
        told.append(wish.time or "_")
    if wish.tickers is not None:
        told.append(",".join(wish.tickers) or "*")
    return told


def _tickers(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return WATCHLIST if text == "*" else tuple(text.split(","))
