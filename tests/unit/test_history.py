"""What happened to tickers, what became of ballots, and which prices may still come."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.domain.bars import Bar
from core.domain.errors import VendorTimeout
from core.domain.season import Season
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.pipeline.history import History, Moves, fetch
from core.pipeline.lateness import failed_lately, late_tickers
from core.pipeline.outcomes import same_time, span
from core.store.locked_sessions import Passed
from core.store.season_rows import SeasonState
from tests.vendor_double import CALENDAR, Vendor, bar, dividend, split

MON, TUE, WED, THU, FRI = (date(2025, 10, day) for day in range(27, 32))


def price(day: date, opened: str, closed: str) -> Bar:
    low, high = sorted((Decimal(opened), Decimal(closed)))
    return Bar(date=day, open=Decimal(opened), high=high, low=low, close=Decimal(closed), volume=1)


def history(*bars: Bar, ticker: str = "NVDA", **more: tuple[Bar, ...]) -> History:
    """What is known of `ticker`, and of other tickers by name (with a dash for an underscore)."""
    found = History(MON, FRI, CALENDAR)
    for name, known in {ticker: bars, **more}.items():
        named = name.replace("_", "-")
        found.bars[named] = Moves(named, known, CALENDAR.of(named))
        found.actions[named] = ()
        found.sources[named] = "csv"
    return found


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def test_opens_and_closes_belong_to_the_time_after_and_up_to_a_moment() -> None:
    found = history(bar(MON), bar(TUE), bar(WED))
    opens, closes = at(TUE, 13, 30), at(TUE, 20)
    assert [move.bar.date for move in found.openings(at(MON, 20), opens)] == [TUE]
    assert list(found.openings(opens, at(WED, 13, 29))) == []
    assert [move.bar.date for move in found.closings(at(MON, 20), closes)] == [TUE]
    assert list(found.closings(closes, at(WED, 19))) == []


def test_a_bar_that_has_not_closed_is_no_last_close() -> None:
    found = history(bar(MON), bar(TUE))
    for moment, day in ((at(TUE, 19, 59), MON), (at(TUE, 20), TUE)):
        move = found.last_closed("NVDA", moment)
        assert move is not None
        assert move.bar.date == day
    assert found.last_closed("NVDA", at(MON, 12)) is None
    assert found.last_closed("AAPL", at(TUE, 20)) is None


def test_actions_are_in_force_from_the_open_of_their_day() -> None:
    found = history(bar(MON))
    found.actions["NVDA"] = (split("2025-10-28", "2"), dividend("2025-10-28", "1"))
    assert list(found.in_force(at(TUE, 13, 29))) == []
    assert [(acted.opens, acted.action.kind) for acted in found.in_force(at(TUE, 13, 30))] == [
        (at(TUE, 13, 30), "split"),
        (at(TUE, 13, 30), "dividend"),
    ]


def test_one_share_grows_by_splits_and_is_paid_by_dividends() -> None:
    found = history(bar(MON))
    found.actions["NVDA"] = (
        dividend("2025-10-27", "9"),
        split("2025-10-28", "2"),
        dividend("2025-10-29", "0.5"),
        split("2025-10-30", "3"),
        dividend("2025-10-31", "9"),
    )
    assert found.one_share("NVDA", MON, THU) == (6, 1)
    assert found.one_share("NVDA", FRI, FRI) == (1, 0)
    assert found.one_share("SPY", MON, FRI) == (1, 0)


async def test_a_ticker_whose_vendor_fails_is_not_one_that_did_not_trade() -> None:
    class Picky(Vendor):
        async def daily_bars(self, ticker: str, start: date, end: date) -> tuple[Bar, ...]:
            if ticker == "AAPL":
                raise VendorTimeout(self.name, "no answer within 10 seconds")
            return self.held if ticker == "NVDA" else ()

    class Now:
        def now(self) -> datetime:
            return at(WED, 15)

    calendar = MarketCalendar()
    chain = PriceChain([Picky("csv", [bar(TUE), bar(WED), bar(THU)])], calendar, Now(), 5, 1.0)  # type: ignore[arg-type]
    wanted = dict.fromkeys(("NVDA", "AAPL", "MSFT"), "csv")
    found = await fetch(chain, calendar, wanted, MON, FRI, at(WED, 15))
    # Thursday has not opened; of Wednesday, which goes on, the open is known.
    assert [move.bar.date for move in found.bars["NVDA"]] == [TUE, WED]
    assert (found.failed, list(found.bars["MSFT"])) == ({"AAPL"}, [])


def test_a_ballot_is_measured_from_the_next_open_to_the_close_of_its_horizon() -> None:
    found = history(price(TUE, "100", "104"), price(WED, "105", "110"), price(THU, "1", "1"))
    for horizon, close in ((1, "104"), (2, "110")):
        done = span(found, "NVDA", MON, horizon)
        assert done is not None
        assert done.return_ratio == Decimal(close) / 100 - 1
    assert span(found, "NVDA", THU, 1) is None


def test_splits_and_dividends_between_entry_and_exit_are_in_the_return() -> None:
    found = history(price(TUE, "100", "100"), price(WED, "50", "55"))
    found.actions["NVDA"] = (
        dividend("2025-10-28", "7"),
        split("2025-10-29", "2"),
        dividend("2025-10-29", "1"),
    )
    done = span(found, "NVDA", MON, 2)
    assert done is not None
    assert done.return_ratio == Decimal("0.12")


def test_without_a_bar_in_the_last_session_the_last_close_before_counts() -> None:
    found = history(price(TUE, "100", "104"), price(THU, "1", "1"))
    done = span(found, "NVDA", MON, 2)
    assert done is not None
    assert (done.exit_session, done.return_ratio) == (TUE, Decimal("0.04"))
    assert span(found, "NVDA", TUE, 1) is None


def test_a_crypto_pair_counts_its_own_days() -> None:
    saturday, sunday, monday = (date(2025, 11, day) for day in (1, 2, 3))
    found = history(
        *(price(day, "100", "101") for day in (saturday, sunday, monday)), ticker="BTC-USD", SPY=(bar(FRI),)
    )
    done = span(found, "BTC-USD", FRI, 3)
    assert done is not None
    assert (done.entry_session, done.exit_session) == (saturday, monday)
    assert done.closes == datetime(2025, 11, 4, tzinfo=UTC)


def test_a_benchmark_is_measured_within_the_time_and_never_beyond() -> None:
    spy = (price(TUE, "400", "404"), price(WED, "404", "408"))
    found = history(
        price(TUE, "90", "91"), price(WED, "91", "92"), SPY=spy, **{"7203.T": (price(WED, "9", "9"),)}
    )
    own = span(found, "NVDA", MON, 2)
    assert own is not None
    assert same_time(found, "SPY", own) == Decimal("0.02")
    # Tokyo's Wednesday ends before New York's begins.
    tokyo = span(found, "7203.T", TUE, 1)
    assert tokyo is not None
    assert same_time(found, "SPY", tokyo) is None
    assert same_time(found, "QQQ", own) is None


WEDNESDAY = CALENDAR.exchange.session(WED)


def state(**changes: object) -> SeasonState:
    facts: dict[str, object] = {
        "season": Season.LIVE,
        "benchmark": "SPY",
        "opened_at": at(MON, 22),
        "last": Passed(TUE, at(TUE, 20), Decimal(400), Decimal(1)),
        "held": frozenset({"NVDA"}),
        "waiting": frozenset(),
        "decided": {},
        "unsettled": {},
        "sources": {"NVDA": "csv"},
        "newest_source": "csv",
        "marked": {"NVDA": at(TUE, 20)},
    }
    return SeasonState(**(facts | changes))  # type: ignore[arg-type]


def late(found: History, **changes: object) -> set[str]:
    assert WEDNESDAY is not None
    return set(late_tickers(state(**changes), found, WEDNESDAY))


def test_a_price_that_is_there_is_not_late() -> None:
    assert late(history(bar(TUE), bar(WED))) == set()


def test_a_missing_bar_is_late_while_the_vendor_has_none_for_others_either() -> None:
    assert late(history(bar(TUE))) == {"NVDA"}
    assert late(history(bar(TUE), SPY=(bar(TUE),))) == {"NVDA", "SPY"}
    assert late(history(bar(TUE), SPY=(bar(WED),))) == set()
    assert late(history(bar(TUE), BTC_USD=(bar(WED),))) == {"NVDA"}


def test_a_later_bar_says_that_there_was_no_trade() -> None:
    assert late(history(bar(TUE), bar(THU))) == set()


def test_what_has_had_no_price_for_long_is_not_waited_for() -> None:
    assert late(history(bar(date(2025, 10, 23)))) == set()
    assert late(history(bar(date(2025, 10, 24)))) == {"NVDA"}


def failing(*tickers: str) -> History:
    found = history(bar(WED), ticker="MSFT")
    found.failed.update(tickers)
    found.sources.update(dict.fromkeys(tickers, "csv"))
    return found


def test_a_vendor_that_fails_is_waited_for_by_the_last_price_that_the_books_have() -> None:
    assert late(failing("NVDA")) == {"NVDA"}
    # A price of the afternoon is not the close.
    assert late(failing("NVDA"), marked={"NVDA": at(WED, 19)}) == {"NVDA"}
    assert late(failing("NVDA"), marked={"NVDA": at(WED, 20)}) == set()
    assert late(failing("NVDA"), marked={"NVDA": at(date(2025, 10, 23), 20)}) == set()


def test_a_benchmark_is_waited_for_until_the_books_have_gone_on_without_it() -> None:
    assert late(failing("SPY"), held=frozenset()) == {"SPY"}
    assert late(failing("SPY"), held=frozenset(), last=None) == {"SPY"}
    assert late(failing("SPY"), held=frozenset(), last=Passed(TUE, at(TUE, 20))) == set()


@pytest.mark.parametrize(("marked", "waits"), [(at(TUE, 20), True), (at(date(2025, 10, 22), 20), False)])
def test_between_closes_a_vendor_that_has_failed_lately_is_waited_for(marked: datetime, waits: bool) -> None:
    found = failed_lately(state(marked={"NVDA": marked}), failing("NVDA"), at(WED, 15))
    assert found == ({"NVDA"} if waits else set())
