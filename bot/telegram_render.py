"""Cards as Telegram messages: HTML and an inline keyboard. Pure; nothing here can be refused by Telegram.

A message is built of blocks with a blank line between them, a block of lines, a line of spans. Everything
that a card carries goes through `one_line` or `paragraphs`; our own sentences, which are notices and help, go
through `spoken`, so that their commands can be tapped.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import singledispatch

from bot import (
    telegram_answer,
    telegram_compare,
    telegram_dialogue,
    telegram_dissent,
    telegram_evidence,
    telegram_help,
    telegram_lists,
    telegram_picture,
    telegram_posts,
)
from bot.answer_card import AnswerCard
from bot.cards import (
    Button,
    CalibrationCard,
    Card,
    DialogueCard,
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
from bot.evidence_card import EvidenceCard
from bot.signs import ACTION_SIGNS
from bot.telegram_spans import (
    COMMANDS,
    MAX_ROWS,
    Block,
    Line,
    after,
    bold,
    fixed,
    italic,
    more,
    plain,
    title,
    warning,
)
from bot.telegram_table import balances, bars, diagram, pairs, positions
from bot.telegram_text import (
    CAPTION_UNITS,
    ELLIPSIS,
    MESSAGE_UNITS,
    TOAST_UNITS,
    Rank,
    Span,
    clean,
    cut,
    few_entities,
    fit,
    fits,
    one_line,
    paragraphs,
    spoken,
    tidy,
    units,
    visible,
)
from bot.verdict_drafts import Draft, drafts

PAGE_SIZE = 1700
"""Characters of running text on one page: twice as many units at worst, and room for all else."""

MAX_NOTES = 10
MAX_COPIED = 20
MAX_BUTTONS = 100
BUTTON_UNITS = 40
BUTTON_BYTES = 64
LONG_BODY = 500
LONG_BODY_LINES = 9
ROW_WIDTH = 30
"""Letters that all buttons of one row may have together on a narrow phone."""
PAIR_UNITS = 17
"""Letters of a button that still leaves room for one beside it: a long committee is a shorter column."""

_STATES = {"waiting": "🕓", "working": "⏳", "done": "✅", "failed": "⚠️"}
_TONES = {"info": "", "warning": "⚠️ ", "error": "❌ "}
# Ids go into the configuration, and a command with its ticker is sent as a whole: a tap copies them.
_COPIED = re.compile(
    r"(\btelegram:-?\d+\b|(?<![\w/])/(?:run|why) [A-Z][A-Z0-9]*(?:[.-][A-Z0-9]+)*(?![\w@]))", re.ASCII
)

Row = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class TelegramMessage:
    """A message: HTML text, and rows of buttons as (label, callback data)."""

    text_html: str
    keyboard: tuple[Row, ...] = ()


def render(card: Card) -> TelegramMessage:
    """Return the message that shows `card`; of a picture its text is the caption."""
    blocks, buttons = _draw(card)
    limit = CAPTION_UNITS if isinstance(card, PictureCard) else MESSAGE_UNITS
    return TelegramMessage(_html(blocks, limit), buttons)


def toast(notice: Notice) -> str:
    """Return the notice as the plain text of a callback answer."""
    return cut(_whole(notice), TOAST_UNITS)


def fits_toast(notice: Notice) -> bool:
    """Say whether a callback answer holds all of the notice."""
    return units(_whole(notice)) <= TOAST_UNITS


def _whole(notice: Notice) -> str:
    return " ".join(clean(notice.text).split())


def render_caption(text: str) -> str:
    """Return HTML for the caption of a file."""
    return Span(cut(paragraphs(text), CAPTION_UNITS)).html()


@singledispatch
def _draw(card: Card) -> tuple[list[Block], tuple[Row, ...]]:
    raise TypeError(f"Telegram cannot show a {type(card).__name__}")


@_draw.register
def _notice(card: Notice) -> tuple[list[Block], tuple[Row, ...]]:
    reference = (
        [] if card.reference is None else [fixed("Reference "), Span(one_line(card.reference), "code")]
    )
    parts = _COPIED.split(tidy(card.text), maxsplit=MAX_COPIED)
    text = [
        Span(part, "code") if index % 2 else Span(spoken(part, COMMANDS))
        for index, part in enumerate(parts)
        if part
    ]
    return [[[fixed(_TONES[card.tone]), *text]], [reference]], _keyboard(card.buttons)


@_draw.register
def _progress(card: ProgressCard) -> tuple[list[Block], tuple[Row, ...]]:
    lines: Block = []
    for line in card.lines[:MAX_ROWS]:
        sign = ACTION_SIGNS[line.action] if line.action else _STATES[line.state]
        lines.append([fixed(f"{sign} "), bold(line.member), *after(" · ", line.detail)])
    votes: Block = [[fixed("🗳 Crowd: "), plain(card.votes)]] if card.votes else []
    blocks = [
        _head(card.title, card.subtitle, card.caveat),
        [*lines, *_more(card.lines, MAX_ROWS)],
        votes,
    ]
    return blocks, _keyboard(card.buttons, (card.stop,) if card.stop else ())


@_draw.register
def _verdict(card: VerdictCard) -> tuple[list[Block], tuple[Row, ...]]:
    """Draw the first draft that has room; what is too large for any draft gives way in `_html`."""
    blocks: list[Block] = []
    keyboard = card.buttons
    for draft in drafts(card):
        blocks, keyboard = _verdict_blocks(draft), draft.card.buttons
        if fits(_spans(blocks), MESSAGE_UNITS):
            break
    more_buttons = card.more_buttons
    return blocks, _keyboard(keyboard[: MAX_BUTTONS - len(more_buttons)], more_buttons)


def _verdict_blocks(draft: Draft) -> list[Block]:
    card, left_out = draft.card, draft.trades_left_out
    sign = ACTION_SIGNS[card.decision]
    head: Block = [
        [fixed(f"{sign} "), title(card.ticker), fixed(" · "), title(card.headline)],
        [italic(card.subtitle)],
        *warning(card.caveat),
        *([[plain(card.rule)]] if card.rule else []),
    ]
    figures = "\n".join([*pairs(card.facts), *([""] if card.facts and card.votes else []), *bars(card.votes)])
    members = [_member(line) for line in card.members[:MAX_ROWS]]
    dissent = telegram_dissent.lines(card.dissent[:MAX_ROWS])
    trades = _bullets(card.trades, len(card.trades))
    rest = more(left_out)
    return [
        head,
        [[Span(figures, "pre", Rank.BODY)]],
        [*members, *_more(card.members, MAX_ROWS)],
        [_member(line) for line in card.followers],
        [[fixed("Dissent", "b")], *dissent, *_more(card.dissent, MAX_ROWS)] if dissent else [],
        [[fixed("Paper trades", "b")], *trades, *rest] if trades or rest else [],
        [[italic(card.footer)]],
    ]


def _member(line: MemberLine) -> Line:
    sign = ACTION_SIGNS[line.action]
    note = " · ".join(text for text in ("outlier" if line.outlier else "", line.note or "") if text)
    return [
        fixed(f"{sign} "),
        Span(one_line(line.member), "b", Rank.BODY),
        *after(" ", line.rating),
        *after(" · ", line.detail),
        *([fixed(" · "), italic(note)] if note else []),
    ]


@_draw.register
def _reasoning(card: ReasoningCard) -> tuple[list[Block], tuple[Row, ...]]:
    body = paragraphs(card.body)
    long = len(body) > LONG_BODY or body.count("\n") > LONG_BODY_LINES
    tag = "blockquote expandable" if long else "blockquote"
    blocks: list[Block] = [
        _head(card.title, card.subtitle, card.caveat),
        [[bold(card.stage), *after(" · ", card.position)]],
        _bullets(card.key_points, MAX_NOTES),
        [[Span(body, tag, Rank.BODY)]],
        [*([plain(check)] for check in card.checks), [italic(card.footer)]],
    ]
    return blocks, _keyboard(card.page_buttons, card.stage_buttons)


@_draw.register
def _leaderboard(card: LeaderboardCard) -> tuple[list[Block], tuple[Row, ...]]:
    podium: Line = []
    for line in card.standings[:MAX_ROWS]:
        if line.medal.strip():
            gap = fixed("  " if podium else "")
            podium += [gap, plain(line.medal), fixed(" "), bold(line.member)]
    table = "\n".join(balances(card.standings[:MAX_ROWS]))
    warned = [
        [fixed("⚠️ "), plain(line.member), *after(": ", line.warning)]
        for line in card.standings
        if line.warning
    ]
    luck = [f"{member} · {sentence}" for member, sentence in card.luck[:1]]
    blocks: list[Block] = [
        _head(card.title, card.subtitle, card.caveat),
        [podium],
        [[Span(table, "pre")], *_more(card.standings, MAX_ROWS)],
        [*warned[:MAX_NOTES], *_more(warned, MAX_NOTES)],
        [[plain(fact)] for fact in (*card.facts[:MAX_NOTES], *luck)],
        [[italic(card.footer)], [plain(card.stamp)]],
    ]
    return blocks, _keyboard(card.buttons)


@_draw.register
def _portfolio(card: PortfolioCard) -> tuple[list[Block], tuple[Row, ...]]:
    holdings = "\n".join(positions(card.holdings[:MAX_ROWS]))
    blocks: list[Block] = [
        _head(card.title, card.position, card.caveat),
        [[Span("\n".join(pairs(card.facts)), "pre")]],
        [[fixed("Holdings", "b")], [Span(holdings, "pre")], *_more(card.holdings, MAX_ROWS)]
        if holdings
        else [],
        *_lists(("Levels", card.levels), ("Waiting orders", card.pending)),
        *_lists(("Last fills", card.fills), ("History", card.history)),
        [[italic(card.footer)]],
    ]
    return blocks, _keyboard(card.buttons)


@_draw.register
def _picture(card: PictureCard) -> tuple[list[Block], tuple[Row, ...]]:
    return telegram_picture.draw(card, _spans), _keyboard(card.buttons)


@_draw.register
def _season(card: SeasonCard) -> tuple[list[Block], tuple[Row, ...]]:
    return telegram_lists.season(card), ()


@_draw.register
def _models(card: ModelsCard) -> tuple[list[Block], tuple[Row, ...]]:
    return telegram_lists.models(card), ()


@_draw.register
def _calibration(card: CalibrationCard) -> tuple[list[Block], tuple[Row, ...]]:
    blocks: list[Block] = [
        _head(card.title, "", card.caveat),
        [[Span("\n".join(pairs(card.facts)), "pre")]],
        [[Span("\n".join(diagram(card.bins[:MAX_ROWS])), "pre")]] if card.bins else [],
        [[plain(card.legend)]],
        [[italic(card.footer)]],
    ]
    return blocks, ()


@_draw.register
def _posted(card: PostedCard) -> tuple[list[Block], tuple[Row, ...]]:
    blocks, buttons = telegram_posts.draw(card)
    return blocks, _keyboard(buttons)


@_draw.register
def _grouped(
    card: SubscriptionsCard | CompareCard | DialogueCard | EvidenceCard,
) -> tuple[list[Block], tuple[Row, ...]]:
    match card:
        case SubscriptionsCard():
            blocks, groups = telegram_dialogue.subscriptions(card)
        case CompareCard():
            blocks, groups = telegram_compare.compare(card)
        case DialogueCard():
            blocks, groups = telegram_dialogue.dialogue(card)
        case EvidenceCard():
            blocks, groups = telegram_evidence.evidence(card)
    return blocks, _keyboard(*groups)


@_draw.register
def _answer(card: AnswerCard) -> tuple[list[Block], tuple[Row, ...]]:
    return telegram_answer.answer(card), _keyboard(card.buttons)


@_draw.register
def _help(card: HelpCard) -> tuple[list[Block], tuple[Row, ...]]:
    return telegram_help.draw(card), _keyboard(card.buttons)


def _head(headline: str, subtitle: str, caveat: str | None) -> Block:
    return [[title(headline)], [italic(subtitle)], *warning(caveat)]


def _lists(*lists: tuple[str, Sequence[str]]) -> list[Block]:
    """Return the lists that have anything, each under its title."""
    return [[[fixed(name, "b")], *_bullets(texts, MAX_NOTES)] for name, texts in lists if texts]


def _bullets(texts: Sequence[str], most: int) -> Block:
    return [*([fixed("• "), plain(text)] for text in texts[:most]), *_more(texts, most)]


def _more(rows: Sequence[object], shown: int) -> Block:
    return more(len(rows) - shown)


def _spans(blocks: Iterable[Block]) -> list[Span]:
    spans: list[Span] = []
    for block in blocks:
        shown = [line for line in block if any(span.text.strip() for span in line)]
        for index, line in enumerate(shown):
            if spans:
                spans.append(fixed("\n" if index else "\n\n"))
            spans += line
    return spans


def _html(blocks: Sequence[Block], limit: int) -> str:
    fitted = fit(_spans(blocks), limit)
    while not fits(fitted, limit) and max(map(len, blocks)) > 1:
        # Too many lines to shorten each of them: the longest list gives way, and says so.
        blocks = _halved(blocks)
        fitted = fit(_spans(blocks), limit)
    if not visible("".join(span.text for span in fitted)):
        return ELLIPSIS
    return "".join(span.html() for span in few_entities(fitted))


def _halved(blocks: Sequence[Block]) -> list[Block]:
    longest = max(range(len(blocks)), key=lambda place: len(blocks[place]))
    kept = blocks[longest][: (len(blocks[longest]) - 1) // 2]
    return [*blocks[:longest], [*kept, [fixed(ELLIPSIS)]], *blocks[longest + 1 :]]


def _keyboard(*groups: Sequence[Button]) -> tuple[Row, ...]:
    rows: list[Row] = []
    left = MAX_BUTTONS
    for group in groups:
        buttons = [
            (cut(" ".join(clean(button.label).split()), BUTTON_UNITS) or ELLIPSIS, button.data)
            for button in group
            if clean(button.data) == button.data and 1 <= len(button.data.encode()) <= BUTTON_BYTES
        ][:left]
        left -= len(buttons)
        widest = max((units(label) for label, _ in buttons), default=1)
        columns = min(4, max(2 if widest <= PAIR_UNITS else 1, ROW_WIDTH // max(widest, 1)))
        rows += [tuple(buttons[start : start + columns]) for start in range(0, len(buttons), columns)]
    return tuple(rows)
