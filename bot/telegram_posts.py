"""What is posted by itself, as blocks of Telegram messages: digests, reviews, summaries and alerts."""

from collections.abc import Sequence

from bot.cards import AlertCard, Button, PostedCard, SummaryCard, SummaryLine
from bot.cost_cards import CostCard
from bot.digest_cards import CallLine, DigestCard, HealthCard, JudgeLine, Lines, ReviewCard
from bot.signs import ACTION_SIGNS, ALERT_SIGNS
from bot.telegram_spans import MAX_ROWS, Block, after, bold, fixed, italic, more, plain, title, warning
from bot.telegram_table import costs, pairs
from bot.telegram_text import Rank, Span

_INDENT = "\u2003 "
_MARKS = {True: "✓", False: "✗", None: ""}


def draw(card: PostedCard) -> tuple[list[Block], Sequence[Button]]:
    """Return the blocks of a message and its buttons."""
    match card:
        case DigestCard():
            return _digest(card), ()
        case ReviewCard():
            return _review(card), ()
        case SummaryCard():
            return _summary(card), card.buttons
        case AlertCard():
            return _alert(card), card.buttons
        case HealthCard():
            return _health(card), ()
        case CostCard():
            return _costs(card), card.buttons


def _digest(card: DigestCard) -> list[Block]:
    verdicts = [part for line in card.verdicts[:MAX_ROWS] for part in _call(line)]
    left_out = card.verdicts_more + max(len(card.verdicts) - MAX_ROWS, 0)
    return [
        _note(card.note),
        _head(card),
        [[plain(card.story)]],
        _titled("Verdicts", verdicts, left_out),
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[italic(card.footer)]],
    ]


def _health(card: HealthCard) -> list[Block]:
    return [
        [[title(card.title)], [italic(card.subtitle)]],
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[italic(card.footer)]],
    ]


def _costs(card: CostCard) -> list[Block]:
    table = "\n".join(costs(card.rows[:MAX_ROWS]))
    left = [[fixed("• "), plain(line)] for line in card.left[:MAX_ROWS]]
    rows: Block = [[bold(card.head)], [Span(table, "pre", Rank.BODY)]] if card.rows else []
    return [
        _note(card.note),
        [[title(card.title)], [italic(card.subtitle)]],
        [[Span("\n".join(pairs(card.facts)), "pre", Rank.BODY)]],
        _titled("Left today", left, max(len(card.left) - MAX_ROWS, 0)),
        [*rows, *more(card.more + max(len(card.rows) - MAX_ROWS, 0))],
        [[fixed("⚠️ "), plain(line)] for line in card.notes[:MAX_ROWS]],
        [[italic(card.footer)]],
    ]


def _review(card: ReviewCard) -> list[Block]:
    judges = [line for one in card.judges[:MAX_ROWS] for line in _judge(one)]
    return [
        _note(card.note),
        _head(card),
        [[plain(card.story)]],
        _titled("Whom to trust", judges, max(len(card.judges) - MAX_ROWS, 0)),
        [[italic(card.legend)]],
        *(
            _titled(
                group,
                [part for line in calls[:MAX_ROWS] for part in _call(line)],
                max(len(calls) - MAX_ROWS, 0),
            )
            for group, calls in card.calls[:MAX_ROWS]
        ),
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[italic(card.footer)]],
    ]


def _summary(card: SummaryCard) -> list[Block]:
    left_out = len(card.lines) - MAX_ROWS
    return [
        _note(card.note),
        _head(card),
        *(_ticker(line) for line in card.lines[:MAX_ROWS]),
        more(left_out),
        [[italic(card.footer)]],
    ]


def _alert(card: AlertCard) -> list[Block]:
    return [
        [[fixed(f"{ALERT_SIGNS[card.sign]} "), title(card.headline)], *warning(card.caveat)],
        [[plain(card.text)]],
        [[italic(card.footer)]],
    ]


def _head(card: DigestCard | ReviewCard | SummaryCard) -> Block:
    return [[title(card.title)], [italic(card.subtitle)], *warning(card.caveat)]


def _note(note: str | None) -> Block:
    return [[fixed("⏰ "), plain(note)]] if note else []


def _call(line: CallLine) -> Block:
    mark = f" {_MARKS[line.good]}" if line.good is not None else ""
    earned = [fixed(mark), fixed(" "), bold(line.earned)] if line.earned.strip() else []
    sign, action = fixed(f"{ACTION_SIGNS[line.action]} "), fixed(f" {line.action.value}")
    detail: Block = [[fixed(_INDENT), plain(line.detail)]] if line.detail.strip() else []
    return [[sign, bold(line.subject), action, *earned], *detail]


def _judge(one: JudgeLine) -> Block:
    return [
        [fixed("◆ "), bold(one.member), *after(" · ", one.verdict)],
        *([fixed(_INDENT), plain(figure)] for figure in one.figures[:MAX_ROWS] if figure.strip()),
    ]


def _ticker(line: SummaryLine) -> Block:
    return [
        [
            fixed(f"{ACTION_SIGNS[line.action]} "),
            bold(line.ticker),
            *([fixed(" "), bold(line.headline)] if line.headline.strip() else []),
        ],
        *([plain(text)] for text in (line.detail, line.votes) if text.strip()),
    ]


def _section(section: Lines) -> Block:
    left_out = section.more + max(len(section.lines) - MAX_ROWS, 0)
    lines = [[fixed("• "), plain(line)] for line in section.lines[:MAX_ROWS]]
    return _titled(section.title, lines, left_out)


def _titled(name: str, lines: Block, left_out: int) -> Block:
    return [[bold(name)], *lines, *more(left_out)] if lines or left_out > 0 else []
