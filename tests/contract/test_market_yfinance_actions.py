from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.clock import ManualClock
from core.config.market import YfinanceVendor as YfinanceSettings
from core.domain.actions import ActionKind
from core.domain.errors import BadVendorData, NoPrices, VendorUnreachable
from core.market.calendar import MarketCalendar
from core.market.chain import PriceChain
from core.market.yfinance_vendor import YfinanceVendor
from tests.loopback.yahoo_server import Row, YahooServer, chart

pytest_plugins = ("tests.yfinance_scene",)

START, END = date(2025, 6, 1), date(2025, 6, 30)
LONDON, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")


def yahoo_row(day: str, price: str, volume: int, ratio: str = "1") -> Row:
    """A row as Yahoo sends it: divided by the splits after it, and cut to a 32-bit float in full length."""
    sent = float(np.float32(float(Decimal(price) / Decimal(ratio))))
    return (day, sent, sent, sent, sent, int(volume * Decimal(ratio)))


def chain(vendor: YfinanceVendor, now: datetime) -> PriceChain:
    return PriceChain([vendor], MarketCalendar(), ManualClock(now), 3, 10)


@pytest.fixture
def fifteen(yahoo: YahooServer, symbol: str) -> str:
    """A share that splits 15:1 on Tuesday, 10 June 2025, and pays $0.86 before it and $0.05 on that day."""
    yahoo.held[symbol] = chart(
        symbol,
        [
            yahoo_row("2025-06-06", "1360.45", 350_000, "15"),
            yahoo_row("2025-06-09", "1348.10", 400_000, "15"),
            yahoo_row("2025-06-10", "91.71", 5_000_000),
        ],
        splits=[("2025-06-10", 15, 1)],
        dividends=[("2025-06-06", 0.057333), ("2025-06-10", 0.05)],
    )
    return symbol


async def test_bars_from_before_a_split_are_as_traded(yahoo_prices: YfinanceVendor, fifteen: str) -> None:
    bars = await yahoo_prices.daily_bars(fifteen, START, END)

    assert [(bar.close, bar.volume) for bar in bars] == [
        (Decimal("1360.45"), 350_000),
        (Decimal("1348.1"), 400_000),
        (Decimal("91.71"), 5_000_000),
    ]


async def test_a_split_after_the_asked_range_is_taken_out_of_its_bars_all_the_same(
    yahoo_prices: YfinanceVendor, fifteen: str
) -> None:
    (bar,) = await yahoo_prices.daily_bars(fifteen, date(2025, 6, 9), date(2025, 6, 9))

    assert bar.close == Decimal("1348.1")
    assert await yahoo_prices.actions(fifteen, START, date(2025, 6, 9)) != ()
    assert {action.kind for action in await yahoo_prices.actions(fifteen, START, date(2025, 6, 9))} == {
        ActionKind.DIVIDEND
    }


async def test_a_reverse_split_is_taken_out_too(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    rows = [
        yahoo_row("2025-06-09", "1.23", 123_450, "0.1"),
        yahoo_row("2025-06-10", "12.51", 20_000),
    ]
    yahoo.held[symbol] = chart(symbol, rows, splits=[("2025-06-10", 1, 10)])

    bars = await yahoo_prices.daily_bars(symbol, START, END)
    (split,) = await yahoo_prices.actions(symbol, START, END)

    assert [(bar.close, bar.volume) for bar in bars] == [
        (Decimal("1.23"), 123_450),
        (Decimal("12.51"), 20_000),
    ]
    assert (split.kind, split.ex_date, split.value) == (ActionKind.SPLIT, date(2025, 6, 10), Decimal("0.1"))


async def test_one_for_three_keeps_twelve_digits(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    yahoo.held[symbol] = chart(symbol, [yahoo_row("2025-06-10", "12.51", 5)], splits=[("2025-06-10", 1, 3)])

    (split,) = await yahoo_prices.actions(symbol, START, END)

    assert split.value == Decimal("0.333333333333")


async def test_dividends_are_what_one_share_of_their_day_was_paid(
    yahoo_prices: YfinanceVendor, fifteen: str
) -> None:
    actions = await yahoo_prices.actions(fifteen, START, END)

    told = {(action.kind, action.ex_date.day): action.value for action in actions}
    assert told == {
        (ActionKind.SPLIT, 10): Decimal(15),
        (ActionKind.DIVIDEND, 6): Decimal("0.86"),
        (ActionKind.DIVIDEND, 10): Decimal("0.05"),
    }


async def test_an_action_of_a_day_of_which_yahoo_lacks_the_prices_is_told(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    gap: Row = ("2025-06-10", None, None, None, None, None)
    yahoo.held[symbol] = chart(
        symbol, [yahoo_row("2025-06-09", "20.5", 10, "2"), gap], splits=[("2025-06-10", 2, 1)]
    )

    (bar,) = await yahoo_prices.daily_bars(symbol, START, END)
    (split,) = await yahoo_prices.actions(symbol, START, END)

    assert (bar.close, split.ex_date) == (Decimal("20.5"), date(2025, 6, 10))


async def test_a_ticker_that_yahoo_does_not_know_has_no_actions(
    yahoo_prices: YfinanceVendor, symbol: str
) -> None:
    assert await yahoo_prices.actions(symbol, START, END) == ()


@pytest.mark.parametrize(("new", "old"), [(1, 0), (-2, 1)])
async def test_a_split_that_cannot_be_is_refused(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str, new: float, old: float
) -> None:
    rows = [yahoo_row("2025-06-09", "20.5", 10), yahoo_row("2025-06-10", "20.5", 10)]
    yahoo.held[symbol] = chart(symbol, rows, splits=[("2025-06-10", new, old)])

    with pytest.raises(BadVendorData, match=f"{symbol} 2025-06-10: the split makes no sense"):
        await yahoo_prices.daily_bars(symbol, START, END)


@pytest.mark.parametrize("amount", [-0.5, 1e300])
async def test_a_dividend_that_cannot_be_is_refused(
    yahoo: YahooServer, yahoo_prices: YfinanceVendor, symbol: str, amount: float
) -> None:
    yahoo.held[symbol] = chart(
        symbol, [yahoo_row("2025-06-10", "20.5", 10)], dividends=[("2025-06-10", amount)]
    )
    prices = chain(yahoo_prices, datetime(2025, 6, 11, tzinfo=UTC))

    with pytest.raises(NoPrices, match=f"{symbol} 2025-06-10: .*dividend.*(makes no sense|not plausible)"):
        await prices.actions(symbol, START, END, "yfinance")


async def test_evidence_around_a_split_sees_it_from_its_open_and_not_before(
    yahoo_prices: YfinanceVendor, fifteen: str
) -> None:
    prices = chain(yahoo_prices, datetime(2025, 6, 11, tzinfo=UTC))

    before = await prices.bars(fifteen, datetime(2025, 6, 9, 20, tzinfo=UTC))
    after = await prices.bars(fifteen, datetime(2025, 6, 10, 20, tzinfo=UTC))

    assert [bar.close for bar in before.bars] == [Decimal("1360.45"), Decimal("1348.1")]
    assert [bar.close for bar in after.bars] == [
        Decimal("90.696667"),
        Decimal("89.873333"),
        Decimal("91.71"),
    ]


class TestForeignListings:
    days = (date(2025, 6, 9), date(2025, 6, 10))

    async def test_pence_become_dollars_at_the_rate_of_the_day_before(
        self, yahoo: YahooServer, yahoo_prices: YfinanceVendor
    ) -> None:
        yahoo.held["FGN1.L"] = chart(
            "FGN1.L",
            [yahoo_row("2025-06-09", "80", 9), yahoo_row("2025-06-10", "80", 9)],
            "GBp",
            dividends=[("2025-06-10", 4.5)],
            zone=LONDON,
        )
        yahoo.held["GBPUSD=X"] = chart(
            "GBPUSD=X",
            [yahoo_row("2025-06-06", "1.35", 0), yahoo_row("2025-06-09", "1.36", 0)],
            zone=LONDON,
        )
        prices = chain(yahoo_prices, datetime(2025, 6, 11, tzinfo=UTC))

        series = await prices.bars("FGN1.L", datetime(2025, 6, 10, 15, 30, tzinfo=UTC))
        (paid,) = await prices.actions("FGN1.L", START, END, "yfinance")

        assert [bar.close for bar in series.bars] == [Decimal("1.08"), Decimal("1.088")]
        assert (series.currency, series.caveat) == ("GBP", "Converted from GBP at each day's rate.")
        assert paid.value == Decimal("0.0612")

    async def test_a_currency_that_is_quoted_by_the_dollar_is_turned_round(
        self, yahoo: YahooServer, yahoo_prices: YfinanceVendor
    ) -> None:
        yahoo.held["JPY=X"] = chart("JPY=X", [yahoo_row("2025-06-09", "144.5", 0)], "JPY", zone=LONDON)
        yahoo.held["FGN2.T"] = chart("FGN2.T", [yahoo_row("2025-06-10", "2890", 9)], "JPY", zone=TOKYO)

        bars = await chain(yahoo_prices, datetime(2025, 6, 11, tzinfo=UTC)).raw_bars(
            "FGN2.T", *self.days, "yfinance", datetime(2025, 6, 11, tzinfo=UTC)
        )

        assert [(bar.date, bar.close) for bar in bars] == [(self.days[1], Decimal(20))]

    async def test_without_a_rate_there_are_no_prices(
        self, yahoo: YahooServer, yahoo_prices: YfinanceVendor
    ) -> None:
        yahoo.held["FGN3.L"] = chart("FGN3.L", [yahoo_row("2025-06-10", "80", 9)], "SEK", zone=LONDON)

        with pytest.raises(NoPrices, match="there is no rate of SEK in USD"):
            await chain(yahoo_prices, datetime(2025, 6, 11, tzinfo=UTC)).bars(
                "FGN3.L", datetime(2025, 6, 10, 15, 30, tzinfo=UTC)
            )

    async def test_a_foreign_listing_without_a_currency_is_refused(
        self, yahoo: YahooServer, yahoo_prices: YfinanceVendor
    ) -> None:
        yahoo.held["FGN4.L"] = chart("FGN4.L", [yahoo_row("2025-06-10", "80", 9)], None, zone=LONDON)

        await yahoo_prices.daily_bars("FGN4.L", *self.days)
        with pytest.raises(BadVendorData, match="does not say the currency"):
            await yahoo_prices.currency("FGN4.L")

    async def test_a_dead_yahoo_gives_no_rates(self) -> None:
        dead = YfinanceVendor(YfinanceSettings(base_url="http://127.0.0.1:9", timeout_s=5))

        with pytest.raises(VendorUnreachable):
            await dead.usd_rates("EUR", *self.days)
        await dead.close()
