from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.bars import Bar
from core.domain.evidence import Indicators
from core.market import indicators as ours
from core.market.calendar import MarketCalendar
from core.market.indicators import indicators
from core.market.sample_vendor import SampleVendor

CLOSE_ENOUGH = 1.01e-6  # figures are rounded to six places


def bars_of(closes: Sequence[float], volumes: Sequence[int] | None = None) -> tuple[Bar, ...]:
    made = []
    for number, close in enumerate(closes):
        price = Decimal(str(close))
        made.append(
            Bar(
                date=date(2020, 1, 1) + timedelta(days=number),
                open=price,
                high=price * Decimal("1.02"),
                low=price * Decimal("0.97"),
                close=price,
                volume=volumes[number] if volumes else 1000 + number,
            )
        )
    return tuple(made)


@pytest.fixture(params=["AAPL", "GOOG", "IBM", "MSFT"])
async def real(request: pytest.FixtureRequest) -> tuple[Bar, ...]:
    return await SampleVendor(MarketCalendar()).daily_bars(request.param, date.min, date.max)


def floats(values: Sequence[Decimal]) -> np.ndarray:
    return np.array([float(value) for value in values])


@pytest.mark.parametrize("count", [27, 34, 60, 201, 300, 420])
def test_each_figure_agrees_with_the_reference_library_on_real_prices(
    real: tuple[Bar, ...], count: int
) -> None:
    bars = real[:count]
    closes = floats([bar.close for bar in bars])
    highs, lows = floats([bar.high for bar in bars]), floats([bar.low for bar in bars])
    upper, middle, lower = talib.BBANDS(closes, 20, 2, 2, talib.MA_Type.SMA)
    expected = {
        "sma_20": talib.SMA(closes, 20),
        "sma_50": talib.SMA(closes, 50),
        "sma_200": talib.SMA(closes, 200),
        "ema_12": talib.EMA(closes, 12),
        "ema_26": talib.EMA(closes, 26),
        "rsi_14": talib.RSI(closes, 14),
        "atr_14": talib.ATR(highs, lows, closes, 14),
        "bollinger_upper": upper,
        "bollinger_middle": middle,
        "bollinger_lower": lower,
        **{f"return_{lag}": talib.ROCP(closes, lag) for lag in (1, 5, 20, 60, 250)},
    }

    found = indicators(bars)

    for name, series in expected.items():
        figure = getattr(found, name)
        if np.isnan(series[-1]):
            assert figure is None, name
        else:
            assert float(figure) == pytest.approx(series[-1], abs=CLOSE_ENOUGH, rel=1e-9), name


@pytest.mark.parametrize("count", [200, 300, 420])
def test_macd_agrees_with_the_reference_library_once_its_other_start_has_faded(
    real: tuple[Bar, ...], count: int
) -> None:
    # The reference starts the fast average at the bar where the slow one starts; the difference fades by
    # a factor of 11/13 a bar.
    line, signal, histogram = talib.MACD(floats([bar.close for bar in real[:count]]), 12, 26, 9)

    found = indicators(real[:count])

    assert float(found.macd or 0) == pytest.approx(line[-1], abs=CLOSE_ENOUGH)
    assert float(found.macd_signal or 0) == pytest.approx(signal[-1], abs=CLOSE_ENOUGH)
    assert float(found.macd_histogram or 0) == pytest.approx(histogram[-1], abs=2 * CLOSE_ENOUGH)


@pytest.mark.parametrize("count", [26, 33, 34, 60])
def test_macd_is_the_difference_of_the_reference_librarys_averages_from_the_first_bar_on(
    real: tuple[Bar, ...], count: int
) -> None:
    closes = floats([bar.close for bar in real[:count]])
    line = (talib.EMA(closes, 12) - talib.EMA(closes, 26))[25:]
    signal = talib.EMA(line, 9) if len(line) >= 9 else [np.nan]

    found = indicators(real[:count])

    assert float(found.macd or 0) == pytest.approx(line[-1], abs=CLOSE_ENOUGH)
    if np.isnan(signal[-1]):
        assert found.macd_signal is None
        assert found.macd_histogram is None
    else:
        assert float(found.macd_signal or 0) == pytest.approx(signal[-1], abs=CLOSE_ENOUGH)


def test_volatility_and_volume_ratio_agree_with_numpy(real: tuple[Bar, ...]) -> None:
    closes = floats([bar.close for bar in real])
    volumes = np.array([bar.volume for bar in real], dtype=float)
    returns = closes[1:] / closes[:-1] - 1

    found = indicators(real)

    assert float(found.volatility_20 or 0) == pytest.approx(
        returns[-20:].std(ddof=1) * np.sqrt(252), abs=CLOSE_ENOUGH
    )
    assert float(found.volume_ratio_20 or 0) == pytest.approx(
        volumes[-1] / volumes[-21:-1].mean(), abs=CLOSE_ENOUGH
    )


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("sma_20", 20),
        ("sma_50", 50),
        ("sma_200", 200),
        ("ema_12", 12),
        ("ema_26", 26),
        ("macd", 26),
        ("macd_signal", 34),
        ("macd_histogram", 34),
        ("rsi_14", 15),
        ("atr_14", 15),
        ("bollinger_upper", 20),
        ("return_1", 2),
        ("return_5", 6),
        ("return_20", 21),
        ("return_60", 61),
        ("return_250", 251),
        ("volatility_20", 21),
        ("volume_ratio_20", 21),
    ],
)
def test_a_figure_appears_with_the_first_bar_that_has_enough_before_it(name: str, needed: int) -> None:
    bars = bars_of([100 + number % 7 for number in range(needed)])

    assert getattr(indicators(bars[1:]), name) is None
    assert getattr(indicators(bars), name) is not None


def test_no_bars_give_no_figures() -> None:
    assert indicators(()) == Indicators()


def test_prices_that_never_moved_have_no_rsi_and_no_volatility() -> None:
    found = indicators(bars_of([10.0] * 30, [0] * 30))

    assert found.rsi_14 is None
    assert found.volume_ratio_20 is None
    assert found.volatility_20 == 0
    assert found.return_20 == 0
    assert found.bollinger_upper == found.bollinger_lower == 10


def test_rsi_is_100_after_gains_alone_and_0_after_losses_alone() -> None:
    assert indicators(bars_of(range(1, 40))).rsi_14 == 100
    assert indicators(bars_of(range(40, 1, -1))).rsi_14 == 0


def test_every_figure_has_six_places_and_no_negative_zero() -> None:
    found = indicators(bars_of([100.0] * 250 + [100.0000001, 100.0]))

    for name, figure in found:
        assert figure is None or figure.as_tuple().exponent == -6, name
        assert not str(figure).startswith("-0.000000"), name


prices = st.decimals(Decimal("0.0001"), Decimal(100_000), places=4)


@settings(max_examples=30, deadline=None)
@given(st.lists(prices, min_size=1, max_size=80), st.lists(prices, min_size=1, max_size=5))
def test_later_bars_never_change_an_earlier_figure(earlier: list[Decimal], later: list[Decimal]) -> None:
    bars = bars_of([*earlier, *later])  # type: ignore[list-item]
    short, long = bars[: len(earlier)], bars

    for of in (
        lambda some: ours.sma([bar.close for bar in some], 20),
        lambda some: ours.ema([bar.close for bar in some], 12),
        lambda some: ours.macd([bar.close for bar in some]),
        lambda some: ours.rsi([bar.close for bar in some], 14),
        lambda some: ours.atr(some, 14),
        lambda some: ours.bollinger([bar.close for bar in some], 20, 2),
    ):
        assert of(long)[: len(of(short))] == of(short)


@settings(max_examples=30, deadline=None)
@given(st.lists(prices, min_size=1, max_size=80))
def test_the_callers_decimal_context_changes_nothing(closes: list[Decimal]) -> None:
    bars = bars_of(closes)  # type: ignore[arg-type]
    with localcontext() as context:
        context.prec = 5
        coarse = indicators(bars)

    assert coarse == indicators(bars)


@settings(max_examples=30, deadline=None)
@given(st.lists(prices, min_size=40, max_size=80))
def test_figures_stay_within_their_meaning(closes: list[Decimal]) -> None:
    found = indicators(bars_of(closes))  # type: ignore[arg-type]

    assert found.rsi_14 is None or 0 <= found.rsi_14 <= 100
    assert found.bollinger_lower is not None
    assert found.bollinger_upper is not None
    assert found.bollinger_middle is not None
    assert found.bollinger_lower <= found.bollinger_middle <= found.bollinger_upper
    assert found.sma_20 == found.bollinger_middle
    assert found.volatility_20 is not None
    assert found.volatility_20 >= 0
    assert found.return_1 is not None
    assert found.return_1 >= -1
