"""What may stand behind `/season`: nothing, the name of a season, or how one begins or ends."""

from collections.abc import Sequence
from datetime import date

from bot.arguments import SeasonArguments, shown
from core.domain.errors import Refused
from core.domain.season import Season

_CONFIRM = "confirm"
_DAYS = {"from": "first", "to": "last", "until": "last"}
_START = "Write for instance /season start winter, or /season start winter to 2025-12-31."


def season(words: Sequence[str]) -> SeasonArguments:
    """Read which season to show, start or end.

    Raises:
        Refused: a word that is no name or no day, or one too many.
    """
    rest = [word.lower() for word in words]
    confirmed = rest[-1:] == [_CONFIRM]
    if confirmed:
        rest.pop()
    if not rest:
        return SeasonArguments()
    what = rest.pop(0)
    if what == "start":
        if not rest:
            raise Refused(f"What is the season to be called? {_START}")
        name = named(rest.pop(0))
        return SeasonArguments("start", name, **_days(rest), confirmed=confirmed)
    if what == "end":
        return SeasonArguments("end", last=_end(rest), confirmed=confirmed)
    if rest:
        raise Refused("One season at a time: write for instance /season, or /season live.")
    return SeasonArguments("show", named(what))


def named(word: str) -> Season:
    """Return the season of this name.

    Raises:
        Refused: no season can have it.
    """
    try:
        return Season(word)
    except ValueError as error:
        raise Refused(f"“{shown(word)}” is no season: {error}.") from None


def day_named(word: str) -> date:
    """Return the day that a person typed.

    Raises:
        Refused: it is none.
    """
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise Refused(f"“{shown(word)}” is no day: write it like 2025-12-31.") from None


def _days(rest: list[str]) -> dict[str, date]:
    found: dict[str, date] = {}
    while rest:
        word = rest.pop(0).lstrip("-—–")
        if word not in _DAYS or not rest or _DAYS[word] in found:
            raise Refused(f"“{shown(word)}” is not understood here. {_START}")
        found[_DAYS[word]] = day_named(rest.pop(0))
    return found


def _end(rest: list[str]) -> date | None:
    if rest and rest[0].lstrip("-—–") == "on":
        rest.pop(0)
    if not rest:
        return None
    if len(rest) > 1:
        raise Refused("Write /season end, or with the last day /season end on 2025-12-31.")
    return day_named(rest[0])
