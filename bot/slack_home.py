"""A person's own page as Slack's Home tab. Pure: the same page gives the same view."""

from typing import Any

from bot.cards import Button, LeaderboardCard, SubscriptionLine, SummaryCard, SummaryLine
from bot.home_page import HomeChannel, HomePage
from bot.signs import ACTION_SIGNS
from bot.slack_blocks import (
    ACTION_PREFIX,
    MAX_BUTTONS,
    Block,
    Element,
    Part,
    button,
    context,
    divider,
    fit,
    header,
    plain,
    rich,
    run,
    sections,
)
from bot.slack_fields import FORM_PREFIX
from bot.slack_modals import MAX_METADATA, MAX_VIEW_BLOCKS, MAX_VIEW_TOTAL, View
from bot.slack_render import parts_of
from bot.slack_text import clamp, one_line

_MAX_LINE = 300
_MAX_INTRO = 2_000
_MOST_TICKERS = 40
_TABLE_OF_TRADES = 3
"""The rank of the leaderboard's second table, for which the page has no room."""


def home_view(page: HomePage, metadata: str = "") -> View:
    """Return the page as a view to publish; `metadata` comes back with every press on it."""
    parts = [
        Part(header(page.title)),
        *_parts(sections(clamp(page.intro, _MAX_INTRO))),
        *_parts(_top(page)),
        *_leaderboard(page.leaderboard),
        *_verdicts(page.verdicts, page.leaderboard),
        *_watchlist(page),
        *_channels(page),
        *_parts(context(page.footer)),
    ]
    return {
        "type": "home",
        "private_metadata": metadata[:MAX_METADATA],
        "blocks": fit(parts, MAX_VIEW_BLOCKS, MAX_VIEW_TOTAL),
    }


def _top(page: HomePage) -> list[Block]:
    elements: list[Element] = [
        form_button(label, form, "", primary=form == "ask") for form, label in page.forms
    ]
    elements += [button(one, f"{ACTION_PREFIX}.home.{place}") for place, one in enumerate(page.buttons)]
    return [{"type": "actions", "elements": elements[:MAX_BUTTONS]}] if elements else []


def form_button(label: str, form: str, value: str, place: str = "top", *, primary: bool = False) -> Element:
    """Return a button that opens a form; `value` is what stands in it at first, where that is known."""
    made = button(Button(label=label, data=one_line(value) or form), f"{FORM_PREFIX}.open.{form}.{place}")
    return made | ({"style": "primary"} if primary else {})


def _leaderboard(card: LeaderboardCard | None) -> list[Part]:
    if card is None:
        return []
    kept = [part for part in parts_of(card)[0] if part.rank != _TABLE_OF_TRADES]
    return [Part(divider()), *kept]


def _verdicts(card: SummaryCard | None, board: LeaderboardCard | None) -> list[Part]:
    if card is None:
        return []
    openers = {one.label: one for one in card.buttons}
    return [
        Part(divider()),
        Part(header(card.title)),
        # The leaderboard above has mostly said the same.
        *_parts(context(card.caveat if board is None or card.caveat != board.caveat else None)),
        *(Part(_verdict(line, openers.get(line.ticker), place), 2) for place, line in enumerate(card.lines)),
    ]


def _verdict(line: SummaryLine, opener: Button | None, place: int) -> Block:
    sign = ACTION_SIGNS[line.action]
    told = [f"{sign} {_line(line.ticker)} {_line(line.headline)}", _line(line.detail), _line(line.votes)]
    block: Block = {"type": "section", "text": plain("\n".join(filter(None, told)), 3 * _MAX_LINE)}
    if opener is None:
        return block
    made = button(opener.model_copy(update={"label": "Open"}), f"{ACTION_PREFIX}.latest.{place}")
    return block | {"accessory": made}


def _watchlist(page: HomePage) -> list[Part]:
    if not page.watchlist:
        return []
    shown = page.watchlist[:_MOST_TICKERS]
    more = len(page.watchlist) - len(shown)
    line: list[Element] = []
    for ticker in shown:
        line += [run(_line(ticker), code=True), run("  ")]
    if more > 0:
        line.append(run(f"and {more} more"))
    asks = any(form == "ask" for form, _ in page.forms)
    ask = form_button("Ask about these", "ask", " ".join(shown[:5]), "watchlist")
    rows: list[Block] = [{"type": "actions", "elements": [ask]}] if asks else []
    return [Part(divider()), Part(header("Watchlist")), *_parts([*rich([line]), *rows], 1)]


def _channels(page: HomePage) -> list[Part]:
    if not (page.channels or page.no_channels):
        return []
    head = [Part(divider()), Part(header("What your channels receive"))]
    return [
        *head,
        *_parts(context(page.no_channels)),
        *(part for place, one in enumerate(page.channels) for part in _channel(one, place)),
    ]


def _channel(channel: HomeChannel, place: int) -> list[Part]:
    name = rich_place(channel.chat)
    more: list[Block] = context(f"… and {channel.more} more" if channel.more else None)
    change = form_button("Change", "subscribe", channel.chat, str(place))
    return [
        Part({"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [name]}]}, 3),
        *_parts(rich(line for one in channel.lines for line in _subscription(one)), 3),
        *_parts(more, 4),
        Part({"type": "actions", "elements": [change]}, 3),
    ]


def rich_place(chat: str) -> dict[str, Any]:
    """Return the name of a channel, which Slack fills in; any other conversation is the one with the app."""
    if chat.startswith(("C", "G")):
        return {"type": "channel", "channel_id": chat}
    return run("Direct message with Conclave", bold=True)


def _subscription(one: SubscriptionLine) -> list[list[Element]]:
    told = " · ".join(_line(text) for text in (one.when, one.next, one.place) if text)
    return [[run("• "), run(_line(one.line), code=True)], [run(f"\u2003{told}", italic=True)]]


def _parts(blocks: list[Block], rank: int = 0) -> list[Part]:
    return [Part(block, rank) for block in blocks]


def _line(text: str) -> str:
    return clamp(one_line(text), _MAX_LINE)
