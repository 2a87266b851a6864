"""What a button about the start of a season carries: `<name>~<first>~<last>~<mark of the one that ends>`.

Days are written as `20260102`, or left out.
"""

from datetime import date
from hashlib import sha256

from core.domain.errors import Refused
from core.domain.season import Season


def season_target(name: Season, first: date | None, last: date | None, ends: str) -> str:
    """Return the target of a button that starts a season; one with a long name has room in no button."""
    days = [f"{day:%Y%m%d}" if day else "" for day in (first, last)]
    return "~".join([name, *days, season_mark(ends)])


def season_of_target(target: str) -> tuple[Season, date | None, date | None, str]:
    """Return the name, the days and the mark of the season that ends.

    Raises:
        Refused: somebody wrote the target by hand.
    """
    try:
        name, first, last, ends = target.split("~")
        days = [date.fromisoformat(day) if day else None for day in (first, last)]
        return Season(name), days[0], days[1], ends
    except ValueError:
        raise Refused(
            "This button is too old, and nothing was done. Send /season start with a name."
        ) from None


def season_mark(name: str) -> str:
    """Return four hexadecimal digits that tell a season from others."""
    return sha256(name.encode()).hexdigest()[:4]
