"""Numbers in what members write, checked against the evidence."""

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.bars import Bar
from core.domain.evidence import Evidence
from core.pipeline.claim_names import named_figures
from core.pipeline.claim_numbers import values_of
from core.pipeline.claims import MOST_MARKS, Claims
from core.pipeline.facts import evidence_text
from tests import packs
from tests.claim_facts import RIGHT, WRONG, pack

PACK = pack()
CLAIMS = Claims(PACK, [evidence_text(PACK)])


def crowded() -> Evidence:
    """The pack with a year before its bars, in which every price from 120 to 215 stands, and long lists."""
    first = PACK.bars[0].date
    year = [
        Bar(
            date=first - timedelta(days=number + 1),
            open=Decimal(120 + number % 96),
            high=Decimal(120 + number % 96) + Decimal("0.75"),
            low=Decimal(120 + number % 96) - Decimal("0.70"),
            close=Decimal(120 + number % 96) + Decimal("0.30"),
            volume=45 + number,
        )
        for number in range(220)
    ]
    return PACK.model_copy(update={"bars": (*reversed(year), *PACK.bars)})


CROWDED = crowded()
BUSY = Claims(CROWDED, [evidence_text(CROWDED), *(f"period end + {days} days" for days in range(100))])


@pytest.mark.parametrize("sentence", RIGHT)
def test_a_right_sentence_has_no_mark(sentence: str) -> None:
    assert CLAIMS.check([sentence]).marks == ()


@pytest.mark.parametrize(("sentence", "mark"), WRONG)
def test_a_wrong_figure_is_told_with_what_the_evidence_says(sentence: str, mark: str) -> None:
    assert CLAIMS.check([sentence]).marks == (mark,)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(RIGHT) >= 60
    assert len(WRONG) >= 25


def test_all_right_sentences_together_have_no_mark() -> None:
    assert CLAIMS.check([" ".join(RIGHT)]).marks == ()
    assert CLAIMS.check(["\n".join(reversed(RIGHT))]).marks == ()


@pytest.mark.parametrize(("sentence", "mark"), WRONG)
def test_a_year_of_prices_and_a_busy_week_hide_no_wrong_figure(sentence: str, mark: str) -> None:
    assert BUSY.check([sentence]).marks == (mark,)


@pytest.mark.parametrize("sentence", RIGHT)
def test_a_year_of_prices_and_a_busy_week_make_no_right_sentence_wrong(sentence: str) -> None:
    assert BUSY.check([sentence]).marks == ()


def test_a_price_of_the_sessions_that_were_shown_may_be_called_a_close() -> None:
    before = CROWDED.bars[-2].close
    assert BUSY.check([f"It closed at {before}."]).marks == ()


def test_a_number_that_nothing_names_is_counted_and_told_to_nobody() -> None:
    found = CLAIMS.check(["The backlog stands at $913.77 and climbs."])
    assert (found.marks, found.unknown) == ((), 1)


def test_a_level_that_the_member_has_set_itself_is_known() -> None:
    text = "The last price of 231.17 would be reached."
    assert CLAIMS.check(["Exit at 231.17."]).unknown == 1
    assert CLAIMS.check(["Exit at 231.17."], [Decimal("231.170000")]).unknown == 0
    assert CLAIMS.check([text], [Decimal("231.17")]).marks == ()


def test_a_number_of_the_briefing_is_known() -> None:
    books = tuple(values_of(["cash: $8,412.36"]))
    assert CLAIMS.check(["Cash of $8,412.36 is enough."], books).unknown == 0
    assert CLAIMS.check(["Cash of $8,412.36 is enough."]).unknown == 1


def test_the_same_mistake_is_told_once_and_many_are_cut() -> None:
    assert len(CLAIMS.check(["RSI at 45.", "RSI at 45."]).marks) == 1
    assert len(CLAIMS.check([f"RSI at {number}." for number in range(20, 45)]).marks) == MOST_MARKS


@pytest.mark.parametrize(
    "hostile",
    [
        "9" * 5_000,
        "1." * 10_000,
        "$" * 10_000,
        "RSI " * 8_000,
        "price is " * 4_000 + "1",
        "price 7.77 is " * 3_000,
        "1 " * 20_000,
        "",
    ],
)
def test_hostile_text_is_checked_quickly_and_without_error(hostile: str) -> None:
    assert CLAIMS.check([hostile]).marks is not None


@given(st.text(max_size=400))
def test_any_text_can_be_checked(text: str) -> None:
    CLAIMS.check([text])


prices = st.decimals("0.05", "5000", places=4)


@st.composite
def any_pack(draw: st.DrawFn) -> Evidence:
    """A pack with any indicators, snapshot and price."""
    indicators = {
        name: str(draw(prices))
        for name in ("sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "atr_14", "bollinger_upper")
    }
    indicators["rsi_14"] = str(draw(st.decimals(0, 100, places=4)))
    for name in ("macd", "macd_signal", "macd_histogram"):
        indicators[name] = str(draw(st.decimals(-50, 50, places=4)))
    for name in ("return_5", "return_20", "volatility_20"):
        indicators[name] = str(draw(st.decimals("-0.9", "3", places=4)))
    made = packs.evidence(30, **indicators)
    shot = PACK.snapshot
    assert shot is not None
    figures = tuple(each.model_copy(update={"value": draw(prices)}) for each in shot.figures)
    return made.model_copy(
        update={
            "quote": made.quote.model_copy(update={"price": draw(prices)}),
            "snapshot": shot.model_copy(update={"figures": figures}),
            "fundamentals": PACK.fundamentals,
            "macro": PACK.macro,
        }
    )


_NAMES = {
    "sma_20": ("SMA 20", "20-day moving average"),
    "sma_50": ("SMA 50", "50-day SMA"),
    "sma_200": ("200-day average", "SMA(200)"),
    "ema_12": ("EMA 12",),
    "ema_26": ("EMA 26",),
    "atr_14": ("ATR", "ATR(14)"),
    "bollinger_upper": ("upper Bollinger band",),
    "rsi_14": ("RSI", "RSI 14", "RSI(14)"),
    "macd": ("MACD",),
    "macd_signal": ("MACD signal", "signal line"),
    "macd_histogram": ("MACD histogram",),
}
_FORMS = ("The {} is {}.", "{} at {}", "With the {} of {}, all is well.", "{}: {}", "The {} ({}) counts.")


@given(any_pack(), st.data())
def test_a_sentence_of_any_figure_rounded_to_any_digits_has_no_mark(
    found: Evidence, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(_NAMES)))
    value = getattr(found.indicators, name)
    places = data.draw(st.integers(0, 5))
    shown = f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,f}"
    said = data.draw(st.sampled_from(_FORMS)).format(data.draw(st.sampled_from(_NAMES[name])), shown)
    assert Claims(found, [evidence_text(found)]).check([said]).marks == ()


_OF_KIND = {
    "price": ("price", "SMA 50"),
    "points": ("RSI", "MACD"),
    "amount": ("P/E", "revenue", "gross margin"),
}


@given(any_pack(), st.sampled_from(sorted(_OF_KIND)), st.data())
def test_a_figure_under_another_name_of_its_kind_has_no_mark(
    found: Evidence, kind: str, data: st.DataObject
) -> None:
    values = [value for named in named_figures(found) if named.kind == kind for value in named.values]
    values += [bar.close for bar in found.bars] if kind == "price" else []
    value = data.draw(st.sampled_from(values))
    shown = f"{value.quantize(Decimal(1).scaleb(-data.draw(st.integers(0, 4)))):,f}"
    words = data.draw(st.sampled_from(_OF_KIND[kind]))
    assert Claims(found, [evidence_text(found)]).check([f"The {words} is {shown}."]).marks == ()


def test_a_figure_of_another_kind_is_no_price() -> None:
    assert CLAIMS.check(["The price is 46,743,000,000."]).marks == (
        "cites 46,743,000,000; evidence says 199.80",
    )
    assert CLAIMS.check(["RSI is 30.41."]).marks == ("cites 30.41; evidence says 71.24",)


@given(any_pack(), st.sampled_from(["return_5", "return_20", "volatility_20"]), st.integers(0, 3))
def test_a_fraction_written_in_percent_has_no_mark(found: Evidence, name: str, places: int) -> None:
    value = getattr(found.indicators, name) * 100
    words = {
        "return_5": "5-session return",
        "return_20": "20-day return",
        "volatility_20": "20-day volatility",
    }
    said = f"The {words[name]} is {value:.{places}f}%."
    assert Claims(found, [evidence_text(found)]).check([said]).marks == ()
