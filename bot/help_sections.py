"""The commands of a help card under the titles of their groups, for every renderer alike."""

from bot.cards import HelpCard

Rows = tuple[tuple[str, str], ...]


def sections(card: HelpCard) -> list[tuple[str, Rows]]:
    """Return the commands under their titles; those that have none stand last, under an empty one."""
    found: list[tuple[str, Rows]] = []
    rest = card.commands
    for title, count in card.groups:
        rows, rest = rest[: max(count, 0)], rest[max(count, 0) :]
        if rows:
            found.append((title, rows))
    return [*found, ("", rest)] if rest else found
