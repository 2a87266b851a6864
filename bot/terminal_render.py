"""Every card drawn for the terminal with rich.

Text from outside is shown as it is, but for signs that could command the terminal. Each line of a card is
seen in full at any width: what does not fit wraps.
"""

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from bot import (
    terminal_answer,
    terminal_compare,
    terminal_dialogue,
    terminal_evidence,
    terminal_picture,
    terminal_posts,
)
from bot.answer_card import AnswerCard
from bot.cards import (
    AlertCard,
    AskedCard,
    BinLine,
    Button,
    CalibrationCard,
    Card,
    DialogueCard,
    HelpCard,
    LeaderboardCard,
    ModelsCard,
    Notice,
    PictureCard,
    PortfolioCard,
    PostedCard,
    ProgressCard,
    ProgressLine,
    ReasoningCard,
    SeasonCard,
    StandingLine,
    SubscriptionsCard,
    SummaryCard,
    VerdictCard,
)
from bot.compare_card import CompareCard
from bot.cost_cards import CostCard
from bot.crossed_bar import crossed
from bot.evidence_card import EvidenceCard
from bot.help_sections import sections as sections_of
from bot.terminal_style import (
    COLOUR,
    NARROW,
    SIGN,
    WIDEST,
    choices,
    flow,
    frame,
    grid,
    lines,
    pairs,
    room,
    say,
    table_of,
    told,
)
from bot.terminal_verdict import reasoning, verdict

_PLACE = 3
_NAME = 2
"""The column of the ranking in which names stand."""
_BAR = {True: 8, False: 24}
"""Cells of a bar on a narrow screen and on a wide one."""
_TONE = {"info": ("cyan", "›"), "warning": ("yellow", "!"), "error": ("red", "✗")}


def render(card: Card, *, width: int = WIDEST, numbered_from: int | None = None) -> RenderableType:
    """Return what rich prints for `card`; buttons get numbers from `numbered_from` on, or are left out."""
    width = min(width, WIDEST)
    if isinstance(card, PostedCard):
        return terminal_posts.draw(card, width, numbered_from)
    return _drawn(card, width, numbered_from)


def _drawn(  # noqa: C901, PLR0912 - one case for each card
    card: AskedCard, width: int, numbered_from: int | None
) -> RenderableType:
    match card:
        case Notice():
            return _notice(card, width, numbered_from)
        case ProgressCard():
            return _progress(card, width)
        case VerdictCard():
            return verdict(card, width, numbered_from)
        case PictureCard():
            return terminal_picture.draw(card, width, numbered_from)
        case ReasoningCard():
            return reasoning(card, width, numbered_from)
        case EvidenceCard():
            return terminal_evidence.evidence(card, width, numbered_from)
        case LeaderboardCard():
            return _leaderboard(card, width, numbered_from)
        case PortfolioCard():
            return _portfolio(card, width, numbered_from)
        case CompareCard():
            return terminal_compare.compare(card, width, numbered_from)
        case ModelsCard() | SeasonCard():
            return _listed(card, width)
        case CalibrationCard():
            return _calibration(card, width)
        case SubscriptionsCard():
            return terminal_dialogue.subscriptions(card, width, numbered_from)
        case DialogueCard():
            return terminal_dialogue.dialogue(card, width, numbered_from)
        case AnswerCard():
            return terminal_answer.answer(card, width, numbered_from)
        case HelpCard():
            return _help(card, width, numbered_from)


def buttons_of(card: Card) -> tuple[Button, ...]:
    """Return the buttons of a card in the order in which they are numbered."""
    match card:
        case VerdictCard():
            return card.buttons + card.more_buttons
        case SummaryCard() | AlertCard() | PictureCard() | LeaderboardCard() | PortfolioCard() | CostCard():
            return card.buttons
        case ReasoningCard():
            return card.page_buttons + card.stage_buttons
        case SubscriptionsCard():
            return terminal_dialogue.buttons_of(card)
        case DialogueCard() | Notice() | HelpCard() | AnswerCard():
            return card.buttons
        case CompareCard():
            return terminal_compare.buttons_of(card)
        case EvidenceCard():
            return terminal_evidence.buttons_of(card)
        case _:
            return ()


def _notice(card: Notice, width: int, numbered_from: int | None) -> RenderableType:
    colour, sign = _TONE[card.tone]
    table = grid(2, gap=1)
    table.add_row(Text(sign, style=f"bold {colour}"), say(card.text))
    if numbered_from is not None and card.buttons:
        return Group(table, choices(card.buttons, numbered_from, width))
    return table


def _progress(card: ProgressCard, width: int) -> RenderableType:
    title, subtitle = say(card.title, "bold"), say(card.subtitle, "dim")
    between = "   " if cell_len(title.plain) + 3 + cell_len(subtitle.plain) <= width else "\n"
    head = Text.assemble(title, between, subtitle)
    table = grid(3, gap=2)
    for line in card.lines:
        table.add_row(_state(line), say(line.member), _detail(line))
    parts: list[RenderableType] = [head]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    parts.append(table if card.lines else Spinner("dots", style="cyan"))
    if card.votes:
        parts.append(say(f"crowd: {card.votes}", "dim"))
    return Group(*parts)


def _state(line: ProgressLine) -> RenderableType:
    match line.state:
        case "waiting":
            return Text("·", style="dim")
        case "working":
            return Spinner("dots", style="cyan")
        case "done":
            return Text(
                SIGN[line.action] if line.action else "✓",
                style=COLOUR.get(line.action, "green") if line.action else "green",
            )
        case "failed":
            return Text("○", style="yellow")


def _detail(line: ProgressLine) -> Text:
    if line.action:
        return say(line.detail, f"bold {COLOUR[line.action]}")
    return say(line.detail, {"waiting": "dim", "failed": "yellow"}.get(line.state, ""))


def _leaderboard(card: LeaderboardCard, width: int, numbered_from: int | None) -> RenderableType:
    inside = room(width)
    parts: list[RenderableType] = [say(card.caveat, "yellow")] if card.caveat else []
    if card.standings:
        parts.append(_standings(card, inside))
    if card.facts:
        parts.append(Group(*map(say, card.facts)))
    if card.luck:
        parts.append(told([(say(member), say(sentence, "dim")) for member, sentence in card.luck], inside))
    if card.stamp:
        parts.append(say(card.stamp, "dim"))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, inside))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)


def _standings(card: LeaderboardCard, inside: int) -> RenderableType:
    """Return one row a member, or where there is no room, each with its figures under its name."""
    metric = say(card.metric)
    heads = ("", "", "Member", metric.plain, "Value", "P&L", "Return", "Trades", "Wins", "Cash")
    rows = [
        (
            say(row.medal or row.rank),
            _moved(row.moved),
            _named(row),
            say(row.score, "bold"),
            say(row.value),
            _change(row.pnl),
            _change(row.return_),
            say(row.trades),
            say(row.win_rate),
            say(row.cash),
        )
        for row in card.standings
    ]
    used = [at for at, head in enumerate(heads) if head == "Member" or any(row[at].plain for row in rows)]
    shown = [[row[at] for at in used] for row in rows]
    left = (used.index(_NAME), used.index(_NAME) - 1)
    full = table_of([heads[at] for at in used], shown, left=left, width=inside)
    if full is not None:
        return full
    stacked = grid(2, gap=1)
    for place, moved, name, score, value, pnl, change, trades, wins, cash in rows:
        labelled = [Text.assemble(metric, " ", score)] if card.metric else []
        labelled += [value, change, pnl]
        labelled += [
            Text.assemble(label, figure)
            for label, figure in (("trades ", trades), ("wins ", wins), ("cash ", cash))
            if figure.plain
        ]
        head = Text.assemble(name, " ", moved) if moved.plain else name
        figures = Text(" · ").join(labelled)
        stacked.add_row(place, Text.assemble(head, "\n", flow(figures, inside - _PLACE)))
    return stacked


def _moved(text: str) -> Text:
    return say(text, "green" if text.startswith("▲") else "red" if text.startswith("▼") else "dim")


def _named(row: StandingLine) -> Text:
    name = say(row.member, "bold")
    if row.warning:
        name.append_text(say(f"\n{row.warning}", "not bold yellow"))
    return name


def _change(text: str) -> Text:
    return say(text, "green" if text.startswith("+") else "red" if text.startswith("−") else "")


def _portfolio(card: PortfolioCard, width: int, numbered_from: int | None) -> RenderableType:
    parts: list[RenderableType] = [say(card.position, "dim")] if card.position else []
    parts.append(pairs(card.facts, 1 if width < NARROW else 2))
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.holdings:
        parts.append(_holdings(card.holdings, room(width)))
    for head, rows in (
        ("Levels", card.levels),
        ("Waiting orders", card.pending),
        ("Last fills", card.fills),
        ("History", card.history),
    ):
        if rows:
            parts.append(Group(say(head, "dim"), lines(rows)))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)


def _holdings(holdings: tuple[tuple[str, str, str, str, str], ...], inside: int) -> RenderableType:
    """Return one row a holding, or where there is no room, its figures under its ticker."""
    rows = [(say(ticker, "bold"), *map(say, figures)) for ticker, *figures in holdings]
    full = table_of(("Holding", "Shares", "Average cost", "Mark", "Value"), rows, left=(0,), width=inside)
    if full is not None:
        return full
    stacked = grid(gap=0)
    for ticker, shares, cost, mark, value in rows:
        figures = Text.assemble(
            *(value, " · ", shares, " shares · cost ", cost, " · mark ", mark),
        )
        stacked.add_row(ticker)
        stacked.add_row(Padding(flow(figures, inside - 2), (0, 0, 0, 2)))
    return stacked


def _listed(card: ModelsCard | SeasonCard, width: int) -> RenderableType:
    """Return names with what there is to say of each; of a season its facts first."""
    named = card.lines if isinstance(card, ModelsCard) else card.past
    parts: list[RenderableType] = []
    if isinstance(card, SeasonCard):
        parts.append(told([(say(label, "dim"), say(value)) for label, value in card.facts], room(width)))
        parts += [say("Seasons before", "dim")] if named else []
    if named:
        parts.append(told([(say(name, "bold"), say(about)) for name, about in named], room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)


def _calibration(card: CalibrationCard, width: int) -> RenderableType:
    inside = room(width)
    parts: list[RenderableType] = [
        told([(say(label, "dim"), say(value)) for label, value in card.facts], inside)
    ]
    if card.caveat:
        parts.insert(0, say(card.caveat, "yellow"))
    if card.bins:
        parts.append(_bins(card.bins, inside, _BAR[width < NARROW]))
    return frame([*parts, say(card.legend, "dim")], title=card.title, foot=card.footer, width=width)


def _bins(bins: tuple[BinLine, ...], inside: int, cells: int) -> RenderableType:
    """Return one row a bin, or where there is no room, its figures under its bar."""
    rows = [
        (
            say(one.said),
            Text(crossed(one.fraction, one.mark, cells), style="cyan"),
            *map(say, (one.right, one.ballots, one.worth)),
        )
        for one in bins
    ]
    full = table_of(("said", "", "right", "n", "worth"), rows, left=(0, 1), width=inside)
    if full is not None:
        return full
    stacked = grid(gap=0)
    for said, bar, right, ballots, worth in rows:
        stacked.add_row(Text.assemble(said, " ", bar))
        noun = "ballot" if ballots.plain == "1" else "ballots"
        figures = Text.assemble(right, " right · ", ballots, f" {noun}")
        if worth.plain:
            figures = Text.assemble(figures, " · worth ", worth)
        stacked.add_row(Padding(flow(figures, inside - 2), (0, 0, 0, 2)))
    return stacked


def _help(card: HelpCard, width: int, numbered_from: int | None) -> RenderableType:
    parts: list[RenderableType] = [say(card.intro)]
    for title, commands in sections_of(card):
        parts += [say(title, "bold")] if title else []
        parts.append(
            told([(say(usage, "bold cyan"), say(summary)) for usage, summary in commands], room(width))
        )
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from, room(width)))
    return frame(parts, title=card.title, foot=card.footer, width=width)
