"""A member beside the benchmark: which returns are compared, and whether a difference may be luck."""

import math
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Scores
from core.domain.scores import Luck, Metric, TradeTotals
from core.ledger.scores.against_benchmark import growth, paired
from core.ledger.scores.curve import Closes, Curve
from core.ledger.scores.luck import block_length, luck, resampled_means
from tests.curves import CASH, EAGER, NO_TRADES, card_of, closes_of, curve_of, day, values_of

AGAINST = (Metric.ALPHA, Metric.BETA, Metric.INFORMATION_RATIO)


def curve_from(returns: np.ndarray) -> Curve:
    amounts = float(CASH) * np.cumprod(1 + returns)
    return Curve.of(values_of([Decimal(str(round(amount, 6))) for amount in amounts]), CASH)


def closes_from(returns: np.ndarray) -> Closes:
    prices = 100 * np.cumprod(1 + np.concatenate(([0], returns)))
    return closes_of([Decimal(str(round(price, 8))) for price in prices])


def test_the_benchmark_starts_at_its_last_close_before_the_first_session() -> None:
    both = paired(curve_of(10100, 10201), closes_of([100, 102, 102]))
    assert both.own == pytest.approx([0.01, 0.01])
    assert both.benchmark == pytest.approx([0.02, 0])


@pytest.mark.parametrize("closes", [closes_of([102, 102], begin=0), closes_of([1, 102, 102], begin=0)])
def test_without_a_close_before_it_the_first_return_is_left_out(closes: Closes) -> None:
    both = paired(curve_of(10100, 10201), closes)
    assert both.own == pytest.approx([0.01])
    assert both.days.tolist() == [day(1).toordinal()]


def test_a_close_of_long_ago_is_not_the_one_before() -> None:
    old = {day(0) - timedelta(days=8): Decimal(50), day(0): Decimal(100), day(1): Decimal(101)}
    assert paired(curve_of(10100, 10201), Closes.of(old)).benchmark == pytest.approx([0.01])
    recent = {day(0) - timedelta(days=7): Decimal(50), day(0): Decimal(100), day(1): Decimal(101)}
    assert paired(curve_of(10100, 10201), Closes.of(recent)).benchmark == pytest.approx([1, 0.01])


def test_a_session_that_one_side_lacks_is_bridged_on_both() -> None:
    closes = Closes.of(
        {day(-1): Decimal(100), day(0): Decimal(110), day(2): Decimal(121), day(3): Decimal(121)}
    )
    both = paired(curve_of(10000, 11000, None, 12100), closes)
    assert both.own == pytest.approx([0, 0.21])
    assert both.benchmark == pytest.approx([0.1, 0.1])


def test_after_a_value_of_nothing_both_sides_stay_in_step() -> None:
    both = paired(curve_of(5000, 0, 4000, 4400), closes_of([100, 101, 102, 103, 206]))
    assert both.own == pytest.approx([-0.5, -1, 0.1])
    assert both.benchmark == pytest.approx([0.01, 1 / 101, 1])
    assert both.days.tolist() == [day(number).toordinal() for number in (0, 1, 3)]


def test_a_period_starts_on_both_sides_at_the_session_before_it() -> None:
    both = paired(curve_of(10000, 11000, 12100).since(day(2)), closes_of([1, 1, 100, 150]))
    assert both.own == pytest.approx([0.1])
    assert both.benchmark == pytest.approx([0.5])


def test_a_member_that_is_the_benchmark_has_beta_one_alpha_zero_and_no_information_ratio() -> None:
    closes = [100, 101, 99, 104, 103]
    card = card_of(curve_of(*[close * 100 for close in closes[1:]]), benchmark=closes_of(closes))
    assert card.figures[Metric.BETA].value == pytest.approx(1)
    assert card.figures[Metric.ALPHA].value == pytest.approx(0, abs=1e-12)
    assert card.figures[Metric.INFORMATION_RATIO].value is None
    assert card.figures[Metric.INFORMATION_RATIO].sample == 4


def test_a_benchmark_that_never_moves_has_no_beta() -> None:
    card = card_of(curve_of(10100, 10050, 10200), benchmark=closes_of([100] * 4))
    assert card.figures[Metric.BETA].value is None
    assert card.figures[Metric.ALPHA].value is None
    assert card.figures[Metric.INFORMATION_RATIO].value is not None


@pytest.mark.parametrize("benchmark", [None, closes_of([]), closes_of([100], begin=400)])
def test_without_common_sessions_nothing_is_compared(benchmark: Closes | None) -> None:
    curve = curve_of(*range(10000, 10060))
    card = card_of(curve, benchmark=benchmark)
    assert {card.figures[metric].sample for metric in AGAINST} == {0}
    assert {card.figures[metric].value for metric in AGAINST} == {None}
    assert luck("claude", curve, NO_TRADES, benchmark, EAGER) is None


@pytest.mark.parametrize("close", ["0", "-1", "NaN"])
def test_a_close_that_is_no_price_is_refused(close: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        closes_of([close])


def told(own: np.ndarray, theirs: np.ndarray, member: str = "claude", **rules: float) -> Luck | None:
    return luck(
        member, curve_from(own), TradeTotals(fills=14), closes_from(theirs), Scores.model_validate(rules)
    )


def test_a_large_steady_difference_is_told_apart_and_a_small_one_is_not() -> None:
    random = np.random.default_rng(1)
    market = random.normal(0.0004, 0.01, 250)
    noise = random.normal(0, 0.004, 250)
    noise -= noise.mean()
    better, same = told(market + noise + 0.002, market), told(market + noise + 0.0001, market)
    assert better is not None
    assert better.told_apart
    assert better.low < better.difference < better.high
    assert better.difference == pytest.approx(0.002 * 252, rel=1e-3)
    assert (better.sessions, better.trades, better.level) == (250, 14, 0.95)
    assert same is not None
    assert not same.told_apart


def test_the_same_season_always_gives_the_same_interval_and_each_member_its_own() -> None:
    random = np.random.default_rng(2)
    market, own = random.normal(0, 0.01, 60), random.normal(0, 0.01, 60)
    first, again, other = told(own, market), told(own, market), told(own, market, "gpt5")
    assert first is not None
    assert other is not None
    assert first == again
    assert first.difference == other.difference
    assert (first.low, first.high) != (other.low, other.high)


def test_a_member_that_is_the_benchmark_is_never_told_apart_from_it() -> None:
    market = np.random.default_rng(3).normal(0.001, 0.01, 50)
    closes = [Decimal(str(round(100 * growth, 2))) for growth in np.cumprod(1 + market)]
    curve = Curve.of(values_of([close * 37 for close in closes]), Decimal(3700))
    found = luck("claude", curve, NO_TRADES, closes_of([Decimal(100), *closes]), Scores())
    assert found == Luck(difference=0, low=0, high=0, level=0.95, sessions=50, trades=0)
    assert not found.told_apart


def test_below_the_minimum_sample_nothing_is_said() -> None:
    market = np.random.default_rng(4).normal(0, 0.01, 20)
    assert told(market[:19] + 0.1, market[:19]) is None
    assert told(market + 0.1, market) is not None
    # A period has to be long enough itself.
    assert luck("claude", curve_from(market), NO_TRADES, closes_from(market), Scores(), first=day(1)) is None


def test_members_without_skill_are_seldom_told_apart() -> None:
    random = np.random.default_rng(5)
    apart = 0
    for member in range(200):
        market = random.normal(0.0004, 0.01, 100)
        found = told(market + random.normal(0, 0.006, 100), market, f"m{member}", bootstrap_samples=400)
        apart += found is not None and found.told_apart
    # Five in a hundred are promised; percentiles of short samples give a few more.
    assert 2 <= apart <= 22


def test_differences_that_go_on_for_days_make_the_interval_wider() -> None:
    random = np.random.default_rng(6)
    shocks, differences = random.normal(0, 0.01, 512), np.zeros(512)
    for session in range(1, 512):
        differences[session] = 0.6 * differences[session - 1] + shocks[session]
    in_blocks = resampled_means(differences, 4000, 1).std()
    one_by_one = differences.std() / math.sqrt(512)
    assert in_blocks > 1.4 * one_by_one


@pytest.mark.parametrize(
    ("count", "length"), [(1, 1), (2, 1), (4, 2), (20, 3), (27, 3), (100, 5), (252, 6), (500, 8)]
)
def test_a_block_is_as_long_as_the_cube_root_of_the_sample(count: int, length: int) -> None:
    assert block_length(count) == length


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30), st.integers(0, 2**32))
def test_running_sums_give_the_means_of_the_blocks_written_out(values: list[float], seed: int) -> None:
    differences, count = np.array(values), len(values)
    length = block_length(count)
    whole, rest = divmod(count, length)
    random = np.random.default_rng(seed)
    starts = random.integers(0, count, size=(7, whole))
    ends = random.integers(0, count, size=7)
    expected = []
    for blocks, end in zip(starts, ends, strict=True):
        drawn = [values[(start + step) % count] for start in blocks for step in range(length)]
        drawn += [values[(end + step) % count] for step in range(rest)]
        assert len(drawn) == count
        expected.append(math.fsum(drawn) / count)
    assert resampled_means(differences, 7, seed) == pytest.approx(expected, abs=1e-12)


def test_the_benchmark_grows_from_its_last_close_before_a_period() -> None:
    closes = closes_of([100, 102, 105, 110])
    assert growth(closes, day(0), day(2)) == pytest.approx(0.10)
    assert growth(closes, day(1), day(1)) == pytest.approx(105 / 102 - 1)
    # Without a close before, or with one that is too old, it grows from the first one within.
    assert growth(closes_of([102, 105, 110], begin=0), day(0), day(2)) == pytest.approx(110 / 102 - 1)
    assert growth(closes, day(-1), day(0)) == pytest.approx(0.02)
    old = Closes.of({day(-9): Decimal(1), day(0): Decimal(10), day(1): Decimal(11)})
    assert growth(old, day(0), day(1)) == pytest.approx(0.1)


@pytest.mark.parametrize(("first", "last"), [(5, 6), (-3, -2), (0, -1)])
def test_a_benchmark_without_two_closes_in_a_period_has_not_grown(first: int, last: int) -> None:
    assert growth(closes_of([102], begin=0), day(first), day(last)) is None
