"""How text is made fit for Telegram; what becomes of it on each card is in `test_hostile_cards.py`."""

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cards import Button, Card, DialogueCard, HelpCard, Notice, ReasoningCard, SubscriptionsCard
from bot.commands import REGISTRY
from bot.telegram_render import PAGE_SIZE, render, render_caption, toast
from bot.telegram_text import JOINER, clean, cut, fit, inert, typed, units
from bot.telegram_text import Span as TextSpan
from tests import card_samples as samples
from tests.loopback.telegram_rules import (
    CAPTION_UNITS,
    Parsed,
    as_received,
    check_keyboard,
    check_text,
    check_toast,
)

LIVE = ("mention", "bot_command", "url", "email", "text_link", "text_mention")

FRAGMENTS = [
    "@channel_name",
    "@username",
    "tg://user?id=123456789",
    "https://evil.example/x?y=1#z",
    "t.me/joinchat",
    "http://1.2.3.4/a",
    "1.2.3.4",
    "mail me@firm.example now",
    "/run NVDA",
    "/run@OtherBot",
    "NVDA.US",
    "пример.рф",
    "भारत.भारत",
    "<think>",
    "</think>",
    "<b>bold",
    "</b>",
    "<a href='tg://user?id=1'>x</a>",
    "&lt;b&gt;",
    "&#64;all",
    "&amp;amp;",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```python\nprint(1)\n```",
    "שלום עולם",
    "مرحبا",
    "\u202eevil\u202c",
    "\u2067iso\u2069",
    "\u200b\u200d\ufeff",
    "👩\u200d👩\u200d👧\u200d👦🇺🇸",
    "𝔘𝔫𝔦",
    "\x00\x07\x1b[31m",
    "\r\n",
    "\r",
    "\u2028",
    "\ud800",
    "\udfff",
    "A\u030a",
    "e\u0301\u0333",
    "𝕏@𝕏./𝕏",
    "$TSLA #hash",
    "3.14 % of $1,000.00",
    "a/b and/or c",
    "\u2026",
    "\n\n\n\n",
    "   ",
]

TEXT = st.one_of(
    st.text(st.characters(), max_size=300),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join),
    st.builds(lambda text, times: (text * times)[:11_000], st.sampled_from(FRAGMENTS), st.integers(1, 3000)),
    st.just("w" * 2188),
    st.just("<think>" + "a line of 2,188 signs " * 500 + "</think>"),
)

COMMON = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def checked(card: Card) -> Parsed:
    """The message as Telegram accepts it; raises what Telegram would refuse."""
    message = render(card)
    rows = [[{"text": label, "callback_data": data} for label, data in row] for row in message.keyboard]
    check_keyboard({"inline_keyboard": rows} if rows else None)
    parsed = check_text(message.text_html, "HTML")
    allowed = {usage for usage, _ in card.commands} if isinstance(card, HelpCard) else set()
    if isinstance(card, HelpCard | Notice | DialogueCard | SubscriptionsCard):
        allowed |= {f"/{command.name}" for command in REGISTRY}
    assert set(parsed.of(*LIVE)) <= allowed
    return parsed


def words(text: str) -> str:
    """The visible signs of a text in order, without the white space and the marks that Telegram drops."""
    plain = re.sub("[\u202a-\u202e\u2066-\u2069\u2060\u200b-\u200f]", "", text)
    plain = re.sub("[\ud800-\udfff]", "\ufffd", plain)
    plain = re.sub(".\u030a", lambda match: unicodedata.normalize("NFC", match[0]), plain)
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u0333\u033f\u030a]+", "", plain)


@given(body=TEXT, points=st.lists(TEXT, max_size=4))
@COMMON
def test_a_page_loses_nothing_of_its_body(body: str, points: list[str]) -> None:
    page = body[:PAGE_SIZE]
    card = samples.REASONING.model_copy(update={"body": page, "key_points": tuple(points)})
    assert words(page) in words(checked(card).text)


@pytest.mark.parametrize("sign", ["x", "𝕏", "@a", "./", "👍", "<", "&", "://", "a.bc", "@", "漢"])
def test_a_full_page_of_one_sign_always_fits(sign: str) -> None:
    page = (sign * PAGE_SIZE)[:PAGE_SIZE]
    fields = dict.fromkeys(("title", "subtitle", "stage", "position", "footer", "caveat"), "long " * 400)
    card = samples.REASONING.model_copy(update={"body": page, "key_points": ("point " * 300,) * 12, **fields})
    parsed = checked(card)
    assert words(page) in words(parsed.text)
    assert units(parsed.text) <= 4096


def test_a_body_over_the_page_size_is_cut_with_an_ellipsis_and_not_refused() -> None:
    parsed = checked(samples.REASONING.model_copy(update={"body": "𝕏" * 11_000}))
    assert "𝕏…" in parsed.text


@given(text=TEXT)
@COMMON
def test_notices_captions_and_toasts_are_taken(text: str) -> None:
    checked(Notice(text=text, reference=text, buttons=(Button(label=text or "x", data="m.run NVDA"),)))
    caption = check_text(render_caption(text), "HTML", CAPTION_UNITS)
    assert caption.of(*LIVE) == []
    check_toast(toast(Notice(text=text)))


@given(text=st.text(max_size=200))
def test_inert_text_costs_at_most_two_units_a_sign_and_reads_the_same(text: str) -> None:
    safe = inert(clean(text))
    assert units(safe) <= 2 * len(text)
    assert safe.replace(JOINER, "") == clean(text).replace(JOINER, "")


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("price 3.14, 5 %, 1,000.50", "price 3.14, 5 %, 1,000.50"),
        ("BRK.B and/or GOOG", "BRK.B and/or GOOG"),
        ("see @alice", f"see @{JOINER}alice"),
        ("tg://user?id=1", f"tg:{JOINER}//user?id=1"),
        ("t.me/x", f"t.{JOINER}me/x"),
        ("/run", f"/{JOINER}run"),
        ("10.0.0.1", f"10.{JOINER}0.0.1"),
    ],
)
def test_only_what_telegram_would_link_is_touched(text: str, reads: str) -> None:
    assert inert(text) == reads


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("Send /help for the list.", ["/help"]),
        ("I don't know the command “/models @alice t.me/x”. Did you mean /models?", ["/models"]),
        ("/help@OtherBot, /helpers, x/help, /help/me, t.me/help, /buy and <!/help>", []),
        ("This button is too old. Send /run with your ticker, for instance /run NVDA.", ["/run"]),
        ("“an open quote /help", []),
    ],
)
def test_only_our_own_bare_commands_can_be_tapped_in_our_own_sentences(text: str, live: list[str]) -> None:
    assert checked(Notice(text=text)).of(*LIVE) == live
    assert checked(samples.HELP.model_copy(update={"commands": (), "intro": text})).of(*LIVE) == [
        *live,
        *(["/run"] if "/run NVDA" in text else []),
        "/help",
    ]


def test_copied_text_comes_back_as_it_was_typed() -> None:
    assert typed(inert("run NVDA.US and @alice")) == "run NVDA.US and @alice"


def test_a_free_standing_ring_above_is_kept_as_one_letter() -> None:
    assert clean("A\u030angstro\u0308m") == "Ångstro\u0308m"


@given(sizes=st.lists(st.integers(0, 300), min_size=1, max_size=12), limit=st.integers(50, 400))
def test_the_longest_parts_are_shortened_first(sizes: list[int], limit: int) -> None:
    fitted = fit([TextSpan("x" * size) for size in sizes], limit)
    left = [units(span.text) for span in fitted]
    assert sum(left) <= limit
    cap = max(left)
    assert all(now == size or now >= cap - 1 for now, size in zip(left, sizes, strict=True))


@given(text=st.text(max_size=50), limit=st.integers(1, 60))
def test_a_cut_never_splits_a_sign(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert units(short) <= limit
    assert short == text or short.endswith("…")
    short.encode()


def test_received_text_is_what_telegram_keeps() -> None:
    assert as_received(" a\tb\u202ec \n") == "a bc"


def test_the_samples_hold_a_reasoning_page() -> None:
    assert isinstance(samples.REASONING, ReasoningCard)
