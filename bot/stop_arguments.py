"""What may stand after `/stop`."""

import re
from collections.abc import Sequence

from bot.arguments import StopArguments, shown
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker

_RUN = re.compile(r"[0-9a-z]{8}", re.ASCII)


def stop(words: Sequence[str]) -> StopArguments:
    """Read `/stop`, `/stop NVDA` or `/stop 4f7k2m9q`.

    Raises:
        Refused: it is something else.
    """
    if not words:
        return StopArguments()
    if len(words) > 1:
        raise Refused(f"One run at a time: /stop NVDA. I do not know what to do with “{shown(words[1])}”.")
    if _RUN.fullmatch(words[0].lower()):
        return StopArguments(words[0].lower())
    return StopArguments(parse_ticker(words[0]))
