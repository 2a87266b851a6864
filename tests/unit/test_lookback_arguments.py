"""What may stand behind `/history`, `/compare` and `/export`, and what their buttons carry."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands import parse
from bot.lookback_arguments import (
    CompareArguments,
    ExportArguments,
    HistoryArguments,
    compare,
    export,
    history,
)
from bot.lookback_buttons import (
    ExportRun,
    LookbackWish,
    TurnBooks,
    TurnCompared,
    TurnHistory,
    decode,
    encode,
)
from bot.presses import kind_of
from core.domain.errors import Refused

NUMBERS = st.integers(1, 999_999_999)
RUNS = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=8, max_size=8)
WISHES: st.SearchStrategy[LookbackWish] = st.one_of(
    st.builds(TurnHistory, NUMBERS, st.none() | st.sampled_from(["NVDA", "BRK.B", "^GSPC", "EURUSD=X"])),
    st.builds(TurnCompared, RUNS, NUMBERS, NUMBERS, NUMBERS),
    st.builds(TurnBooks, NUMBERS),
    st.builds(TurnBooks, NUMBERS, st.sampled_from(["holdings", "trades", "history"]), NUMBERS),
    st.builds(ExportRun, RUNS),
)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("history", HistoryArguments()),
        ("history all", HistoryArguments()),
        ("history $nvda", HistoryArguments("NVDA")),
        ("compare claude gpt", CompareArguments("claude", "gpt")),
        ("compare claude vs gpt NVDA", CompareArguments("claude", "gpt", "NVDA")),
        ("compare claude,gpt k3xq9d2m", CompareArguments("claude", "gpt", "k3xq9d2m")),
        ("export", ExportArguments()),
        ("export run", ExportArguments()),
        ("export run $NVDA", ExportArguments("NVDA")),
        ("export run k3xq9d2m claude", ExportArguments("k3xq9d2m", "claude")),
    ],
)
def test_a_line_is_read(text: str, arguments: object) -> None:
    assert parse(text)[1] == arguments


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("history NVDA AAPL", "One ticker at a time: write /history NVDA, or /history for all."),
        ("history <b>", "“<b>” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        (
            "compare",
            "Which two models? Write for instance /compare claude gpt or /compare claude gpt NVDA.",
        ),
        (
            "compare claude",
            "With which other model? Write for instance /compare claude gpt or /compare claude gpt NVDA.",
        ),
        (
            "compare a b c d",
            "“d” is one too many: /compare takes two models and a ticker, as in /compare claude gpt NVDA.",
        ),
        ("compare @all gpt", "“@all” is no model's name. Send /models for the list."),
        ("export NVDA", "To get that run as files, write /export run NVDA."),
        ("export runn NVDA", "“runn” cannot be exported. Write for instance /export run NVDA."),
        ("export run A b c", "One run, and one model at most: write for instance /export run NVDA claude."),
    ],
)
def test_a_mistake_is_told_with_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("read", [history, compare, export])
@given(words=st.lists(st.text(max_size=30) | st.sampled_from(["run", "NVDA", "vs", "claude"]), max_size=5))
def test_any_words_are_read_or_refused_in_one_short_sentence(
    read: Callable[[Sequence[str]], object], words: list[str]
) -> None:
    try:
        read(words)
    except Refused as refused:
        assert len(str(refused)) < 300
        assert "\n" not in str(refused)


@given(WISHES)
def test_what_was_written_into_a_button_is_read_back(wish: LookbackWish) -> None:
    data = encode(wish)
    assert len(data.encode()) <= 64
    assert kind_of(data)
    assert decode(data) == wish


@given(st.sampled_from("hkoe"), st.text(max_size=80))
@example("h", "1.nvda")
@example("h", "0")
@example("k", "k3xq9d2m.1.2.3\n")
@example("o", "1.h")
@example("e", "../../etc")
def test_what_is_not_ours_is_refused_and_what_is_ours_is_read(letter: str, rest: str) -> None:
    try:
        wish = decode(f"{letter}.{rest}")
    except Refused as refused:
        assert "too old" in str(refused)
    else:
        assert encode(wish) == f"{letter}.{rest}"


def test_a_button_that_could_not_be_read_back_is_not_made() -> None:
    for wish in (TurnHistory(0), TurnHistory(1, "nvda"), TurnCompared("K", 1, 2, 3), ExportRun("a b")):
        with pytest.raises(ValueError, match="no button can carry"):
            encode(wish)
