"""One model's answer as blocks of a Telegram message."""

from bot.answer_card import AnswerCard
from bot.signs import ACTION_SIGNS
from bot.telegram_spans import Block, after, bold, fixed, italic, plain, title, warning
from bot.telegram_table import pairs
from bot.telegram_text import Rank, Span, paragraphs

_LONG, _LONG_LINES = 500, 9
_MOST_NOTES = 6


def answer(card: AnswerCard) -> list[Block]:
    """Draw the decision first, then who gave it and why it was asked, the reasoning, and the figures."""
    body = paragraphs(card.body)
    long = len(body) > _LONG or body.count("\n") > _LONG_LINES
    sign = ACTION_SIGNS[card.decision]
    return [
        [
            [fixed(f"{sign} "), title(card.ticker), fixed(" · "), title(card.headline)],
            [italic(card.subtitle)],
            *warning(card.caveat),
        ],
        [[fixed("🧭 "), bold(card.model)], [plain(card.why)]],
        [[Span(body, "blockquote expandable" if long else "blockquote", Rank.BODY)]],
        [[fixed("• "), *after("", note)] for note in card.notes[:_MOST_NOTES] if note.strip()],
        [[Span("\n".join(pairs(card.facts)), "pre")]],
        [[italic(card.footer)]],
    ]
