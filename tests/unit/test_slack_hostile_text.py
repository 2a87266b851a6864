"""How text is made fit for Slack; what becomes of it on each card is in `test_hostile_cards.py`."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards import (
    Button,
    Notice,
    ReasoningCard,
)
from bot.slack_modals import loading_modal, modal, notice_modal
from bot.slack_render import PAGE_SIZE, render
from bot.slack_text import JOINER, clamp_bytes, harmless, literal, pieces, units
from tests.loopback.slack_rules import (
    notified,
    strings,
    view_error,
)

SNIPPETS = [
    "<!channel> ",
    "<!here|x>",
    "<@U0ALICE>",
    "<#C0TRADING|x>",
    "@channel",
    "@HERE ",
    "@everyone",
    "https://evil.example/a",
    "<https://evil.example|click>",
    "www.evil.example",
    "mailto:a@b.c",
    "*bold* _it_ ~no~ `code`",
    "```\nblock\n```",
    "<think>hm</think>",
    "| a | b |\n|---|---|\n",
    "&amp; & < >",
    "שלום עולם",
    "\u202eevil\u202c",
    "👩‍👩‍👧‍👦🚀",
    "\x00\x07\r\n\u2028",
    "\ud800",
    "日本語",
    "\n\n",
    " ",
    '\\"',
]
words = st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=40))
texts = st.lists(words, max_size=12).map("".join)
long_texts = st.one_of(
    texts,
    st.builds(lambda piece, times: piece * times, st.sampled_from(SNIPPETS), st.integers(1, 3000)),
    st.builds(lambda piece: (piece + " ") * 400, words),
    st.just("x" * 2188),
    st.just("y" * 11_000),
)
datas = st.from_regex(r"[wp]\.[a-z0-9]{8}\.[0-9]{1,3}\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True)
button_lists = st.lists(st.builds(Button, label=texts, data=datas), max_size=60).map(tuple)
maybe = st.none() | long_texts


lists_of_texts = st.lists(long_texts, max_size=12).map(tuple)
reasonings = st.builds(
    ReasoningCard,
    title=long_texts,
    subtitle=long_texts,
    stage=texts,
    position=texts,
    body=long_texts.map(lambda text: text[:PAGE_SIZE]),
    key_points=lists_of_texts,
    footer=long_texts,
    caveat=maybe,
    page_buttons=button_lists,
    stage_buttons=button_lists,
)
relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def seen(text: str) -> str:
    return re.sub(r"\s+", "", harmless(text))


@relaxed
@given(reasonings)
def test_a_page_of_reasoning_is_shown_whole_in_the_message_and_in_the_modal(card: ReasoningCard) -> None:
    view = modal(card, metadata="C0TRADING")

    assert view_error(view) is None
    assert notified(view) == []
    for blocks in (render(card).blocks, view["blocks"]):
        shown = "".join(text for _, text in strings([b for b in blocks if b["type"] == "section"]))
        assert seen(card.body) in seen(shown) or not seen(card.body)


@relaxed
@given(long_texts)
def test_notices_fit_a_modal(text: str) -> None:
    assert view_error(notice_modal(Notice(text=text), "m" * 4000)) is None
    assert view_error(loading_modal()) is None


@relaxed
@given(long_texts, st.integers(60, 3000))
def test_cutting_into_pieces_loses_no_visible_sign(text: str, limit: int) -> None:
    clean = harmless(text)
    cut = pieces(clean, limit)

    assert re.sub(r"\s", "", "".join(cut)) == re.sub(r"\s", "", clean)
    assert all(units(piece) <= limit for piece in cut)


@relaxed
@given(long_texts, st.integers(20, 4000))
def test_a_text_cut_by_bytes_is_escaped_and_never_ends_inside_an_entity(text: str, limit: int) -> None:
    cut = clamp_bytes(harmless(text), limit)

    assert len(cut.encode()) <= limit
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", cut)


@relaxed
@given(texts)
def test_making_a_text_harmless_twice_changes_nothing_more(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)


def test_a_person_sees_the_same_text_after_it_was_made_harmless() -> None:
    assert (
        harmless("ask @channel at https://x.example").replace(JOINER, "")
        == "ask @channel at https://x.example"
    )
    assert literal("a*b* <c> & d").replace(JOINER, "") == "a*b* &lt;c&gt; &amp; d"
