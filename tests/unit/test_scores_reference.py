"""Every daily figure agrees with empyrical-reloaded, on any series and on real prices.

The returns that the reference gets are made apart from ours, from exact fractions.
"""

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import empyrical
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Scores
from core.domain.scores import Metric
from core.ledger.scores.curve import Curve
from tests.curves import CASH, card_of, closes_of, values_of

SAMPLE = Path(__file__).parents[2] / "core" / "market" / "sample"
CENTS = st.integers(100_00, 1_000_000_00)
RATES = st.sampled_from(["0", "0.02", "0.0434", "-0.005"])
NOISE = 1e-12
SMALLEST = 1e-4
"""A ratio to a smaller deviation than this cannot be held to 1e-9 over 252 sessions by floats."""


@pytest.fixture(autouse=True, scope="module")
def infinity_by_its_old_name() -> Iterator[None]:
    """`empyrical.downside_risk` still says numpy.NINF, which numpy 2 has removed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "NINF", -np.inf, raising=False)
        yield


@st.composite
def walks(draw: st.DrawFn) -> tuple[list[Decimal], list[Decimal]]:
    """Values and closes as long as each other, which move by up to a fifth a session, in cents."""
    steps = st.integers(-20_00, 20_00)
    pairs = draw(st.lists(st.tuples(steps, steps), min_size=2, max_size=60))
    own, theirs = [draw(CENTS)], [draw(CENTS)]
    for mine, other in pairs:
        own.append(max(1, own[-1] + own[-1] * mine // 10_000))
        theirs.append(max(1, theirs[-1] + theirs[-1] * other // 10_000))
    return [Decimal(cents) / 100 for cents in own], [Decimal(cents) / 100 for cents in theirs]


def exact_returns(amounts: Sequence[Decimal]) -> np.ndarray:
    return np.array([float(Fraction(later) / Fraction(earlier) - 1) for earlier, later in pairwise(amounts)])


def over(deviation: float, ratio: Callable[[], float]) -> float | None:
    """A ratio to a deviation: no number when that is 0, and None when it is too small to compare."""
    if deviation <= NOISE:
        return math.nan
    return ratio() if deviation >= SMALLEST else None


def reference_alpha(own: np.ndarray, theirs: np.ndarray, rate: float) -> float:
    """The reference's alpha; no number after a daily loss of more than everything, which it compounds."""
    daily = empyrical.alpha_aligned(own, theirs, rate, annualization=1)
    return empyrical.alpha_aligned(own, theirs, rate) if daily >= -1 else math.nan


def reference(own: np.ndarray, theirs: np.ndarray, yearly: float) -> dict[Metric, float | None]:
    rate = (1 + yearly) ** (1 / 252) - 1
    deviation, moves = own.std(ddof=1), theirs.std()
    shortfall = math.sqrt(np.mean(np.minimum(own - rate, 0) ** 2))
    active = (own - theirs).std(ddof=1)
    depth = -empyrical.max_drawdown(own)
    return {
        Metric.RETURN: empyrical.cum_returns_final(own),
        Metric.ANNUAL_RETURN: empyrical.annual_return(own),
        Metric.VOLATILITY: empyrical.annual_volatility(own),
        Metric.SHARPE: over(deviation, lambda: empyrical.sharpe_ratio(own, rate)),
        Metric.SORTINO: over(shortfall, lambda: empyrical.sortino_ratio(own, rate)),
        Metric.MAX_DRAWDOWN: depth,
        Metric.CALMAR: over(depth, lambda: empyrical.calmar_ratio(own)),
        Metric.ALPHA: over(moves, lambda: reference_alpha(own, theirs, rate)),
        Metric.BETA: over(moves, lambda: empyrical.beta_aligned(own, theirs, rate)),
        Metric.INFORMATION_RATIO: over(active, lambda: empyrical.excess_sharpe(own, theirs) * math.sqrt(252)),
    }


def check(own: Sequence[Decimal], theirs: Sequence[Decimal], yearly: str) -> set[Metric]:
    """Compare every figure, and return those that were compared as numbers."""
    curve = Curve.of(values_of(own[1:]), own[0])
    rules = Scores(risk_free=Decimal(yearly), min_days=2)
    card = card_of(curve, benchmark=closes_of(theirs), rules=rules)
    with np.errstate(over="ignore"):  # the reference is infinite where ours is not available
        expected = reference(exact_returns(own), exact_returns(theirs), float(yearly))
    numbers = set()
    for metric, value in expected.items():
        found = card.figures[metric]
        assert found.sample == len(own) - 1
        if value is not None and math.isfinite(value):
            numbers.add(metric)
            assert found.value == pytest.approx(value, rel=1e-9, abs=1e-9), metric
        elif value is not None:
            assert found.value is None, metric
    return numbers


@given(walks(), RATES)
def test_each_figure_agrees_with_the_reference_library_on_any_series(
    walk: tuple[list[Decimal], list[Decimal]], yearly: str
) -> None:
    check(*walk, yearly)


def sample_closes(ticker: str) -> list[Decimal]:
    with (SAMPLE / f"{ticker}.csv").open(encoding="utf-8") as lines:
        return [Decimal(row["close"]) for row in csv.DictReader(lines)]


@pytest.mark.parametrize("yearly", ["0", "0.02"])
@pytest.mark.parametrize("ticker", ["AAPL", "GOOG", "MSFT"])
def test_each_figure_agrees_with_the_reference_library_on_real_prices(ticker: str, yearly: str) -> None:
    closes = sample_closes(ticker)
    shares = CASH / closes[0]
    compared = check([shares * close for close in closes], sample_closes("IBM"), yearly)
    assert len(compared) == 10


def test_the_sortino_ratio_is_that_of_a_published_example() -> None:
    # Rollinger and Hoffman, "Sortino: A 'Sharper' Ratio": eight yearly returns, target 0, ratio 4.417.
    value, amounts = CASH, []
    for percent in (17, 15, 23, -5, 12, 9, 13, -4):
        value = value * (100 + percent) / 100
        amounts.append(value)
    found = card_of(Curve.of(values_of(amounts), CASH)).figures[Metric.SORTINO].value
    assert found is not None
    assert float(found) / math.sqrt(252) == pytest.approx(4.417, abs=5e-4)
