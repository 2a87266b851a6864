"""Text from people and models at its worst, for every renderer alike, and how much of a text is seen."""

import re
import unicodedata

from hypothesis import strategies as st

FRAGMENTS = (
    # Mentions, of every kind that either platform knows
    *(
        "@channel_name",
        "@username",
        "@channel",
        "@HERE ",
        "@everyone",
        "<!channel> ",
        "<!here|x>",
        "<@U0ALICE>",
    ),
    *("<#C0TRADING|x>", "tg://user?id=123456789", "&#64;all", "𝕏@𝕏./𝕏"),
    # Links and addresses
    *("https://evil.example/x?y=1#z", "<https://evil.example|click>", "www.evil.example", "t.me/joinchat"),
    *("http://1.2.3.4/a", "1.2.3.4", "mail me@firm.example now", "mailto:a@b.c", "NVDA.US"),
    *("пример.рф", "भारत.भारत"),
    # Commands
    *("/run NVDA", "/run@OtherBot", "“/stop", "/help”"),
    # Markup
    *(
        "<think>",
        "</think>",
        "<b>bold",
        "</b>",
        "<a href='tg://user?id=1'>x</a>",
        "&lt;b&gt;",
        "&amp;amp; & < >",
    ),
    *("*bold* _it_ ~no~ `code`", "```python\nprint(1)\n```", "[bold red]", "[/]", '\\"', "$TSLA #hash"),
    "| a | b |\n|---|---|\n| 1 | 2 |",
    # Scripts, emoji, and what is drawn together
    *("שלום עולם", "مرحبا", "日本語", "👩\u200d👩\u200d👧\u200d👦🇺🇸🚀", "𝔘𝔫𝔦", "A\u030a", "e\u0301\u0333"),
    # Signs that are none, or turn the direction of writing
    *("\u202eevil\u202c", "\u2067iso\u2069", "\u200b\u200d\ufeff", "\x00\x07\x1b[31m", "\x1b]0;owned\x07"),
    *("\x9b", "\r\n", "\r", "\u2028", "\u2029", "\ud800", "\udfff", "\t", "\n\n\n\n", "   ", " ", "\u2800"),
    *("3.14 % of $1,000.00", "a/b and/or c", "w" * 90),
)
LONG = (
    "w" * 2188,
    "y" * 11_000,
    "<think>" + "a line of signs & more " * 500 + "</think>",
    "| a | b |\n|---|---|\n" * 500,
    "&<>" * 3_000,
    "𝕏@𝕏 " * 2_750,
)

MIXED = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join),
)
TEXTS = st.one_of(
    MIXED,
    MIXED,
    st.sampled_from(LONG),
    st.builds(lambda text, times: (text * times)[:11_000], st.sampled_from(FRAGMENTS), st.integers(1, 3_000)),
)
"""Anything, up to 11,000 signs."""

_DROPPED = re.compile("[\u0333\u033f\u030a]")


def seen(text: str) -> str:
    """Return the signs that a person sees, in order: without white space, and what no platform shows."""
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    whole = re.sub(".\u030a", lambda match: unicodedata.normalize("NFC", match[0]), whole)
    return "".join(sign for sign in _DROPPED.sub("", whole) if unicodedata.category(sign)[0] not in "CZ")
