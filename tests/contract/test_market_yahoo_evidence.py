"""What Yahoo tells beside prices, read over a real socket through the real library."""

import asyncio
import logging
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.domain.errors import BadTicker, BadVendorData
from core.domain.evidence_items import Figure, Identity, NewsItem
from core.market.evidence_port import Partly
from core.market.yahoo_evidence import YahooEvidence
from tests.loopback.yahoo_evidence import APPLE, NOW, article, points
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)

SINCE = NOW - timedelta(days=7)


async def news(evidence: YahooEvidence, symbol: str) -> tuple[NewsItem, ...]:
    told = await evidence.news(symbol, SINCE, NOW)
    assert not isinstance(told, Partly)
    return told


class TestIdentity:
    async def test_a_share_has_a_name_a_kind_an_exchange_a_currency_and_its_trade(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = APPLE

        assert await evidence.identity(symbol) == Identity(
            vendor="yfinance",
            name="Apple Inc.",
            kind="stock",
            exchange="NasdaqGS",
            currency="USD",
            sector="Technology",
            industry="Consumer Electronics",
        )

    @pytest.mark.parametrize(
        ("told", "kind"),
        [
            ("ETF", "etf"),
            ("CRYPTOCURRENCY", "crypto"),
            ("INDEX", "index"),
            ("MUTUALFUND", "fund"),
            ("CURRENCY", "currency"),
            ("<script>", ""),
        ],
    )
    async def test_other_kinds_are_plain_words_and_need_no_sector(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, told: str, kind: str
    ) -> None:
        yahoo.profiles[symbol] = {"price": {**APPLE["price"], "quoteType": told}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert (identity.kind, identity.sector, identity.industry) == (kind, "", "")

    async def test_pence_are_called_by_the_code_of_the_pound(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = {"price": {**APPLE["price"], "currency": "GBp"}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert identity.currency == "GBP"

    async def test_a_ticker_that_yahoo_does_not_know_has_no_identity_and_is_asked_for_once(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        assert await evidence.identity(symbol) is None
        assert yahoo.asked_evidence == [("profiles", symbol)]

    async def test_what_yahoo_calls_no_instrument_has_no_identity(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = {"price": {**APPLE["price"], "quoteType": "NONE"}}

        assert await evidence.identity(symbol) is None

    @pytest.mark.parametrize("name", [None, "", 7, ["Apple"], "\u200b\u2066"])
    async def test_without_a_name_that_can_be_read_the_symbol_is_the_name(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, name: object
    ) -> None:
        yahoo.profiles[symbol] = {"price": {**APPLE["price"], "longName": name, "shortName": name}}

        identity = await evidence.identity(symbol)

        assert identity is not None
        assert identity.name == symbol

    @pytest.mark.parametrize("price", [None, "text", [], {}, {"quoteType": 5}])
    async def test_an_answer_that_does_not_say_what_it_is_about_is_refused(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, price: object
    ) -> None:
        yahoo.profiles[symbol] = {"price": price}

        with pytest.raises(BadVendorData, match="does not say what the instrument is"):
            await evidence.identity(symbol)


class TestCookieAndCrumb:
    async def test_a_crumb_that_yahoo_no_longer_takes_is_fetched_anew(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = APPLE
        await evidence.identity(symbol)
        yahoo.cookie, yahoo.valid_crumb = "another-cookie", "another.crumb"

        assert await evidence.identity(symbol) is not None

    async def test_the_crumb_is_fetched_once_for_many_questions(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = APPLE
        for _ in range(3):
            await evidence.snapshot(symbol)

        assert yahoo.asked.count("/v1/test/getcrumb") == 1

    async def test_two_gates_share_the_cookie_that_belongs_to_the_crumb(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        from core.clock import ManualClock
        from core.config.market import YfinanceVendor as YfinanceSettings

        yahoo.profiles[symbol] = APPLE
        other = YahooEvidence(YfinanceSettings(base_url=yahoo.base_url, timeout_s=5), ManualClock(NOW))
        await other.identity(symbol)
        await evidence.identity(symbol)
        await other.close()

        assert yahoo.asked_evidence == [("profiles", symbol)] * 2


class TestSnapshot:
    async def test_the_ratios_of_the_moment_come_in_fixed_order(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = APPLE

        snapshot = await evidence.snapshot(symbol)

        assert snapshot is not None
        assert (snapshot.vendor, snapshot.at) == ("yfinance", NOW)
        assert snapshot.figures == (
            Figure(name="market cap", value=Decimal(4012345655296), unit="USD"),
            Figure(name="trailing PE", value=Decimal("36.3988"), unit="ratio"),
            Figure(name="forward PE", value=Decimal("32.5170"), unit="ratio"),
            Figure(name="price to book", value=Decimal("61.2370"), unit="ratio"),
            Figure(name="dividend yield", value=Decimal("0.0038"), unit="ratio"),
            Figure(name="beta", value=Decimal("1.1070"), unit="ratio"),
            Figure(name="price to sales", value=Decimal("9.6417"), unit="ratio"),
            Figure(name="EV to EBITDA", value=Decimal("28.1351"), unit="ratio"),
            Figure(name="return on equity", value=Decimal("1.4981"), unit="ratio"),
        )

    async def test_numbers_with_their_text_are_read_and_what_is_no_number_is_left_out(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.profiles[symbol] = {
            "summaryDetail": {
                "marketCap": {"raw": 10**30, "fmt": "huge"},
                "trailingPE": "Infinity",
                "forwardPE": {"raw": 32.5, "fmt": "32.50", "longFmt": "32.50"},
                "dividendYield": {},
                "beta": float("nan"),
            },
            "defaultKeyStatistics": {"priceToBook": True, "beta": ["1.1"], "trailingPE": -float("inf")},
        }

        snapshot = await evidence.snapshot(symbol)

        assert snapshot is not None
        assert snapshot.figures == (Figure(name="forward PE", value=Decimal("32.5"), unit="ratio"),)

    @pytest.mark.parametrize("part", ["summaryDetail", "defaultKeyStatistics", "financialData"])
    async def test_without_one_part_of_the_answer_the_ratios_of_the_others_are_told(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, part: str
    ) -> None:
        lost = {
            "summaryDetail": {"trailing PE", "dividend yield", "price to sales"},
            "defaultKeyStatistics": {"price to book", "EV to EBITDA"},
            "financialData": {"return on equity"},
        }
        yahoo.profiles[symbol] = APPLE
        whole = await evidence.snapshot(symbol)
        yahoo.profiles[symbol] = {name: told for name, told in APPLE.items() if name != part}

        snapshot = await evidence.snapshot(symbol)

        assert whole is not None
        assert snapshot is not None
        names = {figure.name for figure in whole.figures}
        assert names - {figure.name for figure in snapshot.figures} == lost[part]

    @pytest.mark.parametrize("modules", [{}, {"price": {"quoteType": "INDEX"}}, {"summaryDetail": "text"}])
    async def test_without_any_ratio_there_is_no_snapshot(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, modules: dict[str, Any]
    ) -> None:
        yahoo.profiles[symbol] = modules

        assert await evidence.snapshot(symbol) is None

    async def test_a_ticker_that_yahoo_does_not_know_has_none(
        self, evidence: YahooEvidence, symbol: str
    ) -> None:
        assert await evidence.snapshot(symbol) is None


@pytest.mark.parametrize("ticker", ["^GSPC", "BRK-B", "EURUSD=X", "VOD.L", "BTC-USD", "$nvda"])
async def test_every_form_of_ticker_arrives_as_yahoo_writes_it(
    yahoo: YahooServer, evidence: YahooEvidence, ticker: str
) -> None:
    written = ticker.removeprefix("$").upper()
    yahoo.profiles[written] = APPLE

    assert await evidence.identity(ticker) is not None
    await evidence.filings(ticker)
    await news(evidence, ticker)

    assert {("profiles", written), ("series", written), ("news", written)} <= set(yahoo.asked_evidence)


async def test_questions_at_the_same_moment_are_all_answered(
    yahoo: YahooServer, evidence: YahooEvidence, symbol: str
) -> None:
    yahoo.profiles[symbol] = APPLE
    yahoo.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", 400))}
    yahoo.news[symbol] = [article("Apple beats")]

    told = await asyncio.gather(
        evidence.identity(symbol), evidence.snapshot(symbol), evidence.filings(symbol), news(evidence, symbol)
    )

    assert all(told)


async def test_nothing_is_logged_by_the_library(
    yahoo: YahooServer, evidence: YahooEvidence, symbol: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await evidence.identity(symbol)
        await news(evidence, symbol)

    assert [record for record in caplog.records if record.name.startswith("yfinance")] == []


async def test_answers_are_read_outside_the_event_loop(
    yahoo: YahooServer, evidence: YahooEvidence, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.market import yahoo_evidence

    threads = []

    def watched(*args: Any, **kwargs: Any) -> list[NewsItem]:
        threads.append(threading.current_thread())
        return []

    monkeypatch.setattr(yahoo_evidence, "news_items", watched)
    await news(evidence, symbol)

    assert threads
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("text", ["../etc/passwd", "A/B", "", "A?b=c", "A B", "ＮＶＤＡ"])
async def test_a_text_that_is_no_ticker_reaches_no_address(
    yahoo: YahooServer, evidence: YahooEvidence, text: str
) -> None:
    for ask in (evidence.identity, evidence.filings, evidence.snapshot):
        with pytest.raises(BadTicker):
            await ask(text)
    with pytest.raises(BadTicker):
        await news(evidence, text)
    assert (yahoo.asked, yahoo.asked_evidence) == ([], [])
