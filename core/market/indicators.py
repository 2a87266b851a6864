"""Indicators over daily bars: pure decimal arithmetic, oldest bar first, nothing after the last one.

Each series function gives one figure a bar, from the first bar that has enough before it; so the figure at a
bar depends on that bar and earlier ones alone. `indicators` takes the newest of each.

Sources. RSI, ATR and the smoothing of both: J. Welles Wilder, New Concepts in Technical Trading Systems
(1978). MACD: Gerald Appel. Bands: John Bollinger, with the standard deviation of the population. An EMA of n
starts from the mean of the first n values and then weighs the newest by 2 / (n + 1).
"""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise

from core.domain.bars import Bar
from core.domain.evidence import Indicators

SESSIONS_A_YEAR = 252
_STEP = Decimal("0.000001")
_ZERO = Decimal(0)
# A context of our own, so that the caller's cannot change a figure.
_ARITHMETIC = Context(prec=34, rounding=ROUND_HALF_EVEN)


def indicators(bars: Sequence[Bar]) -> Indicators:
    """Return the figures at the last of `bars`, to six places; None where the bars are too few.

    A figure is also None where it has no meaning: RSI of prices that never moved, a volume against an
    average of nothing.
    """
    with localcontext(_ARITHMETIC):
        closes = [bar.close for bar in bars]
        fast, slow = ema(closes, 12), ema(closes, 26)
        line = _difference(fast, slow)
        signal = ema(line, 9)
        # Of a window that forgets what is before it, the newest one is all that its newest figure needs.
        bands = bollinger(closes[-20:], 20, 2)
        moves = _moves(closes, 14)
        upper, middle, lower = bands[-1] if bands else (None, None, None)
        figures = {
            **{f"sma_{count}": _last(sma(closes[-count:], count)) for count in (20, 50, 200)},
            "ema_12": _last(fast),
            "ema_26": _last(slow),
            "macd": _last(line),
            "macd_signal": _last(signal),
            "macd_histogram": line[-1] - signal[-1] if signal else None,
            "rsi_14": _strength(*moves[-1]) if moves else None,
            "atr_14": _last(atr(bars, 14)),
            "bollinger_upper": upper,
            "bollinger_middle": middle,
            "bollinger_lower": lower,
            **{f"return_{count}": change(closes, count) for count in (1, 5, 20, 60, 250)},
            "volatility_20": volatility(closes, 20),
            "volume_ratio_20": volume_ratio([bar.volume for bar in bars], 20),
        }
        return Indicators(**{name: _rounded(figure) for name, figure in figures.items()})


def sma(values: Sequence[Decimal], count: int) -> list[Decimal]:
    """Return the mean of each `count` values in a row."""
    return [_mean(window) for window in _windows(values, count)]


def ema(values: Sequence[Decimal], count: int) -> list[Decimal]:
    """Return the exponential mean with weight 2 / (count + 1), from the mean of the first `count` values."""
    return _smoothed(values, count, Decimal(2) / (count + 1))


def macd(closes: Sequence[Decimal]) -> list[Decimal]:
    """Return EMA 12 less EMA 26, from the bar that has both."""
    return _difference(ema(closes, 12), ema(closes, 26))


def rsi(closes: Sequence[Decimal], count: int) -> list[Decimal | None]:
    """Return Wilder's relative strength index, 0..100: 100 * gain / (gain + loss), both smoothed.

    None where the smoothed gain and loss are both zero.
    """
    return [_strength(gain, loss) for gain, loss in _moves(closes, count)]


def atr(bars: Sequence[Bar], count: int) -> list[Decimal]:
    """Return Wilder's average true range in USD; the first bar has no close before it and gives none."""
    ranges = [max(bar.high, before.close) - min(bar.low, before.close) for before, bar in pairwise(bars)]
    return _wilder(ranges, count)


def bollinger(closes: Sequence[Decimal], count: int, width: int) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Return upper, middle and lower band: SMA and `width` standard deviations of the population."""
    bands = []
    for window in _windows(closes, count):
        middle = _mean(window)
        reach = width * (_squares(window, middle) / count).sqrt()
        bands.append((middle + reach, middle, middle - reach))
    return bands


def change(closes: Sequence[Decimal], count: int) -> Decimal | None:
    """Return the simple return over `count` sessions, as a fraction."""
    return closes[-1] / closes[-1 - count] - 1 if len(closes) > count else None


def volatility(closes: Sequence[Decimal], count: int) -> Decimal | None:
    """Return the yearly volatility as a fraction.

    Standard deviation of the sample of the last `count` simple daily returns, times the root of 252.
    """
    if len(closes) <= count:
        return None
    returns = [later / earlier - 1 for earlier, later in pairwise(closes[-1 - count :])]
    return (_squares(returns, _mean(returns)) / (count - 1) * SESSIONS_A_YEAR).sqrt()


def volume_ratio(volumes: Sequence[int], count: int) -> Decimal | None:
    """Return the last volume over the mean of the `count` sessions before it."""
    before = volumes[-1 - count : -1]
    if len(before) < count or not sum(before):
        return None
    return Decimal(volumes[-1]) * count / sum(before)


def _moves(closes: Sequence[Decimal], count: int) -> list[tuple[Decimal, Decimal]]:
    """Return the smoothed gain and loss at each bar that has both."""
    changes = [later - earlier for earlier, later in pairwise(closes)]
    gains = _wilder([step if step > 0 else _ZERO for step in changes], count)
    losses = _wilder([-step if step < 0 else _ZERO for step in changes], count)
    return list(zip(gains, losses, strict=True))


def _strength(gain: Decimal, loss: Decimal) -> Decimal | None:
    return 100 * gain / (gain + loss) if gain + loss else None


def _wilder(values: Sequence[Decimal], count: int) -> list[Decimal]:
    return _smoothed(values, count, 1 / Decimal(count))


def _smoothed(values: Sequence[Decimal], count: int, weight: Decimal) -> list[Decimal]:
    if len(values) < count:
        return []
    last = _mean(values[:count])
    smoothed = [last]
    for value in values[count:]:
        last += weight * (value - last)
        smoothed.append(last)
    return smoothed


def _difference(fast: Sequence[Decimal], slow: Sequence[Decimal]) -> list[Decimal]:
    """Return how far the fast average lies above the slow one, which begins later."""
    return [quick - late for quick, late in zip(fast[len(fast) - len(slow) :], slow, strict=True)]


def _windows(values: Sequence[Decimal], count: int) -> Iterator[Sequence[Decimal]]:
    return (values[end - count : end] for end in range(count, len(values) + 1))


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _squares(values: Sequence[Decimal], middle: Decimal) -> Decimal:
    return sum(((value - middle) ** 2 for value in values), Decimal(0))


def _last(series: Sequence[Decimal | None]) -> Decimal | None:
    return series[-1] if series else None


def _rounded(figure: Decimal | None) -> Decimal | None:
    # Adding zero turns -0.000000 into 0.000000, so that equal figures have equal text.
    return None if figure is None else figure.quantize(_STEP) + 0
