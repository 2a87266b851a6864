"""Lists of names on Telegram: the members of the arena, and its seasons."""

from bot.cards import ModelsCard, SeasonCard
from bot.telegram_spans import MAX_ROWS, Block, after, bold, fixed, italic, more, ours, plain, title
from bot.telegram_table import pairs
from bot.telegram_text import Span


def season(card: SeasonCard) -> list[Block]:
    """Draw where the season stands, and those before it."""
    past = [[bold(name), *after(" · ", told)] for name, told in card.past[:MAX_ROWS]]
    rest = more(len(card.past) - MAX_ROWS)
    return [
        [[title(card.title)]],
        [[Span("\n".join(pairs(card.facts)), "pre")]],
        [[fixed("Seasons before", "b")], *past, *rest] if past else [],
        [[ours(card.footer, "i")]],
    ]


def models(card: ModelsCard) -> list[Block]:
    """Draw each name with what there is to say of it."""
    entries: list[Block] = [[[bold(name)], [plain(detail)]] for name, detail in card.lines[:MAX_ROWS]]
    return [[[title(card.title)]], *entries, more(len(card.lines) - MAX_ROWS), [[italic(card.footer)]]]
