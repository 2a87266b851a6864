"""What is posted by itself, as parts of Slack messages: digests, reviews, summaries and alerts."""

from collections.abc import Sequence

from bot.cards import AlertCard, PostedCard, SummaryCard, SummaryLine
from bot.cost_cards import CostCard
from bot.digest_cards import CallLine, DigestCard, HealthCard, JudgeLine, Lines, ReviewCard
from bot.signs import ACTION_SIGNS, ALERT_SIGNS
from bot.slack_blocks import (
    ACTION_PREFIX,
    Element,
    Part,
    buttons,
    context,
    facts,
    header,
    preformatted,
    rich,
    run,
    sections,
)
from bot.slack_tables import columns
from bot.slack_text import ELLIPSIS, clamp, one_line

_MAX_LINE = 400
_MAX_STORY = 2_500
_MARKS = {True: "✓ ", False: "✗ ", None: ""}


def draw(card: PostedCard) -> list[Part]:
    """Return the parts of a message."""
    match card:
        case DigestCard():
            return _digest(card)
        case ReviewCard():
            return _review(card)
        case SummaryCard():
            return _summary(card)
        case AlertCard():
            return _alert(card)
        case HealthCard():
            return _health(card)
        case CostCard():
            return _costs(card)


def text_of(card: PostedCard) -> str:
    """Return what notifications and screen readers say."""
    match card:
        case DigestCard() | ReviewCard():
            return f"{card.title}. {card.story}"
        case SummaryCard():
            return f"{card.title}. " + "; ".join(f"{one.ticker} {one.headline}" for one in card.lines)
        case AlertCard():
            return f"{card.headline}. {card.text}"
        case HealthCard():
            return f"{card.title}. {card.subtitle}"
        case CostCard():
            return f"{card.title}. " + "; ".join(f"{label} {value}" for label, value in card.facts)


def _digest(card: DigestCard) -> list[Part]:
    verdicts = [_call(line) for line in card.verdicts]
    return [
        *_head(card),
        *_story(card.story),
        *_titled("Verdicts", verdicts, card.verdicts_more, 2),
        *(part for place, one in enumerate(card.sections) for part in _section(one, 3 + place)),
        *_parts(context(card.footer), 1),
    ]


def _health(card: HealthCard) -> list[Part]:
    return [
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *(part for place, one in enumerate(card.sections) for part in _section(one, 2 + place)),
        *_parts(context(card.footer), 1),
    ]


def _costs(card: CostCard) -> list[Part]:
    money = [(card.head, "Cost", "Calls", "OK"), *((r.name, r.cost, r.calls, r.answered) for r in card.rows)]
    pace = [(card.head, "Share", "p50 / p95", "A decision")]
    pace += [(row.name, row.share, row.latency, row.decision) for row in card.rows]
    notes = [[run(f"⚠️ {_line(line)}")] for line in card.notes]
    more = f"{ELLIPSIS} and {card.more} more" if card.more > 0 else None
    return [
        *_parts(context(f"⏰ {card.note}" if card.note else None)),
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_parts(facts(card.facts), 1),
        *_titled("Left today", [[run(f"• {_line(line)}")] for line in card.left], 0, 3),
        *_parts(preformatted(columns(money, left=1)) if card.rows else [], 2),
        *_parts(preformatted(columns(pace, left=1)) if card.rows else [], 4),
        *_parts(context(more), 2),
        *_parts(rich(notes), 2),
        *_parts(context(card.footer), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.costs"), 1),
    ]


def _review(card: ReviewCard) -> list[Part]:
    judges = [line for one in card.judges for line in _judge(one)]
    return [
        *_head(card),
        *_story(card.story),
        *_titled("Whom to trust", judges, 0, 2),
        *_parts(context(card.legend), 2),
        *(
            part
            for title, calls in card.calls
            for part in _titled(title, [_call(one) for one in calls], 0, 3)
        ),
        *(part for place, one in enumerate(card.sections) for part in _section(one, 4 + place)),
        *_parts(context(card.footer), 1),
    ]


def _summary(card: SummaryCard) -> list[Part]:
    return [
        *_head(card),
        *(Part(block, 2) for line in card.lines for block in rich(_ticker(line))),
        *_parts(context(card.footer), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.show"), 1),
    ]


def _alert(card: AlertCard) -> list[Part]:
    return [
        Part(header(f"{ALERT_SIGNS[card.sign]} {card.headline}")),
        *_caveat(card.caveat),
        *_story(card.text),
        *_parts(context(card.footer), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.show"), 1),
    ]


def _head(card: DigestCard | ReviewCard | SummaryCard) -> list[Part]:
    return [
        *_parts(context(f"⏰ {card.note}" if card.note else None)),
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_caveat(card.caveat),
    ]


def _caveat(caveat: str | None) -> list[Part]:
    return _parts(context(f"⚠️ {caveat}" if caveat else None))


def _story(text: str) -> list[Part]:
    return _parts(sections(clamp(one_line(text), _MAX_STORY)))


def _call(line: CallLine) -> list[Element]:
    earned = f"  {_MARKS[line.good]}{_line(line.earned)}" if line.earned.strip() else ""
    runs = [run(f"{ACTION_SIGNS[line.action]} "), run(_line(line.subject), bold=True)]
    runs.append(run(f" {line.action.value}{earned}"))
    return [*runs, run(f" · {_line(line.detail)}")] if line.detail.strip() else runs


def _judge(one: JudgeLine) -> list[list[Element]]:
    head = [run("◆ "), run(_line(one.member), bold=True), run(f"  {_line(one.verdict)}")]
    return [head, *([run(f"\u2003{_line(figure)}")] for figure in one.figures if figure.strip())]


def _ticker(line: SummaryLine) -> list[list[Element]]:
    head = [
        run(f"{ACTION_SIGNS[line.action]} "),
        run(f"{_line(line.ticker)} {_line(line.headline)}", bold=True),
    ]
    return [head, *([run(_line(text))] for text in (line.detail, line.votes) if text.strip())]


def _section(section: Lines, rank: int) -> list[Part]:
    return _titled(section.title, [[run(f"• {_line(line)}")] for line in section.lines], section.more, rank)


def _titled(title: str, lines: Sequence[Sequence[Element]], left_out: int, rank: int) -> list[Part]:
    more = [[run(f"{ELLIPSIS} and {left_out} more")]] if left_out > 0 else []
    if not lines and not more:
        return []
    return _parts(rich([[run(_line(title), bold=True)], *lines, *more]), rank)


def _parts(blocks: Sequence[dict[str, object]], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
