"""Cards as Telegram's rich messages, with real tables and parts that fold: HTML in, for servers that take it.

Rich messages are in the Bot API since 10.1. Only the cards that gain by them are drawn so: the ranking, a
verdict, a member's reasoning, costs. Every text goes through `one_line`, is escaped, and is sent with the
detection of mentions and links switched off.
"""

from collections.abc import Iterable, Sequence

from bot.cards import Card, LeaderboardCard, MemberLine, ReasoningCard, StandingLine, VerdictCard
from bot.cost_cards import HEADS, CostCard, cells_of
from bot.signs import ACTION_SIGNS
from bot.telegram_text import one_line, paragraphs, units, visible

MAX_UNITS = 32_768
MAX_BLOCKS = 500
_LONG_BODY = 500
_FIRST_FACTS = 2
"""How strongly the committee agrees, and how sure it is: what nobody should have to unfold."""
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_RIGHT = ' align="right"'

Row = Sequence[str]


def rich(card: Card) -> str | None:
    """Return the HTML of a rich message, or None where the card has none or would be too large for one."""
    match card:
        case LeaderboardCard():
            parts = _leaderboard(card)
        case VerdictCard():
            parts = _verdict(card)
        case ReasoningCard():
            parts = _reasoning(card)
        case CostCard():
            parts = _costs(card)
        case _:
            return None
    html = "".join(parts)
    blocks = sum(html.count(f"<{tag}") for tag in ("h3", "p", "tr", "li", "table", "details", "ul", "footer"))
    return html if units(html) <= MAX_UNITS and blocks <= MAX_BLOCKS else None


def _leaderboard(card: LeaderboardCard) -> list[str]:
    heads = [
        "#",
        "Member",
        *([card.metric] if card.metric else []),
        "Value",
        "Return",
        "P&L",
        "Trades",
        "Wins",
        *([] if card.metric else ["Cash"]),
    ]
    rows = [_standing(line, scored=bool(card.metric)) for line in card.standings]
    warnings = [f"⚠️ {line.member}: {line.warning}" for line in card.standings if line.warning]
    luck = [f"{member} · {sentence}" for member, sentence in card.luck]
    return [
        *_head(card.title, card.subtitle, card.caveat),
        _table(heads, rows, left=2),
        *map(_paragraph, (*warnings, *card.facts)),
        _folded("Skill or luck?", [_paragraph(line) for line in luck]),
        _foot(card.footer, card.stamp),
    ]


def _standing(line: StandingLine, *, scored: bool) -> list[str]:
    place = f"{line.medal.strip() or line.rank} {line.moved}".strip()
    score = [line.score or "—"] if scored else []
    figures = [line.value, line.return_, line.pnl, line.trades, line.win_rate]
    return [place, line.member, *score, *figures, *([] if scored else [line.cash])]


def _verdict(card: VerdictCard) -> list[str]:
    sign = ACTION_SIGNS[card.decision]
    votes = [
        [f"{ACTION_SIGNS[action]} {action.value}", str(count), share]
        for action, count, _, share in card.votes
    ]
    members = [_member(line) for line in (*card.members, *card.followers)]
    dissent = [f"◆ {line.member} {line.action.value}: {line.reason}" for line in card.dissent]
    figures = [list(pair) for pair in card.facts[_FIRST_FACTS:]]
    return [
        *_head(f"{sign} {card.ticker} · {card.headline}", card.subtitle, card.caveat),
        *([_paragraph(card.rule)] if card.rule else []),
        *(f"<p><b>{_text(name)}</b> {_text(value)}</p>" for name, value in card.facts[:_FIRST_FACTS]),
        _table(["Votes", "Members", "Weight"], votes, left=1) if votes else "",
        _table(["Member", "Vote", "Details"], members, left=3) if members else "",
        _folded("Figures", [_table(["", ""], figures, left=2)] if figures else []),
        _folded("Dissent", map(_paragraph, dissent)),
        _folded(f"Paper trades ({len(card.trades)})", [_list(card.trades)] if card.trades else []),
        _foot(card.footer),
    ]


def _member(line: MemberLine) -> list[str]:
    marks = " · ".join(text for text in ("outlier" if line.outlier else "", line.note or "") if text)
    told = " · ".join(text for text in (line.rating, line.detail, marks) if text.strip())
    vote = f"{ACTION_SIGNS[line.action]} {line.action.value if line.action else 'none'}"
    return [line.member, vote, told]


def _reasoning(card: ReasoningCard) -> list[str]:
    body = [_paragraph(text) for text in paragraphs(card.body).split("\n") if visible(text)]
    long = len(card.body) > _LONG_BODY
    return [
        *_head(card.title, card.subtitle, card.caveat),
        f"<p><b>{_text(card.stage)}</b> · {_text(card.position)}</p>",
        _list(card.key_points) if card.key_points else "",
        _folded("The whole text", body) if long else "".join(body),
        *(_paragraph(check) for check in card.checks),
        _foot(card.footer),
    ]


def _costs(card: CostCard) -> list[str]:
    rows = [[row.name, *cells_of(row)] for row in card.rows]
    more = f"… and {card.more} more" if card.more > 0 else ""
    return [
        *([_paragraph(f"⏰ {card.note}")] if card.note else []),
        *_head(card.title, card.subtitle, None),
        _table(["", ""], card.facts, left=2),
        *(_paragraph(f"Left today: {line}") for line in card.left),
        _table([card.head, *HEADS], rows, left=1) if rows else "",
        _paragraph(more),
        *(_paragraph(f"⚠️ {line}") for line in card.notes),
        _foot(card.footer),
    ]


def _head(title: str, subtitle: str, caveat: str | None) -> list[str]:
    below = [f"<p><i>{_text(subtitle)}</i></p>"] if visible(subtitle) else []
    return [f"<h3>{_text(title)}</h3>", *below, *([_paragraph(f"⚠️ {caveat}")] if caveat else [])]


def _foot(*texts: str) -> str:
    told = " · ".join(text for text in texts if visible(text))
    return f"<footer>{_text(told)}</footer>"


def _table(heads: Row, rows: Iterable[Row], *, left: int) -> str:
    """Return a table whose first `left` columns are ranged left, the others right; heads may be empty."""

    def cells(row: Row, tag: str) -> str:
        made = (
            f"<{tag}{'' if place < left else _RIGHT}>{_text(text)}</{tag}>" for place, text in enumerate(row)
        )
        return f"<tr>{''.join(made)}</tr>"

    head = cells(heads, "th") if any(heads) else ""
    return f"<table bordered striped>{head}{''.join(cells(row, 'td') for row in rows)}</table>"


def _list(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(text)}</li>' for text in texts)}</ul>"


def _folded(title: str, parts: Iterable[str]) -> str:
    """Return a part that a person unfolds, or nothing where it would be empty."""
    inside = "".join(parts)
    return f"<details><summary>{_text(title)}</summary>{inside}</details>" if inside else ""


def _paragraph(text: str) -> str:
    return f"<p>{_text(text)}</p>" if visible(text) else ""


def _text(text: str) -> str:
    """Return text from elsewhere in one line, escaped; never empty, for an empty cell may be refused."""
    line = one_line(text)
    return line.translate(_ESCAPED) if visible(line) else "–"
