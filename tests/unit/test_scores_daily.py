"""Figures of daily values: worked by hand, over any period, and where there is too little to say."""

import math
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config.settings import Scores
from core.domain.scores import Drawdown, Metric, Scorecard
from core.ledger.scores.curve import Curve
from core.ledger.scores.drawdown import deepest_fall
from tests.curves import CASH, card_of, closes_of, curve_of, daily, day, values_of

ROOT = Path(__file__).parents[2]
FACTS = {Metric.VALUE, Metric.PNL, Metric.RETURN, Metric.MAX_DRAWDOWN, Metric.TOKEN_COST}
ESTIMATES = {
    Metric.ANNUAL_RETURN,
    Metric.VOLATILITY,
    Metric.SHARPE,
    Metric.SORTINO,
    Metric.CALMAR,
    Metric.DAY_WIN_RATE,
}
AMOUNTS = st.decimals(-50, 100_000, places=2)
VALUES = st.lists(st.none() | AMOUNTS, max_size=40)
CLOSES = st.lists(st.decimals("0.01", 5000, places=2), max_size=45)


def value(card: Scorecard, metric: Metric) -> Decimal | float | None:
    return card.figures[metric].value


def test_value_and_profit_are_exact_and_returns_start_at_the_starting_capital() -> None:
    card = card_of(curve_of("10100.01", "9999.99"))
    assert value(card, Metric.VALUE) == Decimal("9999.99")
    assert value(card, Metric.PNL) == Decimal("-0.01")
    assert value(card, Metric.RETURN) == pytest.approx(-0.000001)
    assert card.figures[Metric.VOLATILITY].sample == 2
    assert (card.first, card.last) == (day(0), day(1))


def test_tokens_are_paid_for_in_the_return_after_them() -> None:
    values = [daily(0, 10100, token_cost_usd="1.50"), daily(1, 10200, token_cost_usd="20.00")]
    card = card_of(Curve.of(values, CASH))
    assert value(card, Metric.TOKEN_COST) == 20
    assert value(card, Metric.RETURN_AFTER_TOKENS) == pytest.approx(0.018)
    later = card_of(Curve.of(values, CASH), first=day(1))
    assert value(later, Metric.TOKEN_COST) == Decimal("18.50")
    assert value(later, Metric.RETURN_AFTER_TOKENS) == pytest.approx((100 - 18.5) / 10100)


def test_exposure_counts_both_directions_and_turnover_both_sides() -> None:
    values = [
        daily(0, 10000, long_usd=5000, short_usd=1000, traded_usd=6000),
        daily(1, 11000, long_usd=5500, short_usd=1100, traded_usd=0),
        daily(2, 12000, traded_usd=6600),
    ]
    card = card_of(Curve.of(values, CASH))
    assert value(card, Metric.EXPOSURE) == pytest.approx((0.6 + 0.6 + 0) / 3)
    assert value(card, Metric.TURNOVER) == pytest.approx(12600 / 11000)


def test_days_on_which_nothing_moves_are_neither_won_nor_lost() -> None:
    card = card_of(curve_of(10000, 10000, 10100, 10050, 10060))
    assert value(card, Metric.DAY_WIN_RATE) == pytest.approx(2 / 3)
    assert card.figures[Metric.DAY_WIN_RATE].sample == 3


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ((10100, 10200), None),
        ((9000, 9500, 10000), (0.1, 0, 0, 2)),
        ((12000, 12000, 9000, 11000), (0.25, 1, 2, None)),
        ((12000, 9000, 13000, 9750, 14000), (0.25, 0, 1, 2)),
        ((12000, None, 9000, None, 12000), (0.25, 0, 2, 4)),
    ],
)
def test_the_deepest_fall_has_its_dates(
    amounts: tuple[int | None, ...], expected: tuple[float, int, int, int | None] | None
) -> None:
    fall = deepest_fall(curve_of(*amounts))
    if expected is None:
        assert fall is None
        assert value(card_of(curve_of(*amounts)), Metric.MAX_DRAWDOWN) == 0
    else:
        depth, peak, trough, recovered = expected
        assert fall == Drawdown(
            depth=depth,
            peak=day(peak),
            trough=day(trough),
            recovered=None if recovered is None else day(recovered),
        )


def test_a_return_that_spans_an_unpriced_session_counts_as_one() -> None:
    gap = card_of(curve_of(10100, None, 9090, 9999))
    whole = card_of(curve_of(10100, 9090, 9999))
    for metric in (Metric.VOLATILITY, Metric.SHARPE, Metric.SORTINO, Metric.RETURN, Metric.MAX_DRAWDOWN):
        assert gap.figures[metric] == whole.figures[metric]
    # The time has passed all the same.
    assert value(gap, Metric.ANNUAL_RETURN) == pytest.approx(0.9999 ** (252 / 4) - 1)


def test_a_member_that_cannot_be_valued_now_has_no_value_and_no_return() -> None:
    card = card_of(curve_of(10100, 10200, 10100, None))
    for metric in (Metric.VALUE, Metric.PNL, Metric.RETURN, Metric.ANNUAL_RETURN, Metric.CALMAR):
        assert value(card, metric) is None
    assert card.figures[Metric.VALUE].sample == 3
    assert value(card, Metric.SHARPE) is not None


def test_without_a_daily_value_every_figure_of_days_is_not_available() -> None:
    card = card_of(curve_of(), benchmark=closes_of([100, 101]))
    assert {figure.value for metric, figure in card.figures.items() if metric is not Metric.TRADES} == {None}
    assert (card.first, card.last, card.drawdown) == (None, None, None)


def test_one_day_gives_facts_and_no_estimate() -> None:
    card = card_of(curve_of(9000), benchmark=closes_of([100, 101]))
    assert {metric for metric in FACTS if value(card, metric) is None} == set()
    assert {metric for metric in ESTIMATES if value(card, metric) is not None} == set()
    assert value(card, Metric.ALPHA) is None
    assert card.figures[Metric.ALPHA].sample == 1


def test_values_that_never_move_have_no_ratio() -> None:
    card = card_of(curve_of(*[10000] * 30), benchmark=closes_of(range(100, 131)), rules=Scores())
    none = {Metric.SHARPE, Metric.SORTINO, Metric.CALMAR, Metric.DAY_WIN_RATE}
    assert {metric for metric in none if value(card, metric) is not None} == set()
    assert value(card, Metric.VOLATILITY) == 0
    assert value(card, Metric.BETA) == 0


def test_steady_growth_has_no_sharpe_ratio_though_floats_deviate() -> None:
    growing = [CASH * Decimal("1.01") ** number for number in range(1, 40)]
    card = card_of(curve_of(*growing))
    assert value(card, Metric.SHARPE) is None
    assert value(card, Metric.ANNUAL_RETURN) == pytest.approx(1.01**252 - 1)


def test_values_that_only_fall_have_every_figure_and_no_recovery() -> None:
    card = card_of(curve_of(*range(9990, 9000, -33)))
    assert {metric for metric in FACTS | ESTIMATES if value(card, metric) is None} == set()
    assert value(card, Metric.DAY_WIN_RATE) == 0
    assert card.drawdown is not None
    assert card.drawdown.recovered is None


def test_an_estimate_shows_from_the_minimum_sample_on_and_its_sample_always() -> None:
    rules = Scores(min_days=20)
    amounts = [10000 + (-1) ** number * number for number in range(20)]
    short, enough = card_of(curve_of(*amounts[:19]), rules=rules), card_of(curve_of(*amounts), rules=rules)
    assert value(short, Metric.SHARPE) is None
    assert short.figures[Metric.SHARPE].sample == 19
    assert value(enough, Metric.SHARPE) is not None


def test_what_is_lost_entirely_makes_no_return() -> None:
    card = card_of(curve_of(5000, -100, 4000, 4400))
    assert card.figures[Metric.VOLATILITY].sample == 3  # none from -100 to 4000
    assert card.drawdown is not None
    assert card.drawdown.depth == pytest.approx(1.01)
    assert value(card_of(curve_of(5000, -100)), Metric.ANNUAL_RETURN) is None


@given(VALUES, CLOSES, st.integers(-3, 50), st.sampled_from(["0", "0.05", "-1"]))
def test_no_series_gives_a_figure_that_is_no_number(
    amounts: list[Decimal | None], closes: list[Decimal], start: int, risk_free: str
) -> None:
    card = card_of(
        curve_of(*amounts),
        benchmark=closes_of(closes),
        rules=Scores(min_days=2, risk_free=Decimal(risk_free)),
        first=day(start),
    )
    assert list(card.figures) == list(Metric)
    for figure in card.figures.values():
        assert figure.value is None or math.isfinite(figure.value)
    assert Scorecard.model_validate_json(card.model_dump_json()) == card


@given(st.lists(st.decimals(1, 100_000, places=2), min_size=2, max_size=40), CLOSES, st.data())
def test_a_period_is_scored_like_a_season_that_starts_with_the_last_value_before_it(
    amounts: list[Decimal], closes: list[Decimal], data: st.DataObject
) -> None:
    start = data.draw(st.integers(1, len(amounts) - 1))
    part = card_of(curve_of(*amounts), first=day(start))
    alone = card_of(Curve.of(values_of(amounts)[start:], amounts[start - 1]))
    assert part.figures == alone.figures
    assert part.first == day(start)


def test_a_period_starts_at_the_last_known_value_even_sessions_before() -> None:
    card = card_of(curve_of(10500, None, None, 21000), first=day(2))
    assert value(card, Metric.RETURN) == pytest.approx(1.0)
    assert value(card, Metric.PNL) == 10500
    assert card_of(curve_of(10500, 5250), first=date(1999, 1, 1)) == card_of(curve_of(10500, 5250))
    unknown_before = card_of(curve_of(None, 12000), first=day(1))
    assert value(unknown_before, Metric.RETURN) == pytest.approx(0.2)


@given(VALUES, st.integers(0, 6), st.integers(0, 6))
@example([Decimal(10000), None, None, Decimal(11000), Decimal(11500)], 2, 3)
def test_a_part_of_a_part_is_the_part_itself(amounts: list[Decimal | None], start: int, later: int) -> None:
    curve = curve_of(*amounts)
    last = day(max(start, later))
    assert card_of(curve.since(day(start)), first=last).figures == card_of(curve, first=last).figures


def test_a_peak_before_the_period_bears_the_date_of_its_base() -> None:
    fall = deepest_fall(curve_of(9000, 8000, 4000, 6000).since(day(2)))
    assert fall is not None
    assert (fall.depth, fall.peak, fall.trough) == (0.5, day(1), day(2))


@pytest.mark.parametrize(
    ("values", "cash", "words"),
    [
        ([daily(0, 1)], "0", "starting capital"),
        ([daily(0, 1)], "NaN", "starting capital"),
        ([daily(0, "NaN")], "1", "no number"),
        ([daily(0, 1, long_usd="Infinity")], "1", "no number"),
        ([daily(0, 1, token_cost_usd="NaN")], "1", "no number"),
        ([daily(1, 1), daily(0, 1)], "1", "in order"),
        ([daily(0, 1), daily(0, 1)], "1", "in order"),
    ],
)
def test_values_that_cannot_be_scored_are_refused(values: list, cash: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Curve.of(values, Decimal(cash))


def test_the_page_for_people_names_every_metric() -> None:
    page = (ROOT / "docs" / "scores.md").read_text(encoding="utf-8")
    assert [metric for metric in Metric if f"| `{metric}` |" not in page] == []


@given(VALUES, st.integers(0, 40), st.integers(0, 40))
def test_a_curve_that_grows_is_the_curve_of_all_its_values(
    amounts: list[Decimal | None], cut: int, end: int
) -> None:
    values = values_of(amounts)
    whole = Curve.of(values, CASH)
    grown = Curve.of(values[:cut], CASH).grown(values[cut:])
    assert list(grown.values) == values
    for name in ("days", "value", "gross", "traded"):
        assert getattr(grown, name).tobytes() == getattr(whole, name).tobytes()
    part = grown.until(day(end))
    assert card_of(part) == card_of(Curve.of(values[: end + 1], CASH))


def test_a_curve_grows_only_forward() -> None:
    with pytest.raises(ValueError, match="in order of their sessions"):
        curve_of(1, 2).grown(values_of([3]))
