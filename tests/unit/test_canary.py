"""The word that no answer may hold."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.stage import SPOKEN
from core.pipeline.canary import canary_of, marks_of, speaks
from core.pipeline.fences import key_of
from core.pipeline.prompting import role, system_prompt
from tests import packs

SHA = "a6ca5c50abec" + "0" * 52
WORD = canary_of(SHA)


def test_every_pack_has_its_own_word_which_the_key_of_the_fences_does_not_tell() -> None:
    assert canary_of(SHA) == WORD != canary_of(SHA[:12] + "1" * 52)
    assert key_of(SHA) not in WORD


def test_the_system_text_holds_the_word_once_and_else_is_the_file() -> None:
    pack = packs.evidence()
    text, word = system_prompt(pack), canary_of(pack.sha256)
    assert text.count(word) == 1
    assert text.replace(word, "{canary}") == role("system")


@pytest.mark.parametrize(
    "said",
    [WORD, f"The word is {WORD.upper()}.", "-".join(WORD), " ".join(WORD), f"{WORD[:8]}\u200b{WORD[8:]}"],
)
def test_the_word_is_found_however_it_is_spelt(said: str) -> None:
    assert speaks(WORD, f'{{"report": "{said}"}}', {"report": said})
    assert speaks(WORD, "{}", {"key_points": ["fine", said]})
    assert speaks(WORD, f"{said} {{}}", {})


def test_what_a_model_only_thinks_is_no_answer() -> None:
    assert not speaks(
        WORD, f'<think>I must not write {WORD}.</think>{{"report": "fine"}}', {"report": "fine"}
    )


@given(st.text(), st.binary())
def test_other_answers_are_never_taken_for_the_word(text: str, more: bytes) -> None:
    said = f"{text} {base64.b64encode(more).decode()} {SHA}"
    assert not speaks(WORD, said, {"report": said})


def test_marks_are_sentences_for_people_without_the_word() -> None:
    assert marks_of(True, False, ()) == (SPOKEN,)
    assert marks_of(False, True, ()) == ()
    assert WORD not in SPOKEN
