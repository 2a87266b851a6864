"""What may stand after `/start`: the payload of a link to the bot."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.deep_links import Link, decode


@dataclass(frozen=True)
class StartArguments:
    """What to open; None means the first screen."""

    link: Link | None = None


def start(words: Sequence[str]) -> StartArguments:
    """Read the payload of a link; anything else is politely overlooked."""
    return StartArguments(decode(words[0]) if len(words) == 1 else None)
