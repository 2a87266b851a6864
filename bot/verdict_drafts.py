"""A verdict card in ever shorter drafts, for a platform that has no room for the whole card.

What decides stands in every draft: the decision and its rule, each action's votes, every member with its
action and its confidence, the outliers, agreement, cost and time. Reasons, trades and notes give way first;
an outlier's reason stands whole behind its button.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.cards import DissentLine, MemberLine, VerdictCard

ELLIPSIS = "…"
LEAST_NAME = 12
"""Signs at the beginning of a name that stand in every draft."""

_FEW_TRADES = 5
_READABLE = 800


@dataclass(frozen=True)
class Draft:
    """A card to try, and how many of its trades it leaves out."""

    card: VerdictCard
    trades_left_out: int = 0


@dataclass(frozen=True)
class _Room:
    """Signs that each kind of text may take at most; 0 leaves it out."""

    reason: int = 400
    dissent: int = 200
    trades: int = 40
    trade: int = 400
    note: int = 400
    name: int = 100
    prose: int = 400
    value: int = 200
    figures: bool = True


def drafts(card: VerdictCard) -> Iterator[Draft]:
    """Yield the card with only what nobody would read cut, then ever shorter forms, the shortest last."""
    room = _Room(trades=min(len(card.trades), _Room.trades))
    for reason in _reasons(card):
        room = replace(room, reason=reason)
        yield _draft(card, room)
    room = replace(room, dissent=80)
    yield _draft(card, room)
    yield from _fewer_trades(card, room, _FEW_TRADES)
    room = replace(room, trades=min(room.trades, _FEW_TRADES), note=60, dissent=40)
    yield _draft(card, room)
    for name, figures in ((_Room.name, False), (24, False)):
        room = replace(room, name=name, figures=figures)
        yield _draft(card, room)
    room = replace(room, note=0, prose=160, value=80, dissent=0)
    yield _draft(card, room)
    yield from _fewer_trades(card, room, 0)
    room = replace(room, trades=0)
    for name in (18, LEAST_NAME + 1):
        room = replace(room, name=name, prose=80, value=60)
        yield _draft(card, room)


def _reasons(card: VerdictCard) -> tuple[int, ...]:
    told = sum(len(line.detail) for line in card.members if line.action is None)
    # Many long reasons hide the verdict even where there is room; each stands whole behind its button.
    return (_Room.reason, 120, 40) if told <= _READABLE else (120, 40)


def _fewer_trades(card: VerdictCard, room: _Room, least: int) -> Iterator[Draft]:
    for trades in range(room.trades - 1, least - 1, -1):
        yield _draft(card, replace(room, trades=trades))


def _draft(card: VerdictCard, room: _Room) -> Draft:
    shorter = card.model_copy(
        update={
            "ticker": _cut(card.ticker, room.value),
            "headline": _cut(card.headline, room.value),
            "rule": _cut(card.rule, room.prose) if card.rule else None,
            "subtitle": _cut(card.subtitle, room.prose),
            "facts": tuple((_cut(label, room.value), _cut(value, room.value)) for label, value in card.facts),
            "votes": tuple((*vote[:3], _cut(vote[3], 20)) for vote in card.votes),
            "members": tuple(_member(line, room) for line in card.members),
            "followers": tuple(_member(line, room) for line in card.followers),
            "dissent": tuple(_dissent(line, room) for line in card.dissent) if room.dissent else (),
            "trades": tuple(_cut(trade, room.trade) for trade in card.trades[: room.trades]),
            "footer": _cut(card.footer, room.prose),
            "caveat": _cut(card.caveat, room.prose) if card.caveat else None,
            "buttons": tuple(
                button.model_copy(update={"label": _name(button.label, room.name)}) for button in card.buttons
            ),
        }
    )
    return Draft(shorter, len(card.trades) - len(shorter.trades))


def _member(line: MemberLine, room: _Room) -> MemberLine:
    detail = _cut(line.detail, room.reason)
    if line.action is not None and not room.figures:
        # "72 % · $0.013 · 31.1 s": the confidence stands first, and the card tells cost and time in all.
        detail = _cut(line.detail.partition(" · ")[0], 20)
    return line.model_copy(
        update={
            "member": _name(line.member, room.name),
            "rating": _cut(line.rating, min(room.prose, 40)),
            "detail": detail,
            "note": _cut(line.note, room.note) if line.note and room.note else None,
        }
    )


def _dissent(line: DissentLine, room: _Room) -> DissentLine:
    return line.model_copy(
        update={"member": _name(line.member, room.name), "reason": _cut(line.reason, room.dissent)}
    )


def _cut(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def _name(text: str, limit: int) -> str:
    """Cut in the middle: names of one family differ at their ends."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    tail = limit - 1 - LEAST_NAME
    return line[:LEAST_NAME] + ELLIPSIS + (line[-tail:] if tail > 0 else "")
