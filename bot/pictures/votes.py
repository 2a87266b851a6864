"""The votes of one run as a picture: a bar for each action, and under them each member's own vote."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.cards import MemberLine, VerdictCard
from bot.pictures.canvas import Canvas, sheet
from bot.pictures.look import Size, Theme
from bot.present import numbers
from core.domain.ballot import Action

_SIGNS = {Action.BUY: "▲", Action.HOLD: "■", Action.SELL: "▼", None: "○"}
_WIDTH = 1080
# Higher than wide, or it would be drawn as for a wide screen.
_LOWEST, _TALLEST = 1100, 1900
_FIXED, _CAVEAT = 622, 100
_ROW, _LEAST_ROW = 66.0, 50.0
_RULE_ROOM = 60


class _Row(NamedTuple):
    line: MemberLine
    confidence: float | None
    follows: bool


def votes_picture(
    card: VerdictCard, confidences: Mapping[str, float], *, theme: Theme = Theme.LIGHT
) -> bytes:
    """Return the picture of a run's votes as PNG, as high as its members need, up to 1080 x 1900 pixels.

    `confidences` has each member's stated one, 0..1; whoever is not in it has cast no ballot.
    """
    rows = [_Row(line, confidences.get(line.member), False) for line in card.members]
    rows += [_Row(line, confidences.get(line.member), True) for line in card.followers]
    wanted = _FIXED + len(rows) * _ROW + (_CAVEAT if card.caveat else 0) + (_RULE_ROOM if card.rule else 0)
    size = Size(_WIDTH, int(min(max(wanted, _LOWEST), _TALLEST)))
    with sheet(size, theme) as canvas:
        about = [card.subtitle, *(f"{label.lower()} {value}" for label, value in card.facts[:2])]
        if card.decision is None:
            about = [card.subtitle]
        top = canvas.head(f"{card.ticker}: {card.headline}", about, card.caveat)
        if card.rule:
            canvas.text(canvas.margin, top + 14, card.rule, size=27, room=canvas.inner)
            top += 50
        bottom = canvas.foot(card.footer.partition(" · ")[0] + ".")
        top = _bars(canvas, card, top + 10) + 40
        _members(canvas, rows, top, bottom)
        return canvas.png()


def _colour(canvas: Canvas, action: Action | None) -> str:
    palette = canvas.palette
    colours = {Action.BUY: palette.good, Action.HOLD: palette.warning, Action.SELL: palette.bad}
    return colours[action] if action else palette.muted


def _bars(canvas: Canvas, card: VerdictCard, top: float) -> float:
    """Draw one bar an action, as long as its share of the weight, and return where they end."""
    left, right, row = float(canvas.margin), float(canvas.size.width - canvas.margin), 84.0
    start, end = left + 190, right - 286
    for number, (action, count, fraction, share) in enumerate(card.votes):
        y = top + (number + 0.5) * row
        colour, bold = _colour(canvas, action), action is card.decision
        canvas.text(left, y, f"{_SIGNS[action]} {action.value}", size=38, colour=colour, bold=True)
        canvas.bar(start, y - 22, end - start, 44, canvas.palette.grid)
        length = (end - start) * min(max(fraction, 0.0), 1.0)
        if length > 0:
            canvas.bar(start, y - 22, length, 44, colour)
        told = f"{numbers.counted(count, 'vote')} · {share}"
        canvas.text(right, y, told, size=31, bold=bold, align="right", room=276)
    if not card.votes:
        muted = canvas.palette.muted
        canvas.text(left, top + row / 2, "Nobody has cast a ballot.", size=31, colour=muted)
    return top + max(len(card.votes), 1) * row


def _members(canvas: Canvas, rows: Sequence[_Row], top: float, bottom: float) -> None:
    left, right = float(canvas.margin), float(canvas.size.width - canvas.margin)
    muted = canvas.palette.muted
    canvas.text(left, top, "Who votes how", size=27, colour=muted)
    canvas.text(right, top, "confidence, as stated", size=27, colour=muted, align="right")
    top += 30
    shown, height = _shown(rows, bottom - top)
    for number, row in enumerate(shown):
        _member(canvas, row, top + number * height, height)
    if hidden := len(rows) - len(shown):
        y = top + len(shown) * height + height / 2
        canvas.text(left, y, f"and {numbers.counted(hidden, 'other')}", size=27, colour=muted)


def _shown(rows: Sequence[_Row], room: float) -> tuple[list[_Row], float]:
    """Return the rows that there is room for, those that follow among them, and the height of one."""
    most = max(int(room / _LEAST_ROW), 1)
    if len(rows) <= most:
        return list(rows), min(_ROW, room / max(len(rows), 1))
    follows = [row for row in rows if row.follows]
    voters = [row for row in rows if not row.follows]
    return [*voters[: max(most - 1 - len(follows), 0)], *follows], _LEAST_ROW


def _member(canvas: Canvas, row: _Row, y: float, height: float) -> None:
    left, right = float(canvas.margin), float(canvas.size.width - canvas.margin)
    middle, line = y + height / 2, row.line
    colour = _colour(canvas, line.action)
    if row.follows:
        canvas.box(left, y + 2, canvas.inner, height - 4, face=canvas.palette.panel, edge=None)
    else:
        canvas.bar(left, y + height - 1, canvas.inner, 1, canvas.palette.grid)
    canvas.text(left + 24, middle, _SIGNS[line.action], size=32, colour=colour, align="center")
    if line.action is None or row.confidence is None:
        canvas.text(left + 60, middle, line.member, size=30, room=390, colour=canvas.palette.muted)
        told = line.detail if line.action is None else ""
        canvas.text(right - 12, middle, told, size=25, colour=canvas.palette.muted, align="right", room=500)
        return
    canvas.text(left + 60, middle, line.member, size=30, room=400, bold=row.follows)
    word = f"{line.action.value} ◆" if line.outlier else line.action.value
    canvas.text(left + 480, middle, word, size=28, colour=colour, bold=True, room=140)
    start, end = left + 636, right - 112
    canvas.bar(start, middle - 9, end - start, 18, canvas.palette.grid)
    share = min(max(row.confidence, 0.0), 1.0)
    if share > 0:
        canvas.bar(start, middle - 9, (end - start) * share, 18, colour)
    told = f"{round(row.confidence * 100)} %"
    canvas.text(right - 12, middle, told, size=28, align="right", room=96)
