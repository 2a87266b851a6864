"""The simulated broker: what a fill may take from cash and holdings, on both sides."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Trading
from core.domain.books import Fill, Order, OrderCause, OrderState, Portfolio, Position, Side
from core.domain.season import Season
from core.ledger.broker import NotFilled, fill

NOW = datetime(2025, 10, 30, 13, 30, tzinfo=UTC)
FREE = Trading(fee_bps=Decimal(0), slippage_bps=Decimal(0))
SHORT = FREE.model_copy(update={"allow_short": True})


def filled(
    side: Side,
    shares: str,
    cash: str = "10000",
    held: str = "0",
    price: str = "100",
    rules: Trading = FREE,
    cause: OrderCause = OrderCause.BALLOT,
) -> Fill | NotFilled:
    order = Order(
        id="o1",
        season=Season.LIVE,
        run_id="r1",
        member="claude",
        ticker="NVDA",
        side=side,
        shares=Decimal(shares),
        reference_price=Decimal(100),
        decided_session=date(2025, 10, 29),
        created_at=NOW,
        state=OrderState.PENDING,
        cause=cause,
    )
    position = Position(ticker="NVDA", shares=Decimal(held), average_cost=Decimal(100))
    portfolio = Portfolio(
        member="claude", cash_usd=Decimal(cash), positions=(position,) if position.shares else ()
    )
    return fill(order, portfolio, Decimal(price), rules, fill_id="f1", session=NOW.date(), at=NOW)


def shares_of(found: Fill | NotFilled) -> Decimal:
    assert isinstance(found, Fill)
    return found.shares


def reason_of(found: Fill | NotFilled) -> str:
    assert isinstance(found, NotFilled)
    return found.reason


def test_short_positions_are_sold_only_where_they_are_allowed() -> None:
    assert reason_of(filled(Side.SELL, "5")) == "nothing of NVDA was left to sell"
    assert shares_of(filled(Side.SELL, "5", rules=SHORT)) == 5
    clamped = filled(Side.SELL, "5", held="3")
    assert isinstance(clamped, Fill)
    assert [(clamp.rule, clamp.note) for clamp in clamped.clamps] == [("shares", "3 of 5 shares are held")]
    assert shares_of(filled(Side.SELL, "5", held="3", rules=SHORT)) == 5


def test_covering_with_too_little_cash_covers_a_part() -> None:
    found = filled(Side.BUY, "90", cash="1000", held="-90", rules=SHORT, cause=OrderCause.MARGIN_CALL)
    assert isinstance(found, Fill)
    assert found.shares == 10
    assert [clamp.note for clamp in found.clamps] == ["cash of $1,000.00 pays for 10 of 90 shares"]


def test_without_cash_nothing_is_bought_and_the_sentence_says_so() -> None:
    assert (
        reason_of(filled(Side.BUY, "1", cash="0")) == "the cash of $0.00 pays for nothing at $100.00 a share"
    )
    assert reason_of(filled(Side.BUY, "1", cash="-2.50")).startswith("the cash of -$2.50 pays for nothing")


def test_what_closes_a_position_never_turns_it_around() -> None:
    for cause in (OrderCause.STOP, OrderCause.TAKE_PROFIT, OrderCause.MARGIN_CALL):
        assert shares_of(filled(Side.SELL, "9", held="4", rules=SHORT, cause=cause)) == 4
        assert shares_of(filled(Side.BUY, "9", held="-4", rules=SHORT, cause=cause)) == 4
        assert reason_of(filled(Side.BUY, "9", held="4", rules=SHORT, cause=cause)) == (
            "nothing of NVDA was left to close"
        )


def test_what_is_worth_less_than_half_a_cent_is_not_given_away_but_can_be_closed() -> None:
    assert isinstance(filled(Side.BUY, "0.00004"), NotFilled)
    sold = filled(Side.SELL, "0.00004", held="0.00004")
    assert isinstance(sold, Fill)
    assert (sold.shares, sold.amount_usd, sold.fee_usd) == (Decimal("0.00004"), 0, 0)
    assert shares_of(filled(Side.BUY, "0.00004", held="-0.00004", rules=SHORT)) == Decimal("0.00004")


@given(
    side=st.sampled_from(Side),
    shares=st.decimals("0.000001", "300", places=6),
    cash=st.decimals("-100", "20000", places=2),
    held=st.decimals(-200, 200, places=6),
    price=st.decimals("0.01", "3000", places=2),
    bps=st.decimals(0, 500, places=1),
    short=st.booleans(),
    cause=st.sampled_from([cause for cause in OrderCause if cause is not OrderCause.IMPORT]),
)
def test_no_fill_makes_cash_negative_or_sells_what_must_not_be_sold(
    side: Side,
    shares: Decimal,
    cash: Decimal,
    held: Decimal,
    price: Decimal,
    bps: Decimal,
    short: bool,
    cause: OrderCause,
) -> None:
    held = held if short else abs(held)
    rules = Trading(fee_bps=bps, slippage_bps=bps, allow_short=short)
    found = filled(side, str(shares), str(cash), str(held), str(price), rules, cause)
    if isinstance(found, NotFilled):
        return
    assert 0 < found.shares <= shares
    assert (found.shares < shares) == bool(found.clamps)
    change = found.amount_usd - found.fee_usd
    assert change >= 0 or cash + change >= 0
    after = held + (found.shares if side is Side.BUY else -found.shares)
    assert short or after >= 0
    if cause is not OrderCause.BALLOT:
        assert abs(after) < abs(held)
        assert after * held >= 0
