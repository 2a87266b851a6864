"""Buttons below a sentence that refuses: the same command again, with the word that may have been meant."""

import re
from collections.abc import Iterable

from bot.cards import Button
from bot.command_buttons import encode, fits
from core.domain.errors import Unknown, UnknownTicker


def alternatives(error: Exception, text: str) -> tuple[Button, ...]:
    """Return a button for each word that may have been meant in the command `text`.

    There is none where the error knows none, where the wrong word does not stand in the text just once, or
    where a button cannot carry the command.
    """
    if not isinstance(error, Unknown | UnknownTicker):
        return ()
    wrong = re.escape(error.wrong.removeprefix("/").removeprefix("$"))
    # Also inside a list, as in --members claude,gtp: what stands around it is kept.
    places = list(re.finditer(rf"(?<![^\s,=/$]){wrong}(?![^\s,])", text, re.IGNORECASE))
    if len(places) != 1 or not wrong:
        return ()
    before, after = text[: places[0].start()].removesuffix("$"), text[places[0].end() :]
    offered = ((label, " ".join(f"{before}{word}{after}".split())) for label, word in error.near)
    return _buttons(offered)


def _buttons(offered: Iterable[tuple[str, str]]) -> tuple[Button, ...]:
    return tuple(Button(label=label, data=encode(command)) for label, command in offered if fits(command))
