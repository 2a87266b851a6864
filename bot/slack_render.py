"""Conclave's cards as Slack messages. Pure: the same card gives the same blocks."""

import hashlib
from dataclasses import dataclass
from typing import Any

from bot import (
    slack_answer,
    slack_compare,
    slack_dialogue,
    slack_evidence,
    slack_help,
    slack_picture,
    slack_posts,
)
from bot.answer_card import AnswerCard
from bot.cards import (
    AskedCard,
    CalibrationCard,
    Card,
    DialogueCard,
    DissentLine,
    HelpCard,
    LeaderboardCard,
    MemberLine,
    ModelsCard,
    Notice,
    PictureCard,
    PortfolioCard,
    PostedCard,
    ProgressCard,
    ReasoningCard,
    SeasonCard,
    SubscriptionsCard,
    VerdictCard,
)
from bot.compare_card import CompareCard
from bot.crossed_bar import crossed
from bot.evidence_card import EvidenceCard
from bot.signs import ACTION_SIGNS
from bot.slack_blocks import (
    ACTION_PREFIX,
    Block,
    Element,
    Part,
    button,
    buttons,
    context,
    divider,
    facts,
    fit,
    fits,
    header,
    preformatted,
    rich,
    run,
    sections,
    select,
)
from bot.slack_tables import bar, columns
from bot.slack_text import ELLIPSIS, clamp, clamp_bytes, harmless, one_line
from bot.verdict_drafts import Draft, drafts

PAGE_SIZE = 2_800
"""Characters of running text on one reasoning page: twice that as JSON still leaves room for the rest."""

MAX_TEXT_BYTES = 3_900

_MAX_NOTICE = 5_000
_MAX_LINE = 400
_MAX_NAME = 100
_MAX_PAGE_BUTTONS = 5
_DIAGRAM_CELLS = 10
_STATES = {"waiting": "▫️", "working": "⏳", "done": "✅", "failed": "⚠️"}
_TONES = {"info": "", "warning": "⚠️ ", "error": "❌ "}


@dataclass(frozen=True)
class SlackMessage:
    """What Slack is to show: `blocks`, and `text` for notifications and screen readers (escaped)."""

    text: str
    blocks: list[Block]


def render(card: Card) -> SlackMessage:
    """Return the card as a message that Slack takes, whatever text the card holds."""
    parts, text = parts_of(card)
    return SlackMessage(
        text=clamp_bytes(harmless(text).strip() or "Conclave", MAX_TEXT_BYTES), blocks=fit(parts)
    )


def parts_of(card: Card) -> tuple[list[Part], str]:
    """Return the parts of any card, and what notifications and screen readers say."""
    if isinstance(card, PostedCard):
        return slack_posts.draw(card), slack_posts.text_of(card)
    return _drawn(card)


def _drawn(card: AskedCard) -> tuple[list[Part], str]:  # noqa: C901, PLR0912 - one case for each card
    """Return the parts of a card, and what notifications and screen readers say."""
    match card:
        case Notice():
            parts, text = _notice(card), card.text
        case ProgressCard():
            parts, text = _progress(card), f"{card.title}. {card.subtitle}"
        case VerdictCard():
            parts, text = _verdict(card), _verdict_text(card)
        case PictureCard():
            parts, text = slack_picture.draw(card), f"{card.title}. {card.alt}"
        case ReasoningCard():
            parts, text = reasoning_parts(card), f"{card.title}, {card.position}. {card.body}"
        case EvidenceCard():
            parts, text = slack_evidence.evidence(card), slack_evidence.text_of(card)
        case LeaderboardCard():
            parts = _leaderboard(card)
            text = f"{_ranked(card)}. " + "; ".join(
                f"{one.rank} {one.member} {one.score or one.value}" for one in card.standings
            )
        case PortfolioCard() | CalibrationCard() | SeasonCard():
            parts = _with_facts(card)
            text = f"{card.title}. " + "; ".join(f"{label} {value}" for label, value in card.facts)
        case ModelsCard():
            parts, text = _models(card), f"{card.title}. " + ", ".join(name for name, _ in card.lines)
        case CompareCard():
            parts, text = slack_compare.compare(card), slack_compare.text_of(card)
        case SubscriptionsCard():
            parts = slack_dialogue.subscriptions(card)
            text = f"{card.title}. {card.done or ''} " + "; ".join(one.line for one in card.lines)
        case DialogueCard():
            parts = slack_dialogue.dialogue(card)
            told = "; ".join(f"{label} {value}" for label, value in card.facts)
            text = " ".join(filter(None, (f"{card.title}.", card.text, told, card.footer)))
        case AnswerCard():
            parts, text = slack_answer.answer(card), slack_answer.text_of(card)
        case HelpCard():
            parts, text = slack_help.draw(card), f"{card.title}. {card.intro}"
    return parts, text


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _caveat(caveat: str | None) -> list[Part]:
    return _parts(context(f"⚠️ {caveat}" if caveat else None))


def _notice(card: Notice) -> list[Part]:
    text = clamp(f"{_TONES[card.tone]}{card.text}", _MAX_NOTICE)
    reference = f"Reference {card.reference}" if card.reference else None
    return [
        *_parts(sections(text) or sections("–")),
        *_parts(context(reference)),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.notice")),
    ]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)


def _name(text: str) -> str:
    return clamp(one_line(text), _MAX_NAME)


def _progress(card: ProgressCard) -> list[Part]:
    lines = []
    for line in card.lines:
        icon = ACTION_SIGNS[line.action] if line.action and line.state == "done" else _STATES[line.state]
        lines.append([run(f"{icon} "), run(_line(line.member), bold=True), run(f"  {_line(line.detail)}")])
    return [
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_parts(rich(lines), 1),
        *_caveat(card.caveat),
        *_parts(context(f"🗳 Crowd: {card.votes}" if card.votes else None)),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.vote")),
        *_parts(buttons((card.stop,) if card.stop else (), f"{ACTION_PREFIX}.stop")),
    ]


def _verdict_text(card: VerdictCard) -> str:
    told = "; ".join(f"{label} {value}" for label, value in card.facts)
    rule = f" ({card.rule})" if card.rule else ""
    return f"{card.ticker}: {card.headline}{rule}. {told}"


def _verdict(card: VerdictCard) -> list[Part]:
    """Return the parts of the first draft that has room; of the last one where a committee is too large."""
    parts: list[Part] = []
    for draft in drafts(card):
        parts = _verdict_parts(draft)
        if fits(parts):
            break
    return parts


def _verdict_parts(draft: Draft) -> list[Part]:
    card, left_out = draft.card, draft.trades_left_out
    votes = [
        f"{action.value:<4} {bar(fraction)} {count:>2}  {_line(share):>5}"
        for action, count, fraction, share in card.votes
    ]
    trades = [[run(f"• {_line(trade)}")] for trade in card.trades]
    trades += [[run(f"{ELLIPSIS} and {left_out} more")]] if left_out else []
    return [
        # Whatever stands for a ticker, the decision behind it is seen.
        Part(header(f"{ACTION_SIGNS[card.decision]} {_name(card.ticker)} · {card.headline}")),
        *_parts(rich([[run(_line(card.rule), italic=True)]] if card.rule else [])),
        *_parts(context(card.subtitle)),
        *_caveat(card.caveat),
        *_parts(facts(card.facts), 1),
        *_parts(preformatted(votes), 1),
        *_parts(rich(_member(line) for line in card.members), 3),
        *_parts(rich(_member(line) for line in card.followers), 2),
        *_parts(_titled("Dissent", [_dissent(line) for line in card.dissent]), 4),
        *_parts(([divider()] if trades else []) + _titled("Paper trades", trades), 4),
        *_parts(context(card.footer), 1),
        *_parts(context("Why? Open a member's reasoning:" if card.buttons else None), 1),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.why"), 1),
        *_parts(buttons(card.more_buttons, f"{ACTION_PREFIX}.more"), 1),
    ]


def _member(line: MemberLine) -> list[Element]:
    told = " · ".join(part for part in (_line(line.rating), _line(line.detail)) if part)
    outlier = "  ◆\u00a0outlier" if line.outlier else ""
    runs = [
        run(f"{ACTION_SIGNS[line.action]} "),
        run(_line(line.member), bold=True),
        run(f"  {told}{outlier}"),
    ]
    return [*runs, run(f"\n↳ {_line(line.note)}", italic=True)] if line.note else runs


def _dissent(line: DissentLine) -> list[Element]:
    told = f" {line.action.value}: {_line(line.reason)}"
    return [run("◆ "), run(_line(line.member), bold=True), run(told)]


def reasoning_parts(card: ReasoningCard, *, headed: bool = True) -> list[Part]:
    """Return the parts of a page of reasoning, without the headline where that stands elsewhere."""
    points = harmless("\n".join(f"• {point}" for point in card.key_points))
    # A page is body and key points together; what is longer than a page may lose its end.
    room = PAGE_SIZE - len(card.body)
    return [
        *([Part(header(card.title))] if headed else []),
        *_parts(context(card.subtitle)),
        *_parts(rich([[run(_name(card.stage), bold=True), run(f"  {_name(card.position)}")]])),
        *_parts(sections(card.body[:PAGE_SIZE])),
        *_parts(sections(card.body[PAGE_SIZE:]), 5),
        *_parts(context(" ".join(card.checks)), 3),
        *_parts(rich([[run("Key points", bold=True)]]) if points else [], 4),
        *_parts(sections(points), 0 if len(points) <= room else 4),
        *_parts(context(card.footer), 1),
        *_caveat(card.caveat),
        *_parts(_controls(card)),
    ]


def _controls(card: ReasoningCard) -> list[Block]:
    menu = select(card.stage_buttons, f"{ACTION_PREFIX}.stage", card.stage)
    elements = [menu] if menu else []
    for place, one in enumerate(card.page_buttons[:_MAX_PAGE_BUTTONS]):
        elements.append(button(one, f"{ACTION_PREFIX}.page.{place}"))
    turn = f"turn-{mark_of(card)}"
    return [{"type": "actions", "block_id": turn, "elements": elements}] if elements else []


def mark_of(card: ReasoningCard) -> str:
    """Return a mark of a page for block ids: a menu keeps what a person chose as long as its id stays."""
    told = "\0".join([card.title, card.stage, card.position, card.body])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _ranked(card: LeaderboardCard) -> str:
    """Return the title with what the members are ranked by, where that is not their value."""
    return f"{card.title}, {card.metric}" if card.metric else card.title


def _leaderboard(card: LeaderboardCard) -> list[Part]:
    worth: list[tuple[str, ...]] = [
        ("", "#", "", "Member", *((card.metric,) if card.metric else ("Value", "Return")))
    ]
    trading: list[tuple[str, ...]] = [("#", "P&L", "Trades", "Wins", "Cash")]
    if card.metric:
        trading = [("#", "Value", "P&L", "Return", "Trades", "Wins")]
    for one in card.standings:
        place = (one.medal, one.rank, one.moved, one.member)
        worth.append((*place, *((one.score,) if card.metric else (one.value, one.return_))))
        money = (one.value, one.pnl, one.return_) if card.metric else (one.pnl,)
        trading.append((one.rank, *money, one.trades, one.win_rate, *(() if card.metric else (one.cash,))))
    luck = [f"{member} · {sentence}" for member, sentence in card.luck[:1]]
    told = [[run(_line(fact))] for fact in (*card.facts, *luck)]
    warnings = [
        [run(f"⚠️ {_line(one.member)}: {_line(one.warning)}")] for one in card.standings if one.warning
    ]
    return [
        Part(header(card.title)),
        *_parts(context(card.subtitle)),
        *_parts(preformatted(columns(worth, left=4)) if card.standings else [], 1),
        *_parts(preformatted(columns(trading, left=1)) if card.standings else [], 3),
        *_parts(rich(warnings), 2),
        *_parts(rich(told), 2),
        *_parts(context(card.footer, card.stamp), 1),
        *_caveat(card.caveat),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.show"), 1),
    ]


def _portfolio(card: PortfolioCard) -> list[Part]:
    table = [("Ticker", "Shares", "Cost", "Mark", "Value")]
    warnings = []
    for *numbers, value in card.holdings:
        # Words instead of a value say why there is none; they need a line of their own.
        worded = any(sign.isalpha() for sign in value)
        table.append((numbers[0], numbers[1], numbers[2], numbers[3], "—" if worded else value))
        if worded:
            warnings.append([run(f"⚠️ {_line(numbers[0])}: {_line(value)}")])
    nothing = [] if card.position else context("No holdings.")
    pending = [[run("⏳ "), run(_line(order))] for order in card.pending]
    levels, fills, history = (
        [[run("• "), run(_line(line))] for line in texts] for texts in (card.levels, card.fills, card.history)
    )
    return [
        Part(header(card.title)),
        *_parts(context(card.position or None)),
        *_parts(facts(card.facts), 1),
        *_parts(preformatted(columns(table, left=1)) if card.holdings else nothing, 2),
        *_parts(rich(warnings), 2),
        *_parts(_titled("Levels", levels), 3),
        *_parts(_titled("Waiting orders", pending), 3),
        *_parts(_titled("Last fills", fills), 4),
        *_parts(_titled("History", history), 5),
        *_parts(context(card.footer), 1),
        *_caveat(card.caveat),
        *_parts(buttons(card.buttons, f"{ACTION_PREFIX}.books"), 1),
    ]


def _titled(title: str, lines: list[list[dict[str, Any]]]) -> list[Block]:
    return rich([[run(title, bold=True)], *lines]) if lines else []


def _with_facts(card: PortfolioCard | CalibrationCard | SeasonCard) -> list[Part]:
    match card:
        case PortfolioCard():
            return _portfolio(card)
        case CalibrationCard():
            return _calibration(card)
        case SeasonCard():
            return _season(card)


def _season(card: SeasonCard) -> list[Part]:
    past = [[run(_name(name), bold=True), run(f" · {_line(told)}")] for name, told in card.past]
    return [
        Part(header(card.title)),
        *_parts(facts(card.facts), 1),
        *_parts(rich([[run("Seasons before", bold=True)], *past]) if past else [], 2),
        *_parts(context(card.footer), 1),
    ]


def _models(card: ModelsCard) -> list[Part]:
    lines = [[run(_line(name), bold=True), run(f"  {_line(told)}")] for name, told in card.lines]
    return [Part(header(card.title)), *_parts(rich(lines), 2), *_parts(context(card.footer), 1)]


def _calibration(card: CalibrationCard) -> list[Part]:
    table = [("said", "", "right", "n", "worth")]
    table += [
        (one.said, crossed(one.fraction, one.mark, _DIAGRAM_CELLS), one.right, one.ballots, one.worth)
        for one in card.bins
    ]
    return [
        Part(header(card.title)),
        *_parts(facts(card.facts), 1),
        *_parts(preformatted(columns(table, left=2)) if card.bins else [], 2),
        *_parts(context(card.legend), 3),
        *_parts(context(card.footer), 1),
        *_caveat(card.caveat),
    ]
