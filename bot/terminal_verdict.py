"""The verdict and a member's reasoning, drawn for the terminal."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bot.cards import MemberLine, ReasoningCard, VerdictCard
from bot.terminal_style import COLOUR, NARROW, SIGN, ballot, choices, frame, grid, lines, pairs, say

_BAR = 28
_BAR_NARROW = 18


def verdict(card: VerdictCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw a run's end: decision and votes on top, then the members, the facts and the trades."""
    narrow = width < NARROW
    colour = COLOUR[card.decision] if card.decision else "bright_black"
    title = Text.assemble(" ", (card.ticker, "bold"), ("  ", ""), say(f"{card.subtitle} ", "dim"))
    parts: list[RenderableType] = [_top(card, colour, narrow=narrow)]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    parts.append(_members(card.members, narrow=narrow))
    if card.facts:
        parts.append(pairs(card.facts, 1 if narrow else 2))
    if card.trades:
        parts.append(lines(card.trades))
    if numbered_from is not None and card.buttons:
        parts.append(choices(card.buttons, numbered_from))
    return frame(parts, title=title, foot=card.footer, colour=colour, width=width)


def _top(card: VerdictCard, colour: str, *, narrow: bool) -> RenderableType:
    sign = f"{SIGN[card.decision]} " if card.decision else ""
    badge = Text(
        f"  {sign}{card.headline}  ", style=f"bold black on {colour}" if card.decision else "reverse"
    )
    left = grid(gap=0)
    left.add_row(badge)
    if card.rule:
        left.add_row(Text())
        left.add_row(say(card.rule, "italic"))
    if not card.votes:
        return left
    bars = _votes(card, _BAR_NARROW if narrow else _BAR)
    top = grid(gap=4)
    if narrow:
        top.add_row(left)
        top.add_row(Text())
        top.add_row(bars)
    else:
        top.add_row(left, bars)
    return top


def _votes(card: VerdictCard, width: int) -> Table:
    table = grid(gap=2)
    for action, count, fraction, share in card.votes:
        filled = round(max(0.0, min(fraction, 1.0)) * width)
        bar = Text("━" * filled, style=COLOUR[action])
        bar.append("━" * (width - filled), style="bright_black")
        table.add_row(
            ballot(action),
            bar,
            Text(share, justify="right"),
            Text(f"{count} votes" if count != 1 else "1 vote", "dim"),
        )
    return table


def _members(members: tuple[MemberLine, ...], *, narrow: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for member in members:
        table.add_row(say(member.member, "bold"), *_ballot_cells(member, narrow=narrow))
    return table


def _ballot_cells(member: MemberLine, *, narrow: bool) -> tuple[Text, Text]:
    if member.action is None:
        return Text("○ none" if not narrow else "○", style="dim"), say(member.detail, "dim")
    about = say(member.detail)
    if member.rating and not narrow:
        about = Text.assemble(say(f"{member.rating:<12}", "dim"), about)
    if member.outlier:
        about.append("  outlier", style="magenta")
    if member.note:
        about.append_text(say(f"  {member.note}", "yellow"))
    return ballot(member.action), about


def reasoning(card: ReasoningCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw one page of a member's ModelChat."""
    title = Text.assemble(" ", say(card.title, "bold"), "  ", say(f"{card.subtitle} ", "dim"))
    head = Text.assemble(say(card.stage, "bold cyan"), "   ", say(card.position, "dim"))
    parts: list[RenderableType] = [head]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.body:
        parts.append(say(card.body))
    if card.key_points:
        parts.append(lines(card.key_points))
    if numbered_from is not None:
        if card.page_buttons:
            parts.append(choices(card.page_buttons, numbered_from))
        if card.stage_buttons:
            parts.append(choices(card.stage_buttons, numbered_from + len(card.page_buttons)))
    return frame(parts, title=title, foot=card.footer, width=width)
