"""What may stand after `/claim`: the code of the setup."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import Refused


@dataclass(frozen=True)
class ClaimArguments:
    """The one-time code that a person types to become the first admin."""

    code: str


def claim(words: Sequence[str]) -> ClaimArguments:
    """Read a one-time code; blanks in it do not matter.

    Raises:
        Refused: there is none.
    """
    if not words:
        raise Refused("Write the code behind it, as conclave setup shows it: /claim K7QM-2XDR.")
    return ClaimArguments("".join(words)[:40])
