"""How a chat reads: in which time zone it is told times, and how numbers and days are written there.

A card is made of dozens of figures by functions that know nothing of chats. So how they are to be read is
said once, around the work for a chat, and holds for all that this work makes, in its tasks and threads too:

    with read_as(style): ...

Outside of that, and for whoever has set nothing, everything is written the English way of this program. The
words are English everywhere: only numbers, days and times of the clock follow the language of a chat.
Pictures, files and JSON are for everybody, and do not.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Locale:
    """How one language writes numbers and days.

    `date` is for strftime, `money` has the place of the figures beside the sign of the dollar.
    """

    tag: str
    name: str
    group: str = ","
    decimal: str = "."
    date: str = "%Y-%m-%d"
    money: str = "${}"
    twelve_hours: bool = False


ENGLISH = Locale("en", "English, days as 2025-10-29")
_BEHIND = f"{{}}{_NO_BREAK}$"
_BEFORE = f"${_NO_BREAK}{{}}"
LOCALES: Mapping[str, Locale] = {
    locale.tag: locale
    for locale in (
        ENGLISH,
        Locale("en-GB", "British", date="%d/%m/%Y"),
        Locale("en-US", "American", date="%m/%d/%Y", twelve_hours=True),
        Locale("de", "German", ".", ",", "%d.%m.%Y", _BEHIND),
        Locale("de-CH", "Swiss", "\N{RIGHT SINGLE QUOTATION MARK}", ".", "%d.%m.%Y", _BEFORE),
        Locale("es", "Spanish", ".", ",", "%d/%m/%Y", _BEHIND),
        Locale("fr", "French", _NO_BREAK, ",", "%d/%m/%Y", _BEHIND),
        Locale("it", "Italian", ".", ",", "%d/%m/%Y", _BEHIND),
        Locale("ja", "Japanese", date="%Y/%m/%d"),
        Locale("nl", "Dutch", ".", ",", "%d-%m-%Y", _BEFORE),
        Locale("pl", "Polish", _NO_BREAK, ",", "%d.%m.%Y", _BEHIND),
        Locale("pt-BR", "Brazilian", ".", ",", "%d/%m/%Y", _BEFORE),
        Locale("sv", "Swedish", _NO_BREAK, ",", "%Y-%m-%d", _BEHIND),
        Locale("zh", "Chinese", date="%Y/%m/%d"),
    )
}
"""By its tag, in the order in which they are listed."""
_TAGS = {tag.lower(): tag for tag in LOCALES}


@dataclass(frozen=True)
class Style:
    """How a chat reads; `zone` None means the arena's time zone."""

    zone: ZoneInfo | None = None
    locale: Locale = ENGLISH


_current: ContextVar[Style] = ContextVar("style", default=Style())  # noqa: B039 - frozen


def style() -> Style:
    """Return how whoever is answered at this moment reads."""
    return _current.get()


@contextmanager
def read_as(wanted: Style) -> Iterator[None]:
    """Write everything for a reader of this style until the end of the block."""
    token = _current.set(wanted)
    try:
        yield
    finally:
        _current.reset(token)


def locale_of(tag: str | None) -> Locale:
    """Return the locale of a chat's language; English for None, and for one that this version knows not."""
    return LOCALES.get(tag or ENGLISH.tag, ENGLISH)


def known_tag(text: str) -> str | None:
    """Return the tag that a person means by `de`, `DE`, `de_AT` or `de-AT`, or None where there is none.

    A country without a way of its own gets that of its language.
    """
    wanted = text.strip().lower().replace("_", "-")
    return _TAGS.get(wanted) or _TAGS.get(wanted.partition("-")[0])
