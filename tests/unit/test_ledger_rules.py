"""From a ballot to a fill."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.config.settings import Trading
from core.domain.ballot import Ballot, Rating, RiskLevel
from core.domain.bars import Mark
from core.domain.books import Account, Fill, Order, OrderState, Portfolio, Position, Side
from core.domain.season import Season
from core.ledger.broker import NotFilled, fill
from core.ledger.places import ranks
from core.ledger.sizing import Situation, wish
from core.ledger.valuation import equity, holdings, leaderboard, worth

NOW = datetime(2025, 10, 30, 13, 30, tzinfo=UTC)
FREE = Trading(fee_bps=Decimal(0), slippage_bps=Decimal(0))


def ballot(rating: Rating, weight: str | None = None) -> Ballot:
    return Ballot(
        member="claude",
        action=rating.action,
        rating=rating,
        confidence=Decimal("0.7"),
        target_weight=None if weight is None else Decimal(weight),
        risk_level=RiskLevel.LOW,
        reasoning="because",
    )


def held(shares: str) -> Position:
    return Position(ticker="NVDA", shares=Decimal(shares), average_cost=Decimal(100))


def order(side: Side, shares: str) -> Order:
    return Order(
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
    )


def portfolio(cash: str, shares: str = "0") -> Portfolio:
    positions = (held(shares),) if Decimal(shares) else ()
    return Portfolio(member="claude", cash_usd=Decimal(cash), positions=positions)


def filled(o: Order, p: Portfolio, price: str, rules: Trading) -> Fill | NotFilled:
    return fill(o, p, Decimal(price), rules, fill_id="f1", session=NOW.date(), at=NOW)


def test_a_target_weight_becomes_the_missing_shares() -> None:
    asked = wish(ballot(Rating.BUY, "0.2"), held("5"), Situation(Decimal(10_000), Decimal(100)), FREE)
    assert asked is not None
    assert asked.shares == 15
    assert asked.clamps == ()


def test_a_target_above_the_largest_position_is_clamped_and_recorded() -> None:
    asked = wish(ballot(Rating.BUY, "0.9"), None, Situation(Decimal(10_000), Decimal(100)), FREE)
    assert asked is not None
    assert asked.shares == 25
    assert [clamp.rule for clamp in asked.clamps] == ["max position"]


def test_a_rating_without_a_target_weight_has_a_stated_size() -> None:
    buy = wish(ballot(Rating.BUY), None, Situation(Decimal(10_000), Decimal(100)), FREE)
    overweight = wish(ballot(Rating.OVERWEIGHT), None, Situation(Decimal(10_000), Decimal(100)), FREE)
    assert buy is not None
    assert overweight is not None
    assert (buy.shares, overweight.shares) == (25, Decimal("12.5"))
    assert buy.clamps[0].rule == "rating size"


def test_sell_without_a_target_weight_means_flat() -> None:
    asked = wish(ballot(Rating.UNDERWEIGHT), held("7.123456"), Situation(Decimal(10_000), Decimal(100)), FREE)
    assert asked is not None
    assert (asked.side, asked.shares) == (Side.SELL, Decimal("7.123456"))


def test_a_buy_never_sells_and_a_sell_never_buys() -> None:
    buy = wish(ballot(Rating.BUY, "0.1"), held("20"), Situation(Decimal(10_000), Decimal(100)), FREE)
    sell = wish(ballot(Rating.SELL, "0.2"), held("10"), Situation(Decimal(10_000), Decimal(100)), FREE)
    assert buy is not None
    assert sell is not None
    assert buy.shares == sell.shares == 0
    assert buy.reason is not None
    assert "already holds 20.0%" in buy.reason


def test_selling_what_is_not_held_is_refused_with_its_reason() -> None:
    asked = wish(ballot(Rating.SELL), None, Situation(Decimal(10_000), Decimal(100)), FREE)
    assert asked is not None
    assert asked.shares == 0
    assert asked.reason == "nothing to sell, and short positions are off"


def test_hold_asks_for_nothing() -> None:
    assert wish(ballot(Rating.HOLD), held("3"), Situation(Decimal(10_000), Decimal(100)), FREE) is None


def test_an_unpriced_holding_stops_the_trade() -> None:
    asked = wish(ballot(Rating.BUY), None, Situation(None, Decimal(100)), FREE)
    assert asked is not None
    assert asked.shares == 0
    assert asked.reason is not None
    assert "cannot be priced" in asked.reason


def test_slippage_and_fee_are_on_the_fill() -> None:
    rules = Trading(fee_bps=Decimal(10), slippage_bps=Decimal(20))
    done = filled(order(Side.BUY, "10"), portfolio("10000"), "100", rules)
    assert isinstance(done, Fill)
    assert done.price == Decimal("100.2")
    assert done.amount_usd == Decimal("-1002.00")
    assert done.fee_usd == Decimal("1.00")
    sold = filled(order(Side.SELL, "10"), portfolio("0", "10"), "100", rules)
    assert isinstance(sold, Fill)
    assert sold.price == Decimal("99.8")


def test_too_little_cash_clamps_the_fill_and_says_so() -> None:
    done = filled(order(Side.BUY, "10"), portfolio("500"), "100", FREE)
    assert isinstance(done, Fill)
    assert done.shares == 5
    assert done.clamps[0].rule == "cash"


def test_no_cash_or_no_shares_is_not_filled() -> None:
    assert isinstance(filled(order(Side.BUY, "1"), portfolio("0"), "100", FREE), NotFilled)
    assert isinstance(filled(order(Side.SELL, "1"), portfolio("100"), "100", FREE), NotFilled)


def test_whole_shares_stay_whole() -> None:
    rules = Trading(fractional=False)
    done = filled(order(Side.BUY, "10"), portfolio("550"), "100", rules)
    assert isinstance(done, Fill)
    assert done.shares == 5


@given(
    st.decimals("0", "100000", places=2),
    st.decimals("0.000001", "5000", places=6),
    st.decimals("0.0001", "100000", places=4),
    st.decimals(0, 1000, places=1),
    st.booleans(),
)
def test_a_buy_never_makes_cash_negative(
    cash: Decimal, shares: Decimal, price: Decimal, bps: Decimal, fractional: bool
) -> None:
    rules = Trading(fee_bps=bps, slippage_bps=bps, fractional=fractional)
    done = filled(order(Side.BUY, str(shares)), portfolio(str(cash)), str(price), rules)
    if isinstance(done, Fill):
        assert cash + done.amount_usd - done.fee_usd >= 0
        assert 0 < done.shares <= shares
        assert done.shares == shares or done.clamps


@given(
    st.decimals("0.000001", "500", places=6),
    st.decimals("0.000001", "500", places=6),
    st.decimals("0.01", "9999", places=2),
)
def test_a_sell_never_sells_more_than_is_held(have: Decimal, want: Decimal, price: Decimal) -> None:
    done = filled(order(Side.SELL, str(want)), portfolio("0", str(have)), str(price), Trading())
    if isinstance(done, Fill):
        assert done.shares == min(have, want)
        assert done.amount_usd - done.fee_usd >= 0


def mark(price: str, day: int = 29) -> Mark:
    return Mark(ticker="NVDA", price=Decimal(price), at=datetime(2025, 10, day, 20, tzinfo=UTC), source="csv")


def account(name: str, cash: str, shares: str = "0", *, wins: int = 0, closed: int = 0) -> Account:
    return Account(
        season=Season.LIVE,
        member=name,
        kind="llm",
        deposits_usd=Decimal(10_000),
        portfolio=portfolio(cash, shares).model_copy(update={"member": name}),
        trades=closed,
        closed_trades=closed,
        wins=wins,
    )


def test_a_holding_without_a_price_has_no_value_and_is_never_zero() -> None:
    book = portfolio("100", "2")
    assert equity(book, holdings(book, {"NVDA": mark("50")})) == 200
    lost = holdings(book, {})
    assert lost[0].value_usd is None
    assert equity(book, lost) is None
    stale = holdings(book, {"NVDA": mark("50", 1)}, oldest=date(2025, 10, 20))
    assert stale[0].unpriced == "NVDA cannot be priced since 2025-10-01"


def test_the_leaderboard_ranks_by_value_shares_ranks_and_gives_medals_for_trading() -> None:
    accounts = [
        account("a", "10000"),
        account("b", "9000", "20", wins=1, closed=2),
        account("c", "10000", closed=1),
        account("d", "1", "3"),
    ]
    board = leaderboard(Season.LIVE, Decimal(10_000), accounts, {"NVDA": mark("100")}, {"b": Decimal("0.5")})
    assert [(s.rank, s.medal, s.member) for s in board.standings] == [
        (1, "🥇", "b"),
        (2, "", "a"),
        (2, "🥈", "c"),
        (4, "", "d"),
    ]
    first = board.standings[0]
    assert (first.pnl_usd, first.return_ratio, first.win_rate) == (1000, Decimal("0.1"), Decimal("0.5"))
    assert board.standings[1].win_rate is None
    unpriced = leaderboard(Season.LIVE, Decimal(10_000), accounts, {}, {})
    assert [s.member for s in unpriced.standings] == ["a", "c", "b", "d"]
    assert unpriced.standings[2].value_usd is None
    assert unpriced.standings[2].rank == 0


_SCORES = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.none() | st.integers(-3, 3) | st.floats(-3, 3) | st.decimals(-3, 3, places=1),
)


@given(_SCORES, st.booleans())
def test_a_rank_is_one_more_than_how_many_are_better(
    scores: dict[str, Decimal | float | None], lower: bool
) -> None:
    known = [score for score in scores.values() if score is not None]
    for member, rank in ranks(scores, lower_is_better=lower).items():
        own = scores[member]
        better = 0 if own is None else sum(one < own if lower else one > own for one in known)
        assert rank == (0 if own is None else 1 + better)


@given(
    st.decimals(0, 9999, places=2),
    st.dictionaries(st.sampled_from(["NVDA", "AAPL", "IBM"]), st.decimals("0.000001", "99", places=6)),
    st.dictionaries(st.sampled_from(["NVDA", "AAPL", "IBM"]), st.integers(1, 28)),
)
def test_the_worth_of_a_portfolio_is_what_its_holdings_add_up_to(
    cash: Decimal, shares: dict[str, Decimal], days: dict[str, int]
) -> None:
    book = Portfolio(
        member="claude",
        cash_usd=cash,
        positions=tuple(
            Position(ticker=ticker, shares=count, average_cost=Decimal(1)) for ticker, count in shares.items()
        ),
    )
    marks = {
        ticker: mark("12.345678", day).model_copy(update={"ticker": ticker}) for ticker, day in days.items()
    }
    valued = holdings(book, marks, date(2025, 10, 14))
    found = worth(book, marks, date(2025, 10, 14))
    assert found.value_usd == equity(book, valued)
    assert found.unpriced == tuple(one.unpriced for one in valued if one.unpriced)
    assert found.marked == {one.mark.at.date() for one in valued if one.mark}
