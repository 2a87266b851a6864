"""Yahoo's statements, read over a real socket through the real library."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from core.domain.errors import BadVendorData
from core.domain.evidence_items import Filing
from core.market.yahoo_evidence import YahooEvidence
from tests.loopback.yahoo_evidence import points
from tests.loopback.yahoo_server import YahooServer

pytest_plugins = ("tests.yfinance_scene",)


def figures(filing: Filing) -> dict[str, tuple[Decimal, str]]:
    return {figure.name: (figure.value, figure.unit) for figure in filing.figures}


class TestFilings:
    async def test_figures_of_a_period_come_together_in_fixed_order_with_their_ratios(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        end = "2025-09-27"
        told = {
            "annualOrdinarySharesNumber": 14_773_260_000,
            "annualFreeCashFlow": 98_767_000_000.0,
            "annualCapitalExpenditure": -12_715_000_000,
            "annualOperatingCashFlow": 111_482_000_000,
            "annualTotalDebt": 98_657_000_000,
            "annualCashAndCashEquivalents": 35_934_000_000,
            "annualStockholdersEquity": 73_733_000_000,
            "annualTotalLiabilitiesNetMinorityInterest": 285_508_000_000,
            "annualTotalAssets": 359_241_000_000,
            "annualDilutedEPS": 7.46,
            "annualNetIncome": 112_010_000_000,
            "annualOperatingIncome": 133_050_000_000,
            "annualGrossProfit": 195_201_000_000,
            "annualTotalRevenue": 416_161_000_000,
        }
        yahoo.series[symbol] = {name: points((end, raw)) for name, raw in told.items()}

        (filing,) = await evidence.filings(symbol)

        assert (filing.vendor, filing.period_end, filing.annual) == ("yfinance", date(2025, 9, 27), True)
        assert (filing.filed_on, filing.lag_days, filing.known_on) == (None, None, None)
        assert [(figure.name, str(figure.value), figure.unit) for figure in filing.figures] == [
            ("revenue", "416161000000", "USD"),
            ("gross profit", "195201000000", "USD"),
            ("operating income", "133050000000", "USD"),
            ("net income", "112010000000", "USD"),
            ("diluted EPS", "7.46", "USD"),
            ("total assets", "359241000000", "USD"),
            ("total liabilities", "285508000000", "USD"),
            ("equity", "73733000000", "USD"),
            ("cash", "35934000000", "USD"),
            ("total debt", "98657000000", "USD"),
            ("operating cash flow", "111482000000", "USD"),
            ("capital expenditure", "12715000000", "USD"),
            ("free cash flow", "98767000000", "USD"),
            ("shares outstanding", "14773260000", "shares"),
            ("gross margin", "0.4691", "ratio"),
            ("operating margin", "0.3197", "ratio"),
            ("net margin", "0.2692", "ratio"),
            ("debt to equity", "1.3380", "ratio"),
        ]

    async def test_years_and_quarters_come_newest_first_and_grow_from_the_year_before(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {
            "annualTotalRevenue": [None, *points(("2024-09-28", 400), ("2025-09-27", 500))],
            "quarterlyTotalRevenue": points(
                ("2024-09-30", 90), ("2025-06-30", 95), ("2025-09-27", 120), months="3M"
            ),
        }

        filings = await evidence.filings(symbol)

        grown = [(f.period_end.isoformat(), f.annual, figures(f).get("revenue growth")) for f in filings]
        assert grown == [
            ("2025-09-27", True, (Decimal("0.25"), "ratio")),
            ("2025-09-27", False, (Decimal("0.3333"), "ratio")),
            ("2025-06-30", False, None),
            ("2024-09-30", False, None),
            ("2024-09-28", True, None),
        ]

    async def test_all_statements_take_one_question(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", 400))}

        await evidence.filings(symbol)

        assert yahoo.asked_evidence == [("series", symbol)]

    async def test_the_next_question_sees_what_has_changed(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        for raw in (400, 500):
            yahoo.series[symbol] = {"annualTotalRevenue": points(("2024-09-28", raw))}
            (filing,) = await evidence.filings(symbol)
            assert figures(filing)["revenue"][0] == raw

    async def test_figures_that_are_none_are_left_out(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {
            "annualTotalRevenue": points(("2024-09-28", 400), ("2023-09-30", float("nan"))),
            "annualGrossProfit": points(("2024-09-28", float("nan"))),
            "annualOperatingIncome": points(("2024-09-28", 10**30)),
            "annualNetIncome": points(("2024-09-28", "many")),
            "annualTotalAssets": points(("2024-09-28", None)),
            "annualTotalDebt": points(("2024-09-28", True)),
            "annualStockholdersEquity": points(("2024-09-28", 10**400)),
            "annualFreeCashFlow": [{"asOfDate": "2024-09-28", "reportedValue": {}}, 5, "text", [], {}],
            "annualOperatingCashFlow": "text",
            "annualCapitalExpenditure": [{"asOfDate": 1727481600, "reportedValue": {"raw": 1}}],
        }

        (filing,) = await evidence.filings(symbol)

        assert figures(filing) == {"revenue": (Decimal(400), "USD")}

    async def test_a_half_year_does_not_pass_for_a_quarter(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {
            "quarterlyTotalRevenue": [
                *points(("2025-06-30", 400), months="6M"),
                *points(("2025-03-31", 200), months="3M"),
            ]
        }

        assert [filing.period_end for filing in await evidence.filings(symbol)] == [date(2025, 3, 31)]

    async def test_a_period_that_has_not_ended_is_left_out(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {
            "annualTotalRevenue": points(("2025-10-31", 1), ("2025-11-01", 2), ("9999-12-31", 3))
        }

        assert [filing.period_end for filing in await evidence.filings(symbol)] == [date(2025, 10, 31)]

    async def test_figures_in_two_currencies_make_no_ratio(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.series[symbol] = {
            "annualTotalRevenue": points(("2024-12-31", 400), currency="EUR"),
            "annualNetIncome": points(("2024-12-31", 40), currency="USD"),
            "annualGrossProfit": points(("2024-12-31", 100), currency="<b>"),
        }

        (filing,) = await evidence.filings(symbol)

        assert figures(filing) == {
            "revenue": (Decimal(400), "EUR"),
            "gross profit": (Decimal(100), ""),
            "net income": (Decimal(40), "USD"),
        }

    async def test_a_ticker_without_statements_has_none(self, evidence: YahooEvidence, symbol: str) -> None:
        assert await evidence.filings(symbol) == ()

    async def test_an_empty_result_is_none_too(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str
    ) -> None:
        yahoo.instead["series"] = lambda: web.json_response({"timeseries": {"result": [], "error": None}})

        assert await evidence.filings(symbol) == ()

    @pytest.mark.parametrize(
        "series",
        [{"annualTotalRevenue": "text"}, {"annualTotalRevenue": [{"raw": 5}]}, {"annualNetIncome": [7]}],
    )
    async def test_figures_of_which_none_can_be_read_are_refused(
        self, yahoo: YahooServer, evidence: YahooEvidence, symbol: str, series: dict[str, Any]
    ) -> None:
        body = {"timeseries": {"result": [{"meta": {}, **series}], "error": None}}
        yahoo.instead["series"] = lambda: web.json_response(body)

        with pytest.raises(BadVendorData, match="not one figure of the statements can be read"):
            await evidence.filings(symbol)
