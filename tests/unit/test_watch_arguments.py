"""What may stand behind `/watch`, and what its buttons carry."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands import parse
from bot.watch_arguments import WatchArguments, watch
from bot.watch_buttons import Unwatch, decode, encode
from core.domain.errors import Refused


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("watch", WatchArguments()),
        ("watchlist", WatchArguments()),
        ("watch LIST", WatchArguments()),
        ("watch add nvda $aapl,NVDA brk-b", WatchArguments("add", ("NVDA", "AAPL", "BRK-B"))),
        ("watch rm NVDA", WatchArguments("remove", ("NVDA",))),
        ("watch remove all", WatchArguments("clear")),
        ("watch clear", WatchArguments("clear")),
    ],
)
def test_a_line_is_read(text: str, arguments: WatchArguments) -> None:
    assert parse(text)[1] == arguments


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("add", "Which ticker? Write for instance /watch add NVDA."),
        ("remove", "Which ticker? Write for instance /watch remove NVDA."),
        ("NVDA", "To watch NVDA, write /watch add NVDA; to stop, /watch remove NVDA."),
        ("remov NVDA", "“remov” is nothing to do with a watchlist. Did you mean /watch remove?"),
        ("add <!channel>", "“<!channel>” is not a ticker. Write one like NVDA, BRK-B or BTC-USD."),
        ("list NVDA", "/watch list takes nothing more. Write /watch add NVDA or /watch remove NVDA."),
        (
            "add " + " ".join(f"T{number}" for number in range(51)),
            "That is 51 tickers; /watch add takes up to 50 at once.",
        ),
        (
            "_!_",
            "“_!_” is nothing to do with a watchlist. "
            "Write /watch add NVDA, /watch remove NVDA or /watch list.",
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_write(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(f"watch {text}")
    assert str(caught.value) == sentence


@given(st.lists(st.text(max_size=30) | st.sampled_from(["add", "remove", "all"]), max_size=5))
def test_any_words_are_read_or_refused_in_one_short_sentence(words: list[str]) -> None:
    try:
        found = watch(words)
    except Refused as refused:
        assert len(str(refused)) < 300
        assert "\n" not in str(refused)
    else:
        assert all(ticker == ticker.upper() for ticker in found.tickers)


@given(
    st.builds(
        Unwatch,
        st.text("0123456789abcdef", min_size=8, max_size=8),
        st.none() | st.sampled_from(["NVDA", "BRK.B", "BTC-USD", "^GSPC", "EURUSD=X"]),
    )
)
def test_what_was_written_into_a_button_is_read_back(wish: Unwatch) -> None:
    assert len(encode(wish).encode()) <= 64
    assert decode(encode(wish)) == wish


@given(st.text(max_size=80).map(lambda text: f"t.{text}"))
@example("t.0123abcd.nvda")
@example("t.0123abcd.NVDA\n")
@example("t.0123ABCD")
def test_what_is_not_ours_is_refused(data: str) -> None:
    try:
        wish = decode(data)
    except Refused as refused:
        assert "too old" in str(refused)
    else:
        assert encode(wish) == data


def test_a_button_that_could_not_be_read_back_is_not_made() -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        encode(Unwatch("chat", "NVDA"))
