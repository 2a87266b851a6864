"""What may stand after `/vote`: a run, what to do, and how sure one is."""

import re
from collections.abc import Sequence
from decimal import Decimal

from bot import missing
from bot.arguments import VoteArguments, shown
from core.domain.ballot import Action
from core.domain.errors import Refused
from core.domain.instrument import parse_ticker

_PERCENT = re.compile(r"(\d{1,3})\s?%?", re.ASCII)
_FULL_PERCENT = 100


def vote(words: Sequence[str]) -> VoteArguments:
    """Read a ticker or run id, then buy, sell or hold, then perhaps a confidence from 0 to 100 percent.

    Raises:
        Refused: one of the first two is missing, a word is none of these, or there are more.
    """
    if not words:
        raise missing.run_to_vote_in()
    reference = words[0].removeprefix("$")
    ticker = parse_ticker(reference)
    if len(words) == 1:
        raise missing.vote_itself(reference, ticker)
    if words[1].upper() not in set(Action):
        raise Refused(f"“{shown(words[1])}” is no vote. Write /vote {ticker} buy, sell or hold.")
    return VoteArguments(reference, Action(words[1].upper()), _confidence(words[2:]))


def _confidence(words: Sequence[str]) -> Decimal | None:
    if not words:
        return None
    text = " ".join(words)
    found = _PERCENT.fullmatch(text)
    if found is None or int(found[1]) > _FULL_PERCENT:
        raise Refused(
            f"“{shown(text)}” is no confidence. Write a whole number from 0 to 100: /vote NVDA buy 70."
        )
    return Decimal(found[1]) / _FULL_PERCENT
