"""The card that explains commands, as blocks of a Telegram message."""

import re

from bot.cards import HelpCard
from bot.help_sections import sections as sections_of
from bot.telegram_spans import COMMANDS, Block, bold, fixed, more, ours, title
from bot.telegram_text import Span, spoken, tidy, typed

MOST_COMMANDS = 48
"""So many are drawn: each takes up to two of the hundred entities of a message."""
_BARE_COMMAND = re.compile(r"/[a-z0-9_]{1,32}", re.ASCII)


def draw(card: HelpCard) -> list[Block]:
    """Draw commands under the titles of their groups: each on a line of its own, what it does below it."""
    left = MOST_COMMANDS
    entries: list[Block] = []
    for group, commands in sections_of(card):
        drawn = [_entry(usage, summary) for usage, summary in commands[:left]]
        left -= len(drawn)
        if group and drawn:
            entries.append([[bold(group)], *(line for entry in drawn for line in entry)])
        else:
            entries += drawn
    return [
        [[title(card.title)]],
        [[Span(spoken(tidy(card.intro), COMMANDS))]],
        *entries,
        more(len(card.commands) - MOST_COMMANDS),
        [[ours(card.footer, "i")]],
    ]


def _entry(usage: str, summary: str) -> Block:
    # A bare command may be tapped to send it; one with arguments is copied by a tap.
    bare = _BARE_COMMAND.fullmatch(usage)
    return [[fixed(usage) if bare else Span(typed(usage), "code")], [ours(summary)]]
