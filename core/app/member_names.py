"""Which member a person means."""

from collections.abc import Sequence

from core.domain.errors import NotFound, Refused
from core.domain.member import Member


def named(members: Sequence[Member], text: str) -> Member:
    """Return the one of `members` whose name is `text`, or of which it is the only match as a part.

    Raises:
        NotFound: none or several match; the sentence lists the names.
    """
    wanted = text.strip().lower()
    names = [member for member in members if member.name.lower() == wanted]
    found = names or [member for member in members if wanted and wanted in member.name.lower()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(member.name for member in found or members) or "none yet"
    what = "Several models match" if found else "No model is called"
    raise NotFound(f"{what} “{text.strip()[:40]}”. Choose one of: {listed}.")


def voter(members: Sequence[Member], text: str) -> Member:
    """Return the member to hear that `text` means; one that follows cannot be asked.

    Raises:
        NotFound: as in `named`.
        Refused: it follows every run by itself.
    """
    for member in members:
        if member.kind.follows and member.name == text.strip().lower():
            raise Refused(f"{member.name} follows every run by itself and cannot be chosen.")
    return named([member for member in members if not member.kind.follows], text)
