"""Texts from outside become plain, whatever is in them."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.evidence_items import MOST_SIGNS, plain

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}


@given(st.text() | st.text("ab \n\u200b\u202e\u2028\xa0\ue000\ud800\x1c", max_size=30))
@example("a" * (MOST_SIGNS + 1))
@example("\n ".join("a" * MOST_SIGNS))
def test_a_text_is_one_line_of_signs_that_are_seen(text: str) -> None:
    line = plain(text)

    assert isinstance(line, str)
    assert line.isprintable()
    assert (line == line.strip(), "  " in line, len(line) <= MOST_SIGNS) == (True, False, True)
    seen = [sign for sign in text if not sign.isspace() and unicodedata.category(sign) not in HIDDEN]
    kept = line.replace(" ", "")
    assert kept == "".join(seen) or (line.endswith(" …") and "".join(seen).startswith(kept[:-1]))
    assert plain(line) == line


def test_words_stay_apart_and_what_is_no_text_stays_as_it_is() -> None:
    assert plain(" buy\u200b\n\tnow\u2028 please ") == "buy now please"
    assert plain(None) is None
