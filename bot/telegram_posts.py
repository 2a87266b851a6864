"""What is posted by itself, as blocks of Telegram messages: digests, reviews, summaries and alerts."""

from collections.abc import Sequence

from bot.cards import (
    AlertCard,
    Button,
    CallLine,
    DigestCard,
    HealthCard,
    JudgeLine,
    Lines,
    PostedCard,
    ReviewCard,
    SummaryCard,
    SummaryLine,
)
from bot.telegram_text import ELLIPSIS, Rank, Span, one_line
from core.domain.ballot import Action

Line = list[Span]
Block = list[Line]

MAX_ROWS = 30
SIGNS = {Action.BUY: "🟢", Action.SELL: "🔴", Action.HOLD: "🟡", None: "⚪"}
ALERT_SIGNS = {
    "stop": "🛑",
    "take_profit": "🎯",
    "flip": "🔄",
    "model_down": "🔌",
    "budget": "💸",
    "season": "🏁",
}
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


def _digest(card: DigestCard) -> list[Block]:
    verdicts = [part for line in card.verdicts[:MAX_ROWS] for part in _call(line)]
    left_out = card.verdicts_more + max(len(card.verdicts) - MAX_ROWS, 0)
    return [
        _note(card.note),
        _head(card),
        [[_text(card.story)]],
        _titled("Verdicts", verdicts, left_out),
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[_text(card.footer, "i")]],
    ]


def _health(card: HealthCard) -> list[Block]:
    return [
        [[_text(card.title, "b")], [_text(card.subtitle, "i")]],
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[_text(card.footer, "i")]],
    ]


def _review(card: ReviewCard) -> list[Block]:
    judges = [line for one in card.judges[:MAX_ROWS] for line in _judge(one)]
    return [
        _note(card.note),
        _head(card),
        [[_text(card.story)]],
        _titled("Whom to trust", judges, max(len(card.judges) - MAX_ROWS, 0)),
        [[_text(card.legend, "i")]],
        *(
            _titled(
                title,
                [part for line in calls[:MAX_ROWS] for part in _call(line)],
                max(len(calls) - MAX_ROWS, 0),
            )
            for title, calls in card.calls[:MAX_ROWS]
        ),
        *(_section(section) for section in card.sections[:MAX_ROWS]),
        [[_text(card.footer, "i")]],
    ]


def _summary(card: SummaryCard) -> list[Block]:
    left_out = len(card.lines) - MAX_ROWS
    return [
        _note(card.note),
        _head(card),
        *(_ticker(line) for line in card.lines[:MAX_ROWS]),
        _more(left_out),
        [[_text(card.footer, "i")]],
    ]


def _alert(card: AlertCard) -> list[Block]:
    return [
        [[_fixed(f"{ALERT_SIGNS[card.sign]} "), _text(card.headline, "b")], *_caveat(card.caveat)],
        [[_text(card.text)]],
        [[_text(card.footer, "i")]],
    ]


def _head(card: DigestCard | ReviewCard | SummaryCard) -> Block:
    return [[_text(card.title, "b")], [_text(card.subtitle, "i")], *_caveat(card.caveat)]


def _note(note: str | None) -> Block:
    return [[_fixed("⏰ "), _text(note)]] if note else []


def _caveat(caveat: str | None) -> Block:
    return [[_fixed("⚠️ "), _text(caveat)]] if caveat else []


def _call(line: CallLine) -> Block:
    mark = f" {_MARKS[line.good]}" if line.good is not None else ""
    earned = [_fixed(mark), _fixed(" "), _text(line.earned, "b")] if line.earned.strip() else []
    sign, action = _fixed(f"{SIGNS[line.action]} "), _fixed(f" {line.action.value}")
    detail: Block = [[_fixed(_INDENT), _text(line.detail)]] if line.detail.strip() else []
    return [[sign, _text(line.subject, "b"), action, *earned], *detail]


def _judge(one: JudgeLine) -> Block:
    return [
        [_fixed("◆ "), _text(one.member, "b"), *_after(" · ", one.verdict)],
        *([_fixed(_INDENT), _text(figure)] for figure in one.figures[:MAX_ROWS] if figure.strip()),
    ]


def _ticker(line: SummaryLine) -> Block:
    return [
        [
            _fixed(f"{SIGNS[line.action]} "),
            _text(line.ticker, "b"),
            *([_fixed(" "), _text(line.headline, "b")] if line.headline.strip() else []),
        ],
        *([_text(text)] for text in (line.detail, line.votes) if text.strip()),
    ]


def _section(section: Lines) -> Block:
    left_out = section.more + max(len(section.lines) - MAX_ROWS, 0)
    lines = [[_fixed("• "), _text(line)] for line in section.lines[:MAX_ROWS]]
    return _titled(section.title, lines, left_out)


def _titled(title: str, lines: Block, left_out: int) -> Block:
    return [[_text(title, "b")], *lines, *_more(left_out)] if lines or left_out > 0 else []


def _more(left_out: int) -> Block:
    return [[_fixed(f"{ELLIPSIS} and {left_out} more")]] if left_out > 0 else []


def _after(sign: str, text: str) -> Line:
    return [_fixed(sign), _text(text)] if text.strip() else []


def _fixed(text: str) -> Span:
    return Span(text, "", Rank.FIXED)


def _text(text: str, tag: str = "") -> Span:
    return Span(one_line(text), tag)
