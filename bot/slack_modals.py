"""Conclave's cards as Slack modals. Pure: the same card gives the same view."""

from typing import Any

from bot.cards import Card, Notice, ReasoningCard, VerdictCard
from bot.presses import PICTURES, kind_of
from bot.signs import ACTION_SIGNS
from bot.slack_blocks import (
    ACTION_PREFIX,
    Block,
    Element,
    Part,
    button,
    context,
    fit,
    header,
    plain,
    rich,
    run,
    sections,
    select,
)
from bot.slack_render import mark_of, parts_of, reasoning_parts
from bot.slack_text import clamp, one_line
from bot.window_cards import EvidenceWindow, ReasoningWindow, VerdictWindow

MAX_TITLE = 24
MAX_METADATA = 3_000
MAX_VIEW_BLOCKS = 100
MAX_VIEW_TOTAL = 38_000
"""Far below the 250,000 bytes that Slack takes: nobody reads more in a window."""

_MEMBERS_ROOM = 20_000
_MAX_STORY = 8_000
_OTHERS = "Open a member's reasoning"

View = dict[str, Any]


def modal(
    card: ReasoningCard,
    metadata: str = "",
    *,
    note: str | None = None,
    link: str | None = None,
    post: bool = False,
) -> View:
    """Return the page of reasoning as a modal; `metadata` comes back with every press inside it.

    `note` is a line on top about what was just done, and `link` an address of Slack's that shows it. With
    `post`, a button shows the page to everybody.
    """
    title = one_line(card.title)
    parts = reasoning_parts(card, headed=clamp(title, MAX_TITLE) != title)
    if isinstance(card, ReasoningWindow):
        parts = [*_members(card), *parts, *_beyond(card, post=post)]
    return view_of(title, [*map(Part, _noted(note, link)), *parts], metadata)


def card_modal(card: Card, metadata: str = "", *, note: str | None = None, post: bool = False) -> View:
    """Return any card as a modal; `note` is for a page of reasoning.

    With `post`, it has the buttons whose answer goes into the thread of the verdict.
    """
    match card:
        case ReasoningCard():
            return modal(card, metadata, note=note, post=post)
        case VerdictWindow():
            return _explained(card, metadata, post=post)
        case VerdictCard():
            return view_of(f"{card.ticker} · {card.headline}", parts_of(card)[0], metadata)
        case Notice():
            return notice_modal(card, metadata)
    title, parts = one_line(getattr(card, "title", "") or getattr(card, "headline", "")), parts_of(card)[0]
    if isinstance(card, EvidenceWindow) and card.verdict:
        parts = [
            *parts,
            Part({"type": "actions", "elements": [button(card.verdict, f"{ACTION_PREFIX}.verdict")]}),
        ]
    # A headline that says no more than the title above it would only be said twice.
    said = [part for part in parts if part.block == header(title)] if clamp(title, MAX_TITLE) == title else []
    rest = [part for part in parts if part not in said[:1]]
    return view_of(title, rest or parts, metadata)


def _noted(note: str | None, link: str | None) -> list[Block]:
    if not (note and link):
        return context(note)
    there: Element = {"type": "link", "url": link, "text": "See it there", "style": {"bold": True}}
    return rich([[run(f"{note} "), there]])


def notice_modal(notice: Notice, metadata: str = "") -> View:
    """Return a notice as a modal."""
    return view_of("Conclave", parts_of(notice)[0], metadata)


def loading_modal(metadata: str = "", title: str = "Conclave") -> View:
    """Return what stands in a modal until its page is ready."""
    return view_of(title, [Part(block) for block in context("⏳ Loading…")], metadata)


def view_of(title: str, parts: list[Part], metadata: str, **more: Any) -> View:
    """Return a modal with these parts, as many as have room; `more` are other fields of the view."""
    return {
        "type": "modal",
        "title": plain(one_line(title), MAX_TITLE),
        "close": plain("Close", MAX_TITLE),
        "private_metadata": metadata[:MAX_METADATA],
        "blocks": fit(parts, MAX_VIEW_BLOCKS, MAX_VIEW_TOTAL),
    } | more


def _explained(card: VerdictWindow, metadata: str, *, post: bool) -> View:
    if not post:
        shown = tuple(one for one in card.more_buttons if kind_of(one.data) != PICTURES)
        card = card.model_copy(update={"more_buttons": shown})  # no modal shows a picture
    menu = select(card.member_buttons, f"{ACTION_PREFIX}.member", _OTHERS, _MEMBERS_ROOM)
    told = [Part(block) for block in sections(clamp(card.story, _MAX_STORY))]
    rows: list[Block] = [{"type": "actions", "elements": [menu]}] if menu else []
    headline, *parts = parts_of(card.model_copy(update={"buttons": ()}))[0]
    title = one_line(f"{ACTION_SIGNS[card.decision]} {card.ticker} · {card.headline}")
    # The decision first, then how it came about, then the way on, then the figures.
    head = [] if clamp(title, MAX_TITLE) == title else [headline]
    return view_of(title, [*head, *told, *(Part(row) for row in rows), *parts], metadata)


def _members(card: ReasoningWindow) -> list[Part]:
    menu = select(card.member_buttons, f"{ACTION_PREFIX}.member", card.member or _OTHERS, _MEMBERS_ROOM)
    if not menu:
        return []
    return [Part({"type": "actions", "block_id": f"who-{mark_of(card)}", "elements": [menu]})]


def _beyond(card: ReasoningWindow, *, post: bool) -> list[Part]:
    offered = [(card.verdict, "verdict"), (card.post if post else None, "post")]
    elements = [button(one, f"{ACTION_PREFIX}.{name}") for one, name in offered if one]
    return [Part({"type": "actions", "elements": elements})] if elements else []
