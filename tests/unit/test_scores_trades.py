"""Figures of closed trades and of settled ballots, from totals that can be added up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Scores
from core.domain.ballot import Action
from core.domain.outcomes import HORIZONS, Outcome
from core.domain.scores import BallotTotals, ClosedTrade, Figure, Hits, Metric, TradeTotals
from core.domain.season import Season
from core.ledger.scores.ballots import ballot_figures, ballot_totals
from core.ledger.scores.curve import Curve
from core.ledger.scores.trades import trade_figures, trade_totals
from tests.curves import CASH, EAGER, NO_BALLOTS, card_of, daily, day

PROFITS = st.lists(st.decimals(-1000, 1000, places=2), max_size=30)
NOW = datetime(2024, 2, 1, 21, tzinfo=UTC)


def trades(*profits: Decimal | int | str) -> list[ClosedTrade]:
    return [ClosedTrade("NVDA", day(0), Decimal(profit), Decimal(0)) for profit in profits]


def outcome(action: Action, earned: str, horizon: int = 5) -> Outcome:
    return Outcome(
        season=Season.LIVE,
        run_id="r1",
        member="claude",
        ticker="NVDA",
        horizon=horizon,
        action=action,
        confidence=Decimal("0.7"),
        decided_at=datetime(2024, 1, 1, 21, tzinfo=UTC),
        entry_session=day(0),
        exit_session=day(5),
        entry_price=Decimal(100),
        exit_price=Decimal(101),
        return_ratio=Decimal(earned),
        settled_at=NOW,
    )


def test_figures_of_trades_are_those_worked_by_hand() -> None:
    figures = trade_figures(trade_totals(trades("30.50", -10, 0, "-5.25", 20), fills=12), EAGER)
    assert figures == {
        Metric.TRADES: Figure(value=12.0, sample=12),
        Metric.WIN_RATE: Figure(value=0.4, sample=5),
        Metric.PROFIT_FACTOR: Figure(value=50.5 / 15.25, sample=5),
        Metric.BEST_TRADE: Figure(value=Decimal("30.50"), sample=5),
        Metric.WORST_TRADE: Figure(value=Decimal(-10), sample=5),
    }


def test_a_profit_factor_without_a_loss_is_not_available() -> None:
    figures = trade_figures(trade_totals(trades(5, 5, 0), fills=3), EAGER)
    assert figures[Metric.PROFIT_FACTOR] == Figure(value=None, sample=3)
    assert figures[Metric.WIN_RATE].value == pytest.approx(2 / 3)


def test_rates_need_their_minimum_sample_and_facts_one_trade() -> None:
    rules = Scores(min_trades=5)
    few = trade_figures(trade_totals(trades(5, -3, 4, -1), fills=8), rules)
    assert few[Metric.WIN_RATE] == Figure(value=None, sample=4)
    assert few[Metric.PROFIT_FACTOR] == Figure(value=None, sample=4)
    assert few[Metric.BEST_TRADE] == Figure(value=Decimal(5), sample=4)
    none = trade_figures(TradeTotals(), rules)
    assert none[Metric.BEST_TRADE] == Figure(value=None, sample=0)
    assert none[Metric.TRADES] == Figure(value=0.0, sample=0)


@given(PROFITS, PROFITS)
def test_totals_of_parts_join_to_the_totals_of_the_whole(
    before: Sequence[Decimal], after: Sequence[Decimal]
) -> None:
    parts = trade_totals(trades(*before), fills=40).joined(trade_totals(trades(*after), fills=30))
    assert parts == trade_totals(trades(*before, *after), fills=70)


@pytest.mark.parametrize(
    ("profits", "fills", "words"), [(["NaN"], 1, "no number"), ([1, 2], 1, "cannot come")]
)
def test_trades_that_cannot_be_are_refused(profits: list[str], fills: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        trade_totals(trades(*profits), fills)


def test_ballots_are_counted_by_direction_and_horizon() -> None:
    outcomes = [
        outcome(Action.BUY, "0.02", 1),
        outcome(Action.SELL, "0.02", 1),
        outcome(Action.SELL, "-0.01", 5),
        outcome(Action.BUY, "0", 5),
        outcome(Action.HOLD, "0.05", 5),
        outcome(Action.HOLD, "0.05", 20),
    ]
    assert ballot_totals(outcomes) == BallotTotals(Hits(2, 1), Hits(2, 1), Hits(0, 0))
    halves = ballot_totals(outcomes[:3]).joined(ballot_totals(outcomes[3:]))
    assert halves == ballot_totals(outcomes)


def test_an_outcome_at_another_horizon_is_refused() -> None:
    with pytest.raises(ValueError, match="not 3"):
        ballot_totals([outcome(Action.BUY, "0.1", 3)])


def test_there_are_totals_for_every_horizon() -> None:
    assert BallotTotals._fields == tuple(f"after_{horizon}" for horizon in HORIZONS)


def test_a_right_decision_costs_all_tokens_of_the_period() -> None:
    totals = BallotTotals(Hits(10, 5), Hits(10, 4), Hits(3, 3))
    figures = ballot_figures(totals, Decimal("1.00"), Scores(min_settled=10))
    assert figures[Metric.HIT_RATE_1] == Figure(value=0.5, sample=10)
    assert figures[Metric.HIT_RATE_5] == Figure(value=0.4, sample=10)
    assert figures[Metric.HIT_RATE_20] == Figure(value=None, sample=3)
    assert figures[Metric.USD_PER_RIGHT] == Figure(value=Decimal("0.25"), sample=10)
    never_right = ballot_figures(BallotTotals(after_5=Hits(10, 0)), Decimal(1), Scores())
    assert never_right[Metric.USD_PER_RIGHT] == Figure(value=None, sample=10)
    assert never_right[Metric.HIT_RATE_5] == Figure(value=0.0, sample=10)


def test_a_scorecard_takes_the_cost_of_its_own_period() -> None:
    curve = Curve.of([daily(0, 10000, token_cost_usd=6), daily(1, 10000, token_cost_usd=8)], CASH)
    totals = BallotTotals(after_5=Hits(4, 2))
    whole, last_day = card_of(curve, ballots=totals), card_of(curve, ballots=totals, first=day(1))
    assert whole.figures[Metric.USD_PER_RIGHT].value == 4
    assert last_day.figures[Metric.USD_PER_RIGHT].value == 1
    assert card_of(curve, ballots=NO_BALLOTS).figures[Metric.USD_PER_RIGHT].value is None
