"""One model's answer as parts of a Slack message."""

from bot.answer_card import AnswerCard
from bot.signs import ACTION_SIGNS
from bot.slack_blocks import ACTION_PREFIX, Block, Part, buttons, context, facts, header, rich, run, sections
from bot.slack_text import clamp, one_line

_MAX_LINE = 400
_MAX_NAME = 100
_MAX_BODY = 2_800


def answer(card: AnswerCard) -> list[Part]:
    """Draw the decision first, then who gave it and why it was asked, the reasoning, and the figures."""
    who = [run("🧭 "), run(_line(card.model), bold=True)]
    notes = [[run(f"• {_line(note)}")] for note in card.notes]
    return [
        # Whatever stands for a ticker, the decision behind it is seen.
        Part(header(f"{ACTION_SIGNS[card.decision]} {_name(card.ticker)} · {card.headline}")),
        *_parts(context(card.subtitle)),
        *_parts(context(f"⚠️ {card.caveat}" if card.caveat else None)),
        *_parts(rich([who, [run(_line(card.why))]]), 1),
        *_parts(sections(clamp(card.body, _MAX_BODY)), 2),
        *_parts(rich(notes), 1),
        *_parts(facts(card.facts), 3),
        *_parts(context(card.footer), 2),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.answer")),
    ]


def text_of(card: AnswerCard) -> str:
    """Return what notifications and screen readers say."""
    return f"{card.ticker}: {card.headline} by {card.model}. {card.why} {card.body}"


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _name(text: str) -> str:
    return clamp(one_line(text), _MAX_NAME)


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
