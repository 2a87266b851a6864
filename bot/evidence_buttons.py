"""What the buttons around the evidence of a run send.

* `i.<run>` opens it at its overview.
* `it.<run>.<letter of the section>.<page>` turns to a page of a section; pages count from 1.

Whoever presses a button may have written its data by hand, so `decode` trusts nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from core.domain.errors import Refused

_RUN = "([0-9a-z]{1,24})"


class Part(StrEnum):
    """A section of the evidence, as people read it."""

    OVERVIEW = "o"
    PRICES = "p"
    NEWS = "n"
    FUNDAMENTALS = "f"
    RATIOS = "r"
    SENTIMENT = "s"
    MACRO = "m"


_OPEN = re.compile(rf"i\.{_RUN}", re.ASCII)
_TURN = re.compile(rf"it\.{_RUN}\.([{''.join(Part)}])\.([1-9][0-9]{{0,8}})", re.ASCII)


@dataclass(frozen=True)
class TurnEvidence:
    """Show a page of a section of a run's evidence."""

    run_id: str
    part: Part = Part.OVERVIEW
    page: int = 1


def opening(run_id: str) -> str:
    """Return the data of the button that opens the evidence of a run.

    Raises:
        ValueError: the id has another shape than ours, so the data could not be read back.
    """
    return _readable(f"i.{run_id}")


def encode(wish: TurnEvidence) -> str:
    """Return the data of a button that turns to a page.

    Raises:
        ValueError: as in `opening`.
    """
    return _readable(f"it.{wish.run_id}.{wish.part}.{wish.page}")


def decode(data: str) -> TurnEvidence:
    """Return which page a button asks for.

    Raises:
        Refused: the data are not of this version's making.
    """
    if match := _OPEN.fullmatch(data):
        return TurnEvidence(match[1])
    if match := _TURN.fullmatch(data):
        return TurnEvidence(match[1], Part(match[2]), int(match[3]))
    raise Refused("This button is too old. Send /why with your ticker and evidence: /why NVDA evidence.")


def _readable(data: str) -> str:
    if not (_OPEN.fullmatch(data) or _TURN.fullmatch(data)):
        raise ValueError(f"no button can carry {data!r}")
    return data
