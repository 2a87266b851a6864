"""From a ballot to a wish: every clamp with its rule, and what never happens."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Trading
from core.domain.ballot import Ballot, Rating, RiskLevel
from core.domain.books import Position, Side
from core.ledger.sizing import Situation, Wish, wish

FREE = {"fee_bps": Decimal(0), "slippage_bps": Decimal(0)}
LONG = Trading(**FREE)
SHORT = Trading(**FREE, allow_short=True)


def ballot(rating: Rating, weight: str | Decimal | None = None) -> Ballot:
    return Ballot(
        member="claude",
        action=rating.action,
        rating=rating,
        confidence=Decimal("0.7"),
        target_weight=None if weight is None else Decimal(weight),
        risk_level=RiskLevel.LOW,
        reasoning="because",
    )


def asked(
    rating: Rating,
    weight: str | None = None,
    held: str = "0",
    rules: Trading = LONG,
    equity: str = "10000",
    **now: object,
) -> Wish:
    position = (
        Position(ticker="NVDA", shares=Decimal(held), average_cost=Decimal(90)) if Decimal(held) else None
    )
    situation = Situation(Decimal(equity), Decimal(100), **now)  # type: ignore[arg-type]
    found = wish(ballot(rating, weight), position, situation, rules)
    assert found is not None
    return found


def rules_of(found: Wish) -> list[str]:
    return [clamp.rule for clamp in found.clamps]


def test_a_short_target_is_flat_while_short_positions_are_off() -> None:
    found = asked(Rating.SELL, "-0.2", held="10")
    assert (found.side, found.shares, rules_of(found)) == (Side.SELL, 10, ["no shorting"])
    assert found.clamps[0].note == "wished for -20.0% of equity, and short positions are off"


def test_a_short_target_sells_what_is_not_held() -> None:
    assert asked(Rating.SELL, "-0.2", rules=SHORT).shares == 20
    assert asked(Rating.SELL, "-0.2", held="-5", rules=SHORT).shares == 15


def test_a_short_target_is_capped_like_a_long_one() -> None:
    found = asked(Rating.SELL, "-0.6", rules=SHORT)
    assert (found.shares, rules_of(found)) == (25, ["max position"])
    assert found.clamps[0].note == "wished for -60.0% of equity, the cap is -25.0%"


def test_a_position_can_be_turned_around_in_one_order() -> None:
    assert asked(Rating.SELL, "-0.1", held="20", rules=SHORT).shares == 30
    assert asked(Rating.BUY, "0.1", held="-20", rules=SHORT).shares == 30


def test_a_buy_target_of_nothing_covers_a_short_position() -> None:
    assert asked(Rating.BUY, "0", held="-20", rules=SHORT).shares == 20


def test_underweight_of_a_short_position_asks_for_nothing() -> None:
    found = asked(Rating.UNDERWEIGHT, held="-20", rules=SHORT)
    assert found.shares == 0
    assert found.reason == "holds -20.0% of equity, not more than the target of 0.0%"


def test_the_brake_lets_nothing_grow_and_everything_shrink() -> None:
    why = "equity fell 6.0% since the last close: nothing is added until the next session"
    stopped = asked(Rating.BUY, "0.2", held="5", braked=why)
    assert (stopped.shares, stopped.reason, rules_of(stopped)) == (0, why, ["drawdown brake"])
    assert asked(Rating.SELL, "0.1", held="20", braked=why).shares == 10
    assert asked(Rating.SELL, "-0.2", rules=SHORT, braked=why).shares == 0


def test_a_brake_ends_a_turn_at_flat() -> None:
    found = asked(Rating.SELL, "-0.2", held="10", rules=SHORT, braked="equity fell")
    assert (found.shares, rules_of(found)) == (10, ["drawdown brake"])


def test_the_cooldown_has_its_own_rule() -> None:
    found = asked(Rating.BUY, "0.2", cooling="the stop of NVDA was hit")
    assert (found.shares, found.reason, rules_of(found)) == (0, "the stop of NVDA was hit", ["cooldown"])


def test_other_holdings_leave_less_room() -> None:
    found = asked(Rating.BUY, "0.25", elsewhere_usd=Decimal(9_000))
    assert (found.shares, rules_of(found)) == (10, ["max gross exposure"])
    none = asked(Rating.BUY, "0.25", elsewhere_usd=Decimal(12_000))
    assert (none.shares, none.reason) == (
        0,
        "all holdings together may be 100% of equity: $0.00 are left",
    )


def test_a_holding_beyond_the_exposure_need_not_shrink_but_may_not_grow() -> None:
    found = asked(Rating.BUY, "0.25", held="15", elsewhere_usd=Decimal(9_000))
    assert (found.shares, rules_of(found)) == (0, ["max gross exposure"])


def test_a_turn_has_only_the_room_that_is_left_for_the_other_side() -> None:
    found = asked(Rating.SELL, "-0.2", held="20", rules=SHORT, elsewhere_usd=Decimal(9_500))
    assert (found.shares, rules_of(found)) == (25, ["max gross exposure"])


def test_a_small_order_is_not_made_unless_it_closes_the_position() -> None:
    rules = Trading(**FREE, min_order_usd=Decimal(50))
    small = asked(Rating.BUY, "0.1", held="9.6", rules=rules)
    assert (small.shares, small.reason) == (0, "the order is smaller than the minimum of $50.00")
    assert asked(Rating.SELL, held="0.3", rules=rules).shares == Decimal("0.3")


def test_less_than_one_whole_share_is_said_as_such() -> None:
    rules = Trading(**FREE, fractional=False)
    found = asked(Rating.BUY, "0.2", rules=rules, equity="400")
    assert (found.shares, found.reason) == (0, "20.0% of equity is less than one share of $100.00")


@pytest.mark.parametrize("equity", ["0", "-500"])
def test_without_equity_positions_can_only_be_closed(equity: str) -> None:
    assert asked(Rating.BUY, "0.2", equity=equity).reason == "no equity is left to trade with"
    assert asked(Rating.BUY, "0.2", held="-3", rules=SHORT, equity=equity).shares == 3
    assert asked(Rating.SELL, held="3", equity=equity).shares == 3


_SHARES = st.decimals(-60, 60, places=6)
_RULES = st.builds(
    Trading,
    max_position=st.decimals("0.05", 1, places=2),
    max_gross_exposure=st.decimals("0.1", 3, places=1),
    fractional=st.booleans(),
    min_order_usd=st.decimals(0, 300, places=2),
    allow_short=st.booleans(),
)
_NOW = st.builds(
    Situation,
    equity_usd=st.decimals(-1_000, 50_000, places=2),
    price=st.decimals("0.01", 2_000, places=2),
    elsewhere_usd=st.decimals(0, 20_000, places=2),
    braked=st.sampled_from([None, "braked"]),
    cooling=st.sampled_from([None, "cooling"]),
)


@given(
    rating=st.sampled_from([rating for rating in Rating if rating is not Rating.HOLD]),
    weight=st.one_of(st.none(), st.decimals(-1, 1, places=3)),
    held=_SHARES,
    now=_NOW,
    rules=_RULES,
)
def test_whatever_is_wished_the_rules_hold(
    rating: Rating, weight: Decimal | None, held: Decimal, now: Situation, rules: Trading
) -> None:
    if not rules.allow_short or not rules.fractional:
        held = abs(held).to_integral_value() if not rules.fractional else abs(held)
    position = Position(ticker="NVDA", shares=held, average_cost=Decimal(1)) if held else None
    found = wish(ballot(rating, weight), position, now, rules)
    assert found is not None
    assert found.side is (Side.BUY if rating in {Rating.BUY, Rating.OVERWEIGHT} else Side.SELL)
    assert found.shares >= 0
    assert (found.shares == 0) == (found.reason is not None)
    after = held + (found.shares if found.side is Side.BUY else -found.shares)
    if found.shares == 0:
        return
    assert rules.allow_short or after >= 0
    assert rules.fractional is False or found.shares == found.shares.quantize(Decimal("1e-6"))
    assert rules.fractional or found.shares == found.shares.to_integral_value()
    assert after == 0 or found.shares * now.price >= rules.min_order_usd
    if abs(after) > abs(held) or held * after < 0:
        assert now.braked is None
        assert now.cooling is None
        assert now.equity_usd is not None
        assert now.equity_usd > 0
        assert abs(after) * now.price <= rules.max_position * now.equity_usd
        assert now.elsewhere_usd + abs(after) * now.price <= rules.max_gross_exposure * now.equity_usd
