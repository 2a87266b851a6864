import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.market.ticker_words import names_of, speaks_of


@pytest.mark.parametrize(
    ("ticker", "names"),
    [
        ("NVDA", ("$NVDA", "NVDA")),
        ("F", ("$F",)),
        ("ON", ("$ON",)),
        ("ALL", ("$ALL",)),
        ("BRK-B", ("$BRK.B", "$BRK-B", "BRK.B", "BRK-B")),
        ("BTC-USD", ("$BTC", "$BTC.X", "$BTC-USD", "BTC", "BTC.X", "BTC-USD")),
        ("SAP.DE", ("$SAP.DE", "SAP.DE")),
        ("^GSPC", ("$GSPC", "GSPC")),
        ("EURUSD=X", ()),
    ],
)
def test_a_ticker_is_looked_for_as_people_write_it(ticker: str, names: tuple[str, ...]) -> None:
    assert names_of(ticker) == names


@pytest.mark.parametrize(
    "text",
    [
        *("NVDA", "Why NVDA?", "NVDA.", "NVDA's chips", "(NVDA)", "$nvda", "$NVDA,", "#NVDA", "NVDA-related"),
        *(
            "AAPL/NVDA",
            "one\nNVDA up\nthree",
            "NVDA 200C YOLO",
            "NVDA to the moon",
            "THE $NVDA WILL GO UP NOW",
        ),
    ],
)
def test_a_text_that_names_it_is_found(text: str) -> None:
    assert speaks_of(names_of("NVDA"), [text])


@pytest.mark.parametrize(
    "text",
    [
        *("", "nvda", "Nvda", "NVDAX", "XNVDA", "$NVDAX", "$$NVDA", "NVDA.B", "NVDA-B", "$NVDA.B", "NVDA_1"),
        *("x.NVDA", "NVDÄ", "THEY ALL SAY NVDA WILL GO UP"),
    ],
)
def test_a_text_that_only_looks_like_it_is_not(text: str) -> None:
    assert not speaks_of(names_of("NVDA"), [text])


def test_a_common_word_counts_only_behind_a_dollar() -> None:
    assert not speaks_of(names_of("ALL"), ["I sold ALL of it"])
    assert speaks_of(names_of("ALL"), ["I sold $ALL"])


def test_a_pair_is_found_by_its_coin() -> None:
    assert speaks_of(names_of("BTC-USD"), ["BTC falls"])
    assert speaks_of(names_of("BTC-USD"), ["$BTC.X"])
    assert not speaks_of(names_of("BTC-USD"), ["btc, somewhere"])


@given(before=st.text(), after=st.text())
def test_no_text_makes_it_fail_and_a_tag_between_spaces_is_always_found(before: str, after: str) -> None:
    speaks_of(names_of("NVDA"), [before + "NVDA" + after])
    assert speaks_of(names_of("NVDA"), [f"{before} $NVDA {after}"])
