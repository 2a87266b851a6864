"""The verdict and a member's reasoning, drawn for the terminal."""

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.cards import DissentLine, MemberLine, ReasoningCard, VerdictCard
from bot.crossed_bar import full_cells
from bot.terminal_style import (
    COLOUR,
    NARROW,
    SIGN,
    ballot,
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

_BAR_WIDEST, _BAR_SHORTEST = 28, 4
_FULL, _EMPTY = "█", "░"
_GAP = 2
_ABOUT = 30
_CAST = 6


def verdict(card: VerdictCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw a run's end: decision and votes on top, then members, dissent, facts and trades."""
    narrow, inside = width < NARROW, room(width)
    colour = COLOUR[card.decision] if card.decision else "bright_black"
    parts: list[RenderableType] = [_top(card, colour, inside, narrow=narrow)]
    if card.rule:
        parts.append(say(card.rule, "italic"))
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.members:
        parts.append(_members(card.members, inside))
    if card.followers:
        parts.append(_members(card.followers, inside))
    if card.dissent:
        parts.append(_dissent(card.dissent, inside))
    if card.facts:
        parts.append(pairs(card.facts, 1 if narrow else 2))
    if card.trades:
        parts.append(lines(card.trades))
    if numbered_from is not None and (buttons := card.buttons + card.more_buttons):
        parts.append(choices(buttons, numbered_from, inside))
    return frame(parts, title=card.ticker, after=card.subtitle, foot=card.footer, colour=colour, width=width)


def _top(card: VerdictCard, colour: str, inside: int, *, narrow: bool) -> RenderableType:
    sign = f"{SIGN[card.decision]} " if card.decision else ""
    style = f"bold black on {colour}" if card.decision else "reverse"
    # Assembled, so that the colour ends with the word however wide the column is.
    badge = Text.assemble(say(f"  {sign}{card.headline}  ", style))
    if not card.votes:
        return badge
    beside = 0 if narrow else cell_len(badge.plain) + 4
    bars = _votes(card, inside - beside)
    top = grid(1 if narrow else 2, gap=0 if narrow else 4)
    if narrow:
        top.add_row(badge)
        top.add_row(Text())
        top.add_row(bars)
    else:
        top.add_row(badge, bars)
    return top


def _votes(card: VerdictCard, width: int) -> Table:
    """Return one bar an action, which also reads without colours; bars take what the words leave."""
    counts = [f"{count} votes" if count != 1 else "1 vote" for _, count, _, _ in card.votes]
    shares = [say(share).plain for *_, share in card.votes]
    words = [
        max(cell_len(ballot(action).plain) for action, *_ in card.votes),
        max(map(cell_len, shares)),
        max(map(len, counts)),
    ]
    longest = max(_BAR_SHORTEST, min(_BAR_WIDEST, width - sum(words) - 3 * _GAP))
    table = grid(4, gap=_GAP)
    for (action, _, fraction, _), shown, count in zip(card.votes, shares, counts, strict=True):
        filled = full_cells(fraction, longest)
        bar = Text(_FULL * filled, style=COLOUR[action])
        bar.append(_EMPTY * (longest - filled), style="bright_black")
        table.add_row(ballot(action), bar, Text(shown, justify="right"), Text(count, "dim"))
    return table


def _members(members: tuple[MemberLine, ...], inside: int) -> Table:
    """Return one row a member, or where there is no room, each with its details under its name."""
    rows = [
        (say(member.member, "bold"), _cast(member), say(member.rating, "dim"), _about(member))
        for member in members
    ]
    full = table_of(("", "", "", ""), rows, left=(0, 1, 2, 3), width=inside, last_wraps_at=_ABOUT)
    if full is not None:
        return full
    stacked = grid(2, gap=_GAP)
    for name, cast, rating, about in rows:
        between = " · " if rating.plain else ""
        details = flow(Text.assemble(rating, between, about), inside - _CAST - _GAP)
        stacked.add_row(cast, Text.assemble(name, "\n", details))
    return stacked


def _dissent(dissent: tuple[DissentLine, ...], inside: int) -> RenderableType:
    """Return who differs and why, one row each."""
    rows = [
        (Text.assemble(say(line.member, "bold"), " ", ballot(line.action)), say(line.reason))
        for line in dissent
    ]
    return Group(Text("Dissent", "magenta"), told(rows, inside))


def _cast(member: MemberLine) -> Text:
    return ballot(member.action) if member.action else Text("○ none", style="dim")


def _about(member: MemberLine) -> Text:
    if member.action is None:
        return say(member.detail, "dim")
    about = say(member.detail)
    if member.outlier:
        about = Text.assemble(about, " · ", ("outlier", "magenta"))
    if member.note:
        about = Text.assemble(about, " · ", say(member.note, "yellow"))
    return about


def reasoning(card: ReasoningCard, width: int, numbered_from: int | None) -> RenderableType:
    """Draw one page of a member's ModelChat."""
    inside = room(width)
    head = Text.assemble(say(card.stage, "bold cyan"), "   ", say(card.position, "dim"))
    parts: list[RenderableType] = [head]
    if card.caveat:
        parts.append(say(card.caveat, "yellow"))
    if card.body:
        parts.append(say(card.body))
    if card.key_points:
        parts.append(lines(card.key_points))
    parts += [say(check, "yellow") for check in card.checks]
    if numbered_from is not None:
        if card.page_buttons:
            parts.append(choices(card.page_buttons, numbered_from, inside))
        if card.stage_buttons:
            parts.append(choices(card.stage_buttons, numbered_from + len(card.page_buttons), inside))
    return frame(parts, title=card.title, after=card.subtitle, foot=card.footer, width=width)
